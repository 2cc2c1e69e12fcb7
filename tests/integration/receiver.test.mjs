// SPDX-License-Identifier: GPL-3.0-or-later
// Oriel as the OTLP receiver of the machine: the OpenTelemetry SDK for JavaScript sends every signal in every protocol, told by OTEL_*
// variables alone, and a server that Oriel starts joins the trace of the call.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { attribute, encodeRequest, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, initialize, post, until } from './peers/oriel.mjs';
import { runTelemetryProgram } from './peers/run_telemetry_program.mjs';

const peer = (name) => path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers', name);

let oriel;
let backend;
let receiver;

before(async () => {
    backend = await startHttpReceiver();
    oriel = await Oriel.start({
        config: {
            receiver: { grpcPort: 0, httpPort: 0 },
            telemetry: {
                spanInterval: 100,
                destinations: [{ name: 'all', protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${backend.port}`, received: true }],
            },
            mcpServers: {
                instrumented: {
                    command: process.execPath,
                    args: [peer('instrumented_server.mjs')],
                    env: { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100', ...(process.env.ORIEL_NODE_MODULES ? { ORIEL_NODE_MODULES: process.env.ORIEL_NODE_MODULES } : {}) },
                },
            },
        },
    });
    ({ receiver } = await oriel.ready());
});
after(async () => {
    await oriel?.stop();
    await backend?.stop();
});

const exported = async (traceId) => (await oriel.exportedSpans()).filter((span) => span.traceId === traceId);

const value = (holder, key) => holder.attributes?.find((entry) => entry.key === key)?.value;

async function series(metric, service) {
    const found = await oriel.json(`/api/v1/series?metric=${metric}`);
    return found.series.filter(({ labels }) => labels.job === service);
}

test('nothing of gRPC runs before somebody sends', { skip: process.platform !== 'linux' && 'threads are read from /proc' }, () => {
    const tasks = `/proc/${oriel.process.pid}/task`;
    const names = fs.readdirSync(tasks).map((task) => fs.readFileSync(path.join(tasks, task, 'comm'), 'utf8').trim());
    assert.ok(names.includes('oriel-grpc-bell'), names.join(', '));
    assert.deepEqual(names.filter((name) => /^(grpc|timer_manager|event_engine|oriel-grpc-in)/.test(name)), []);
});

for (const protocol of ['grpc', 'http/protobuf', 'http/json']) {
    for (const compression of ['none', 'gzip']) {
        test(`the SDK's traces, metrics and logs arrive over ${protocol}, compression ${compression}`, async () => {
            const service = `program-${protocol.replace('/', '-')}-${compression}`;
            const port = protocol === 'grpc' ? receiver.grpcPort : receiver.httpPort;
            const { traceId, errors } = await runTelemetryProgram({
                OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
                OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
                OTEL_EXPORTER_OTLP_COMPRESSION: compression,
                OTEL_TRACES_EXPORTER: 'otlp',
                OTEL_METRICS_EXPORTER: 'otlp',
                OTEL_LOGS_EXPORTER: 'otlp',
                OTEL_SERVICE_NAME: service,
            });
            assert.match(traceId, /^[0-9a-f]{32}$/, errors);

            const spans = await until(async () => {
                const all = await exported(traceId);
                return all.length === 2 && all;
            });
            const parent = spans.find((span) => span.name === 'parent work');
            const child = spans.find((span) => span.name === 'child work');
            assert.equal(child.parentSpanId, parent.spanId);
            assert.equal(parent.kind, 2);
            assert.deepEqual(value(parent, 'tries'), { intValue: '2' });
            assert.deepEqual(value(parent, 'ratio'), { doubleValue: 0.5 });
            assert.deepEqual(value(parent, 'flags').arrayValue.values, [{ boolValue: true }, { boolValue: false }]);
            assert.equal(parent.scope.name, 'program');
            assert.equal(parent.scope.version, '1.2.3');
            assert.equal(value(parent.resource, 'service.name').stringValue, service);
            assert.deepEqual(child.status, { code: 2, message: 'the backend said no' });
            assert.equal(child.links[0].spanId, parent.spanId);
            assert.equal(value(child.events[0], 'password').stringValue, '[masked:key-name]');

            const logs = await until(async () => {
                const found = await oriel.json(`/api/v1/logs?source=${service}`);
                return found.logs.length > 0 && found.logs;
            });
            assert.equal(logs[0].body, `said by ${service}`);
            assert.equal(logs[0].severityNumber, 13);
            assert.equal(logs[0].traceId, traceId);
            assert.equal(logs[0].spanId, parent.spanId);

            const counter = await until(async () => (await series('program_notes_total', service))[0]);
            assert.equal(counter.value, '3');
            assert.equal(counter.labels.kind, 'text');
            assert.equal((await until(async () => (await series('program_load', service))[0])).value, '0.75');
            assert.equal((await until(async () => (await series('program_duration_seconds_count', service))[0])).value, '1');
            const bucket = (await series('program_duration_seconds_bucket', service)).find(({ labels }) => labels.le === '+Inf');
            assert.equal(bucket.value, '1');

            const passedOn = await until(() => backend.spans().find((span) => span.name === 'child work' && Buffer.from(span.traceId).toString('hex') === traceId));
            assert.equal(attribute(passedOn.events[0], 'password'), '[masked:key-name]');
        });
    }
}

async function openSession() {
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    return headers;
}

test('a server that Oriel starts joins the trace of the call, with nothing configured', async () => {
    const headers = await openSession();
    const traceId = 'fedcba9876543210fedcba9876543210';
    const meta = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const { body } = await post(oriel.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'instrumented__environment', arguments: {}, _meta: meta } }, headers);
    const seen = JSON.parse(body.result.content[0].text);
    assert.equal(seen.OTEL_EXPORTER_OTLP_ENDPOINT, `http://127.0.0.1:${receiver.httpPort}`);
    assert.equal(seen.OTEL_EXPORTER_OTLP_PROTOCOL, 'http/protobuf');
    assert.equal(seen.OTEL_SERVICE_NAME, 'instrumented');
    assert.match(seen.TRACEPARENT, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);

    const spans = await until(async () => {
        const all = await exported(traceId);
        return all.some((span) => span.name === 'look it up') && all;
    });
    const serviceOf = (span) => value(span.resource, 'service.name').stringValue;
    const client = spans.find((span) => span.kind === 3 && serviceOf(span) === 'oriel');
    const server = spans.find((span) => span.kind === 2 && serviceOf(span) === 'instrumented');
    const work = spans.find((span) => span.name === 'look it up');
    assert.equal(server.parentSpanId, client.spanId, 'the CLIENT span of the gateway is the parent of the SERVER span of the server');
    assert.equal(work.parentSpanId, server.spanId);

    const logs = await until(async () => {
        const found = await oriel.json(`/api/v1/logs?trace=${traceId}`);
        return found.logs.length > 0 && found.logs;
    });
    assert.equal(logs[0].source, 'instrumented');
    assert.equal(logs[0].spanId, server.spanId);
});

/** The answer with its body as it came. */
function send(signal, body, headers) {
    return new Promise((resolve, reject) => {
        const request = http.request({ port: receiver.httpPort, path: `/v1/${signal}`, method: 'POST', headers }, (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
        });
        request.once('error', reject).end(body);
    });
}

test('every field of a metric is there when it is passed on', async () => {
    const text = (key, stringValue) => ({ key, value: { stringValue } });
    const exemplar = { timeUnixNano: '19', asInt: '2', filteredAttributes: [text('left', 'out')], spanId: Buffer.from('0102030405060708', 'hex'), traceId: Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex') };
    const metrics = [
        { name: 'whole.bytes', unit: 'By', metadata: [text('prometheus.type', 'unknown')], gauge: { dataPoints: [{ timeUnixNano: '20', asInt: '9007199254740993', exemplars: [exemplar] }, { attributes: [text('gone', 'yes')], timeUnixNano: '20', flags: 1 }] } },
        { name: 'whole.unsummed', histogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: '20', count: '3', bucketCounts: ['1', '2'], explicitBounds: [0], flags: 256 }] } },
        { name: 'whole.exponential', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano: '20', count: '1', sum: 0, scale: 2, zeroThreshold: 0.5, positive: { offset: -1, bucketCounts: ['1'] }, flags: 1 }] } },
        { name: 'whole.summary', summary: { dataPoints: [{ timeUnixNano: '20', count: '1', sum: 2, flags: 1 }] } },
    ];
    const resource = { attributes: [text('service.name', 'whole')], entityRefs: [{ schemaUrl: 'https://e', type: 'service', idKeys: ['service.name'], descriptionKeys: ['service.version'] }] };
    const request = { resourceMetrics: [{ resource, schemaUrl: 'https://r', scopeMetrics: [{ scope: { name: 'm', droppedAttributesCount: 2 }, schemaUrl: 'https://s', metrics }] }] };
    const answer = await send('metrics', encodeRequest('metrics', request), { 'Content-Type': 'application/x-protobuf' });
    assert.equal(answer.status, 200);
    const passed = await until(() => backend.received.metrics.flatMap(({ resourceMetrics }) => resourceMetrics).find((one) => one.scopeMetrics[0].scope?.name === 'm'));
    assert.equal(attribute(passed.resource, 'oriel.passed_on_by')?.length, 16);
    passed.resource.attributes = passed.resource.attributes.filter(({ key }) => key !== 'oriel.passed_on_by');
    assert.deepEqual(encodeRequest('metrics', { resourceMetrics: [passed] }), encodeRequest('metrics', request));
});

