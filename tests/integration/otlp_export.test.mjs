// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves over OTLP, checked field by field by an independent receiver over gRPC and HTTP.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { attribute, hex, startGrpcReceiver, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

let overGrpc;
let overHttp;
let overJson;
let oriel;
let headers;
const traceId = '0123456789abcdef0123456789abcdef';

async function call(name, args, meta) {
    const params = { name: `demo__${name}`, arguments: args, ...(meta ? { _meta: meta } : {}) };
    return post(oriel.url, { jsonrpc: '2.0', id: 31, method: 'tools/call', params }, headers);
}

before(async () => {
    overGrpc = await startGrpcReceiver();
    overHttp = await startHttpReceiver();
    overJson = await startHttpReceiver();
    oriel = await Oriel.start({
        config: {
            mcpServers: { demo: { command: demoServer } },
            telemetry: {
                serviceName: 'oriel-under-test',
                resourceAttributes: { 'deployment.environment.name': 'test' },
                metricInterval: 300,
                spanInterval: 100,
                destinations: [
                    { name: 'grpc', protocol: 'grpc', endpoint: `http://127.0.0.1:${overGrpc.port}`, headers: { 'x-api-key': 'key-1' } },
                    { name: 'http', protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${overHttp.port}/base`, compression: 'gzip', headers: { 'x-api-key': 'key-2' } },
                    { name: 'json', protocol: 'http/json', endpoint: `http://127.0.0.1:${overJson.port}`, signals: ['traces'], includePayloads: true, aliases: ['enkrypt'] },
                ],
            },
        },
    });
    await oriel.ready();
    const opened = await post(oriel.url, initialize());
    headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    await call('quick_echo', { text: 'exported', password: 'hidden-value-123' }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' });
    await call('log_burst', { count: 3 });
});
after(async () => {
    await oriel?.stop();
    for (const receiver of [overGrpc, overHttp, overJson]) await receiver?.stop();
});

for (const [name, receiver] of [['gRPC', () => overGrpc], ['HTTP', () => overHttp]]) {
    test(`spans arrive over ${name} with every field of the conventions`, async () => {
        const spans = await until(() => {
            const all = receiver().spans().filter((span) => hex(span.traceId) === traceId);
            return all.length >= 6 && all;
        });
        const server = spans.find((span) => span.kind === 2);
        const client = spans.find((span) => span.kind === 3);
        assert.equal(server.name, 'tools/call demo__quick_echo');
        assert.equal(hex(server.parentSpanId), '00f067aa0ba902b7');
        assert.equal(server.traceState, 'vendor=1');
        assert.equal(server.flags & 0x1, 1);
        assert.ok(BigInt(server.endTimeUnixNano) > BigInt(server.startTimeUnixNano));
        assert.equal(attribute(server, 'mcp.method.name'), 'tools/call');
        assert.equal(attribute(server, 'gen_ai.tool.name'), 'demo__quick_echo');
        assert.equal(attribute(server, 'gen_ai.operation.name'), 'execute_tool');
        assert.equal(attribute(server, 'jsonrpc.request.id'), '31');
        assert.equal(attribute(server, 'mcp.protocol.version'), '2025-11-25');
        assert.equal(attribute(server, 'mcp.session.id'), headers['Mcp-Session-Id']);
        assert.equal(attribute(server, 'network.transport'), 'tcp');
        assert.equal(attribute(server, 'network.protocol.name'), 'http');
        assert.equal(attribute(server, 'client.address'), '127.0.0.1');
        assert.ok(attribute(server, 'client.port') > 0);
        assert.equal(attribute(server, 'error.type'), undefined);
        assert.equal(typeof attribute(server, 'gateway.overhead'), 'number');
        assert.equal(server.status?.code ?? 0, 0);
        assert.equal(client.name, 'tools/call quick_echo');
        assert.equal(attribute(client, 'network.transport'), 'pipe');
        assert.equal(attribute(client, 'gen_ai.tool.name'), 'quick_echo');
        assert.equal(attribute(client, 'gen_ai.tool.call.arguments'), undefined, 'payloads are opt-in');
        const byId = new Map(spans.map((span) => [hex(span.spanId), span]));
        for (const span of spans) {
            if (span !== server) assert.ok(byId.has(hex(span.parentSpanId)), `${span.name} has its parent in the trace`);
            assert.equal(attribute(span.resource, 'service.name'), 'oriel-under-test');
            assert.equal(attribute(span.resource, 'deployment.environment.name'), 'test');
            assert.notEqual(attribute(span.resource, 'telemetry.sdk.name'), 'opentelemetry');
        }
        assert.equal(byId.get(hex(client.parentSpanId)).name, 'gateway.forward');
    });

    test(`the start of a server arrives over ${name} with what Oriel asked it`, async () => {
        const spans = await until(() => {
            const start = receiver().spans().find((span) => span.name === 'server.start');
            const all = start ? receiver().spans().filter((span) => hex(span.traceId) === hex(start.traceId)) : [];
            return ['server.list', 'initialize', 'notifications/initialized', 'tools/list'].every((wanted) => all.some((span) => span.name === wanted)) && all;
        });
        const parents = { initialize: 'server.handshake', 'notifications/initialized': 'server.start', 'tools/list': 'server.list' };
        for (const [method, parent] of Object.entries(parents)) {
            const span = spans.find((one) => one.name === method);
            assert.equal(span.kind, 3, method);
            assert.equal(span.flags, 0x103, method);
            assert.equal(attribute(span, 'mcp.method.name'), method);
            assert.equal(hex(span.parentSpanId), hex(spans.find((one) => one.name === parent).spanId), method);
        }
        const opened = await until(() => receiver().spans().find((span) => span.kind === 2 && span.name === 'notifications/initialized'));
        assert.equal(attribute(opened, 'jsonrpc.request.id'), undefined);
    });

    test(`metrics arrive over ${name} cumulative and with the table's names`, async () => {
        const metric = await until(() => receiver().metrics().find((entry) => entry.name === 'mcp_gateway_tool_calls_total'));
        assert.equal(metric.sum.isMonotonic, true);
        assert.equal(metric.sum.aggregationTemporality, 2);
        const duration = await until(() => receiver().metrics().find((entry) => entry.name === 'mcp.server.operation.duration'));
        assert.equal(duration.unit, 's');
        const point = duration.histogram.dataPoints[0];
        assert.deepEqual(point.explicitBounds, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
        assert.equal(point.bucketCounts.length, 15);
    });

    test(`logs arrive over ${name}, with the trace they belong to where that is known`, async () => {
        const log = await until(() => receiver().logs().find((record) => /burst|log/i.test(record.body?.stringValue ?? '')));
        assert.ok(log.severityNumber > 0);
        assert.ok(BigInt(log.observedTimeUnixNano) > 0n);
    });
}

test('headers, compression and the agent are those of the destination', () => {
    assert.ok(overGrpc.metadata.some((entry) => entry['x-api-key'] === 'key-1'));
    const http = overHttp.metadata.find((entry) => entry['x-api-key'] === 'key-2');
    assert.equal(http['content-encoding'], 'gzip');
    assert.equal(http['content-type'], 'application/x-protobuf');
    assert.match(http['user-agent'], /OTel-OTLP-Exporter-Cpp/);
});

test('a destination that asked for payloads and aliases gets both, masked', async () => {
    const spans = await until(() => {
        const all = overJson.received.traces.flatMap((request) => request.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)));
        return all.some((span) => span.traceId === traceId) && all.filter((span) => span.traceId === traceId);
    });
    const server = spans.find((span) => span.kind === 2);
    const args = JSON.stringify(server.attributes.find((entry) => entry.key === 'gen_ai.tool.call.arguments'));
    assert.match(args, /exported/);
    assert.match(args, /\[masked:key-name\]/);
    assert.doesNotMatch(args, /hidden-value-123/);
    assert.ok(server.attributes.some((entry) => entry.key === 'tool_name'));
});

test('nothing that was exported, stored or logged holds the secret', async () => {
    // Without a display, each log record is a line on stdout as it comes.
    const line = await until(() => oriel.stdout.split('\n').find((entry) => /"source":"demo"/.test(entry)));
    assert.equal(typeof JSON.parse(line).severity, 'string');
    assert.notEqual(JSON.parse(line).severity, '');
    const found = spawnSync('grep', ['-r', '-l', 'hidden-value-123', oriel.dataDir]);
    assert.equal(found.stdout.toString(), '');
    assert.doesNotMatch(oriel.stdout, /hidden-value-123/);
    for (const receiver of [overGrpc, overHttp, overJson]) assert.doesNotMatch(JSON.stringify(receiver.received), /hidden-value-123/);
});

test('destinations change at runtime: a new one gets what follows, without a restart', async () => {
    const late = await startHttpReceiver();
    try {
        const config = JSON.parse(fs.readFileSync(oriel.configPath, 'utf8'));
        config.telemetry.destinations.push({ name: 'late', protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${late.port}` });
        oriel.writeConfig(config);
        await until(async () => {
            await call('quick_echo', { text: 'again' });
            return late.spans().length > 0;
        });
    } finally {
        await late.stop();
    }
});

test('a collector that is down at first gets everything once it is there', async () => {
    const port = await freePort();
    const other = await Oriel.start({
        config: { mcpServers: { demo: { command: demoServer } } },
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc', OTEL_SERVICE_NAME: 'from-env', OTEL_RESOURCE_ATTRIBUTES: 'team=blue' },
    });
    let receiver;
    try {
        await other.ready();
        const opened = await post(other.url, initialize());
        await post(other.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'early' } } }, { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') });
        receiver = await startHttpReceiver({ port, answers: [{ status: 503, headers: { 'Retry-After': '1' } }] });
        const span = await until(() => receiver.spans().find((entry) => entry.name === 'tools/call demo__quick_echo'), 40000);
        assert.equal(attribute(span.resource, 'service.name'), 'from-env');
        assert.equal(attribute(span.resource, 'team'), 'blue');
        assert.ok(receiver.metadata.some((entry) => entry.authorization === 'Basic abc'));
    } finally {
        await other.stop();
        await receiver?.stop();
    }
});

test('a file destination writes OTLP JSON lines, one signal a file', async () => {
    const folder = fs.mkdtempSync(path.join(oriel.dir, 'otlp-'));
    const config = JSON.parse(fs.readFileSync(oriel.configPath, 'utf8'));
    config.telemetry.destinations = [{ name: 'disk', protocol: 'file', endpoint: path.join(folder, 'out.jsonl') }];
    oriel.writeConfig(config);
    await until(async () => {
        await call('quick_echo', { text: 'to a file' });
        return fs.readdirSync(folder).length > 0 && fs.readdirSync(folder).some((file) => fs.readFileSync(path.join(folder, file), 'utf8').includes('resourceSpans'));
    });
    for (const file of fs.readdirSync(folder)) {
        // The last line may be on its way.
        for (const line of fs.readFileSync(path.join(folder, file), 'utf8').split('\n').slice(0, -1)) assert.equal(Object.keys(JSON.parse(line)).length, 1);
    }
});
