// SPDX-License-Identifier: GPL-3.0-or-later
// A real OpenTelemetry Collector between programs and Oriel: what the SDK sends to it arrives by the Collector's own exporters, and joins the
// traces of the gateway.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Collector, attributesOf, otlpIn } from './peers/collector.mjs';
import { missing } from './peers/go_programs.mjs';
import { modules } from './peers/modules.mjs';
import { Oriel, initialize, post, until } from './peers/oriel.mjs';
import { runTelemetryProgram } from './peers/run_telemetry_program.mjs';

const instrumentedServer = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers/instrumented_server.mjs');

/** How the Collector sends on, and how the program speaks to it. */
const ways = [
    { name: 'grpc', exporter: 'otlp_grpc', program: 'grpc', settings: { compression: 'none' } },
    { name: 'grpc_gzip', exporter: 'otlp_grpc', program: 'http/protobuf', settings: { compression: 'gzip' } },
    { name: 'protobuf_gzip', exporter: 'otlp_http', program: 'grpc', settings: { compression: 'gzip' } },
    { name: 'protobuf', exporter: 'otlp_http', program: 'http/json', settings: { compression: 'none' } },
    { name: 'json_gzip', exporter: 'otlp_http', program: 'http/protobuf', settings: { encoding: 'json', compression: 'gzip' } },
];

describe('through a Collector', { skip: missing('collector') }, () => {
    let oriel;
    let collector;
    let session;

    const series = async (metric, job) => (await oriel.json(`/api/v1/series?metric=${metric}`)).series.find(({ labels }) => labels.job === job);
    const spansOf = async (traceId) => (await oriel.exportedSpans()).filter((span) => span.traceId === traceId);
    const serviceOf = (span) => attributesOf(span.resource)['service.name'];

    before(async () => {
        const receivers = Object.fromEntries(await Promise.all(ways.map(async ({ name }) => [`otlp/${name}`, await otlpIn()])));
        const endpointOf = ({ name, program }) => `http://${receivers[`otlp/${name}`].protocols[program === 'grpc' ? 'grpc' : 'http'].endpoint}`;
        for (const way of ways) {
            way.env = {
                OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(way), OTEL_EXPORTER_OTLP_PROTOCOL: way.program, OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp',
                OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100', ORIEL_NODE_MODULES: modules,
            };
        }
        oriel = await Oriel.start({
            config: {
                receiver: { grpcPort: 0, httpPort: 0 },
                mcpServers: Object.fromEntries(ways.map(({ name, env }) => [name, { command: process.execPath, args: [instrumentedServer], env: { ...env, OTEL_SERVICE_NAME: `server-${name}` } }])),
            },
        });
        const { receiver } = await oriel.ready();
        collector = await Collector.start((config) => {
            config.receivers = receivers;
            config.service.pipelines = {};
            for (const { name, exporter, settings } of ways) {
                const to = `${exporter}/${name}`;
                config.exporters[to] = exporter === 'otlp_grpc'
                    ? { endpoint: `127.0.0.1:${receiver.grpcPort}`, tls: { insecure: true }, ...settings }
                    : { endpoint: `http://127.0.0.1:${receiver.httpPort}`, ...settings };
                for (const signal of ['traces', 'metrics', 'logs']) config.service.pipelines[`${signal}/${name}`] = { receivers: [`otlp/${name}`], exporters: [to, 'file'] };
            }
        });
        const opened = await post(oriel.url, initialize());
        session = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
        await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    });
    after(async () => {
        await oriel?.stop();
        await collector?.stop();
    });

    for (const [i, way] of ways.entries()) {
        const { name } = way;

        test(`${name}: what the SDK sent to the Collector arrives once, as the Collector had it`, async () => {
            const service = `program-${name}`;
            const { traceId, errors } = await runTelemetryProgram({ ...way.env, OTEL_SERVICE_NAME: service });
            assert.match(traceId, /^[0-9a-f]{32}$/, errors);
            const spans = await until(async () => {
                const all = await spansOf(traceId);
                return all.length >= 2 && all;
            });
            const told = ({ name: title, kind, spanId, parentSpanId = '', startTimeUnixNano, endTimeUnixNano, status, links = [], events = [], scope, resource, ...span }) => ({
                title, kind, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, status: { code: 0, ...status }, scope: scope.name, version: scope.version,
                links: links.map((link) => [link.traceId, link.spanId]), events: events.map((event) => [event.name, event.timeUnixNano]), attributes: attributesOf(span), resource: attributesOf(resource),
            });
            const byId = (a, b) => (a.spanId < b.spanId ? -1 : 1);
            await until(() => collector.spans().filter((span) => span.traceId === traceId).length >= spans.length, 20000, "the Collector's own file");
            assert.deepEqual(spans.map(told).sort(byId), collector.spans().filter((span) => span.traceId === traceId).map(told).sort(byId));

            const logs = await until(async () => {
                const found = await oriel.json(`/api/v1/logs?source=${service}`);
                return found.logs.length > 0 && found.logs;
            });
            assert.deepEqual(logs.map(({ body, severityNumber, traceId: of }) => [body, severityNumber, of]), [[`said by ${service}`, 13, traceId]]);
            await until(async () => (await series('program_notes_total', service))?.value === '3');
            await until(async () => (await series('program_load', service))?.value === '0.75');
            await until(async () => (await series('program_duration_seconds_count', service))?.value === '1');
        });

        test(`${name}: a server that sends to the Collector joins the trace of the gateway's call`, async () => {
            const traceId = `fedcba9876543210fedcba98765432${i}0`;
            const params = { name: `${name}__work`, arguments: {}, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } };
            assert.ok((await post(oriel.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session)).body.result);
            const spans = await until(async () => {
                const all = await spansOf(traceId);
                return all.filter((span) => serviceOf(span) === `server-${name}`).length >= 2 && all;
            });
            assert.equal(spans.length, 8, 'six of the gateway and two of the server');
            const client = spans.find((span) => span.kind === 3 && serviceOf(span) === 'oriel');
            const server = spans.find((span) => span.kind === 2 && serviceOf(span) === `server-${name}`);
            assert.equal(server.parentSpanId, client.spanId);
            assert.equal(spans.find((span) => span.name === 'look it up').parentSpanId, server.spanId);
            const logs = await until(async () => {
                const found = await oriel.json(`/api/v1/logs?trace=${traceId}`);
                return found.logs.length > 0 && found.logs;
            });
            assert.deepEqual(logs.map(({ source, body, spanId }) => [source, body, spanId]), [[`server-${name}`, 'worked on work', server.spanId]]);
        });
    }

    test('nothing was refused or failed', async () => {
        const { receiver } = await oriel.json('/api/v1/status');
        assert.deepEqual([receiver.failed, receiver.rejected, receiver.error], [0, 0, '']);
        // A request that a slow machine held up is sent again.
        const complaints = collector.output.split('\n').filter((line) => /\t(error|warn)\t/.test(line) && !/Exporting failed\. Will retry/.test(line));
        assert.deepEqual(complaints, []);
    });
});