test('the ports are told in runtime.json, and counts and ports in the status', async () => {
    const runtime = JSON.parse(fs.readFileSync(path.join(oriel.dataDir, 'runtime.json'), 'utf8'));
    assert.equal(runtime.otlpGrpcPort, receiver.grpcPort);
    assert.equal(runtime.otlpHttpPort, receiver.httpPort);
    const status = await oriel.json('/api/v1/status');
    assert.ok(status.receiver.enabled && status.receiver.spans >= 12 && status.receiver.logs >= 6 && status.receiver.points >= 18);
    assert.equal(status.receiver.failed, 0);
    assert.equal(status.receiver.error, '');
});

test('a taken port is told with its holder, and everything else works', async () => {
    const holder = net.createServer();
    await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const second = await Oriel.start({ config: { receiver: { grpcPort: 0, httpPort: holder.address().port } } });
    try {
        const status = await second.json('/api/v1/status');
        assert.equal(status.receiver.httpPort, 0);
        assert.ok(status.receiver.grpcPort > 0);
        assert.match(status.receiver.error, new RegExp(`${holder.address().port}.*${process.pid}`));
        const doctor = await second.command(['doctor']);
        assert.match(doctor.stdout, new RegExp(`receiver.*${holder.address().port}`));
    } finally {
        await second.stop();
        await new Promise((resolve) => holder.close(resolve));
    }
});

