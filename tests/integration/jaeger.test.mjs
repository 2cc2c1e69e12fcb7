// SPDX-License-Identifier: GPL-3.0-or-later
// A real Jaeger at the other end: traces of real calls, with the spans of the server that was called, as its query API gives them.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from './peers/go_programs.mjs';
import { Jaeger } from './peers/jaeger.mjs';
import { modules } from './peers/modules.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';

const peer = (name) => path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers', name);
const wires = [
    { name: 'the preset over gRPC', service: 'oriel-grpc', grpc: true, destination: { preset: 'jaeger', protocol: 'grpc' } },
    { name: 'the preset over HTTP', service: 'oriel-protobuf', destination: { preset: 'jaeger' } },
    { name: 'the preset over HTTP with JSON and gzip', service: 'oriel-json', destination: { preset: 'jaeger', protocol: 'http/json', compression: 'gzip' } },
    { name: 'the protocol jaeger', service: 'oriel-jaeger', destination: { protocol: 'jaeger' } },
];

describe('traces in Jaeger', { skip: missing('jaeger') }, () => {
    let jaeger;
    before(async () => (jaeger = await Jaeger.start()));
    after(() => jaeger?.stop());

    for (const [i, wire] of wires.entries()) {
        describe(`by ${wire.name}`, () => {
            const called = `0123456789abcdef00000000000000${i}1`;
            const failed = `0123456789abcdef00000000000000${i}2`;
            const linked = `0123456789abcdef00000000000000${i}3`;
            let oriel;
            let own;

            const spansOf = (traceId) => own.filter((span) => span.traceId === traceId);
            const state = async () => (await oriel.json('/api/v1/export')).destinations[0];

            before(async () => {
                const env = { ORIEL_NODE_MODULES: modules, OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100' };
                oriel = await Oriel.start({
                    config: {
                        receiver: { grpcPort: 0, httpPort: 0 },
                        mcpServers: {
                            demo: { command: demoServer },
                            instrumented: { command: process.execPath, args: [peer('instrumented_server.mjs')], env },
                            sdk2: { command: process.execPath, args: [peer('sdk2_server.mjs'), 'legacy', 'stdio'], env },
                        },
                        telemetry: {
                            serviceName: wire.service, metricInterval: 200, spanInterval: 50,
                            destinations: [{ name: 'jaeger', endpoint: wire.grpc ? jaeger.grpc : jaeger.http, received: true, ...wire.destination }],
                        },
                    },
                });
                await oriel.ready();
                const opened = await post(oriel.url, initialize());
                const session = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
                await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
                const call = (name, traceId, more) => post(oriel.url, {
                    jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name, arguments: { count: 2 }, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } },
                }, { ...session, ...more });
                await call('instrumented__work', called);
                await call('sdk2__fail', failed);
                await call('demo__log_burst', linked, { traceparent: `00-${'c'.repeat(32)}-1122334455667788-01` });
                own = await until(async () => {
                    const spans = await oriel.exportedSpans();
                    return spans.filter(({ traceId }) => traceId === called).length === 8 && spans.some(({ traceId }) => traceId === linked) && spans;
                }, 20000, 'six spans of the gateway and two of the server');
                for (const traceId of [called, failed, linked])
                    await until(async () => (await jaeger.trace(traceId)).length >= spansOf(traceId).length, 20000, 'Jaeger to have every span');
            });
            after(() => oriel?.stop());

            test('the call and what the server did for it are one trace, each below its parent, of its service and kind', async () => {
                const spans = await jaeger.trace(called);
                assert.deepEqual(spans.map(({ spanId }) => spanId).sort(), spansOf(called).map(({ spanId }) => spanId).sort());
                const one = (service, kind) => spans.find((span) => span.service === service && span.tags['span.kind'] === kind);
                const entry = one(wire.service, 'server');
                const client = one(wire.service, 'client');
                const server = one('instrumented', 'server');
                assert.equal(entry.name, 'tools/call instrumented__work');
                assert.equal(entry.parent, '00f067aa0ba902b7');
                assert.equal(client.name, 'tools/call work');
                assert.equal(server.parent, client.spanId);
                assert.equal(spans.find(({ name }) => name === 'look it up').parent, server.spanId);
                const ids = new Set(spans.map(({ spanId }) => spanId));
                for (const span of spans) if (span !== entry) assert.ok(ids.has(span.parent), span.name);
                assert.equal(entry.tags['mcp.method.name'], 'tools/call');
                assert.equal(entry.tags['otel.scope.name'], 'oriel.gateway');
                assert.equal(entry.process['telemetry.sdk.name'], 'oriel');
            });

            test('names, parents, times and events are those that Oriel has', async () => {
                for (const traceId of [called, failed, linked]) {
                    const spans = new Map((await jaeger.trace(traceId)).map((span) => [span.spanId, span]));
                    const mine = spansOf(traceId);
                    assert.equal(spans.size, mine.length);
                    for (const span of mine) {
                        const seen = spans.get(span.spanId);
                        assert.deepEqual([seen.name, seen.parent], [span.name, span.parentSpanId]);
                        assert.equal(BigInt(seen.start), BigInt(span.startTimeUnixNano) / 1000n);
                        assert.equal(BigInt(seen.duration), (BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1000n);
                        assert.deepEqual(seen.logs.map(({ event }) => event), (span.events ?? []).map(({ name }) => name));
                    }
                }
            });

            test('a call that failed is an error there, and the others are none', async () => {
                const failure = (await jaeger.trace(failed)).find(({ tags }) => tags['span.kind'] === 'server');
                assert.deepEqual([failure.tags.error, failure.tags['otel.status_code'], failure.tags['error.type']], [true, 'ERROR', 'tool_error']);
                for (const span of [...(await jaeger.trace(called)), ...(await jaeger.trace(linked))]) assert.equal(span.tags.error, undefined, span.name);
            });

            test('the context of the HTTP headers, which is not the parent, is a reference', async () => {
                const entry = (await jaeger.trace(linked)).find(({ tags }) => tags['span.kind'] === 'server');
                assert.equal(entry.parent, '00f067aa0ba902b7');
                assert.deepEqual(entry.links, [['c'.repeat(32), '1122334455667788']]);
            });

            test('metrics and logs are not sent, and nothing is said to be wrong', async () => {
                const { logs } = await oriel.json('/api/v1/logs');
                assert.ok(logs.some(({ body }) => /burst/i.test(body)), 'there were logs to send');
                const now = await until(async () => {
                    const seen = await state();
                    return seen.queued === 0 && seen;
                });
                assert.deepEqual([now.dropped, now.lost, now.lastError, now.state], [0, {}, '', 'idle']);
                await until(async () => (await jaeger.tracesOf(wire.service)).length === (await state()).sent, 20000, 'what was sent to be what is there');
                assert.match((await oriel.command(['doctor'])).stdout, /ok +destination jaeger: sent \d+/);
            });
        });
    }

    test('it knows the services that had a part, and no other', async () => {
        assert.deepEqual((await jaeger.services()).sort(), ['instrumented', ...wires.map(({ service }) => service)].sort());
    });
});