test('a destination that is the receiver itself is refused, wherever that listens', async () => {
    const config = JSON.parse(fs.readFileSync(oriel.configPath, 'utf8'));
    config.telemetry.destinations.push({ name: 'circle', protocol: 'grpc', endpoint: `http://localhost:${receiver.grpcPort}` });
    oriel.writeConfig(config);
    const doctor = await until(async () => {
        const { stdout } = await oriel.command(['doctor']);
        return /destination circle/.test(stdout) && /own receiver/.test(stdout) && stdout;
    });
    assert.match(doctor, /own receiver/);
});

test('two Oriels that pass on to each other do not send in circles', async () => {
    const first = await Oriel.start({ config: { receiver: { grpcPort: 0, httpPort: 0 } } });
    const second = await Oriel.start({ config: { receiver: { grpcPort: 0, httpPort: 0 } } });
    try {
        const ports = [];
        for (const one of [first, second]) ports.push((await one.json('/api/v1/status')).receiver);
        // The ports are kept, so that both know each other's.
        const join = (one, own, other) =>
            one.writeConfig({
                receiver: { grpcPort: own.grpcPort, httpPort: own.httpPort },
                telemetry: { spanInterval: 50, destinations: [{ name: 'other', protocol: 'http/json', endpoint: `http://127.0.0.1:${other.httpPort}`, received: true, signals: ['traces'] }] },
            });
        join(first, ports[0], ports[1]);
        join(second, ports[1], ports[0]);
        for (const one of [first, second]) await until(async () => /destination other/.test((await one.command(['doctor'])).stdout));
        await runTelemetryProgram({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports[0].httpPort}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_SERVICE_NAME: 'round' });
        // The second passes it back to the first, which knows its own mark.
        await until(async () => (await first.json('/api/v1/status')).receiver.rejected >= 2);
        assert.equal((await second.json('/api/v1/status')).receiver.spans, 2);
        assert.equal((await first.json('/api/v1/status')).receiver.spans, 2);
    } finally {
        await first.stop();
        await second.stop();
    }
});

test('a request that cannot be read is answered with its BadRequest, gzipped for who takes that', async () => {
    const json = { 'Content-Type': 'application/json' };
    const plain = await send('logs', '{"resourceLogs":[', json);
    assert.equal(plain.status, 400);
    assert.equal(plain.headers['content-encoding'], undefined);
    const status = JSON.parse(plain.body);
    assert.equal(status.code, 3);
    assert.deepEqual(status.details, [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'resource_logs', description: status.message }] }]);
    const packed = await send('logs', '{"resourceLogs":[', { ...json, 'Accept-Encoding': 'gzip' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.deepEqual(zlib.gunzipSync(packed.body), plain.body);
});

test('it can be switched off', async () => {
    const off = await Oriel.start({ config: { receiver: { enabled: false } } });
    try {
        const { receiver: status } = await off.json('/api/v1/status');
        assert.deepEqual([status.enabled, status.grpcPort, status.httpPort, status.error], [false, 0, 0, '']);
    } finally {
        await off.stop();
    }
});
