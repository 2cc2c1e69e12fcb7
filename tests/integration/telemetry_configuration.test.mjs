// SPDX-License-Identifier: GPL-3.0-or-later
// Telemetry configured from outside: OTEL_* variables, OTEL_CONFIG_FILE, files of other gateways.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { attribute, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, command, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

/// Takes everything that is posted to it.
async function startCollector() {
    const requests = [];
    const server = http.createServer((request, response) => {
        request.resume().on('end', () => {
            requests.push({ url: request.url, headers: request.headers });
            response.writeHead(200, { 'Content-Type': request.headers['content-type'] });
            response.end();
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { requests, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function call(oriel) {
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'x' } } }, headers);
}

test('config check tells what the environment does and what is wrong in it', async () => {
    const oriel = await Oriel.start();
    try {
        const good = await oriel.command(['config', 'check']);
        assert.equal(good.code, 0);
        assert.doesNotMatch(good.stdout, /from the environment/);
        const env = {
            ...oriel.env,
            OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
            OTEL_EXPORTER_OTLP_HEADERS: 'key=s3cret,s3cret',
            OTEL_EXPORTER_OTLP_TIMEOUT: '-1',
            OTEL_BSP_MAX_QUEUE_SIZE: '100',
        };
        const checked = await command(['config', 'check', oriel.configPath], { env });
        assert.equal(checked.code, 0, checked.stderr);
        assert.match(checked.stdout, /from the environment: destination "env"/);
        assert.match(checked.stderr, /warning: environment: OTEL_EXPORTER_OTLP_TIMEOUT: expected milliseconds from 0 to 86400000, found "-1"; ignored/);
        assert.match(checked.stderr, /OTEL_EXPORTER_OTLP_HEADERS: expected key=value/);
        assert.match(checked.stderr, /OTEL_BSP_MAX_QUEUE_SIZE: has no effect in Oriel: /);
        assert.doesNotMatch(checked.stderr, /s3cret/);
    } finally {
        await oriel.stop();
    }
});

test('a headless start says once on stderr what config check says', async () => {
    const config = { telemetry: { serviceName: 'x', colour: 'red' } };
    const oriel = await Oriel.start({ config, env: { OTEL_TRACES_SAMPLER: 'sometimes', OTEL_BSP_MAX_QUEUE_SIZE: '100' } });
    try {
        const warnings = (text) => text.split('\n').filter((line) => line.startsWith('warning: '));
        const checked = warnings((await oriel.command(['config', 'check', oriel.configPath])).stderr);
        assert.equal(checked.length, 3, checked.join('\n'));
        await until(() => warnings(oriel.stderr).length >= checked.length);
        assert.deepEqual(warnings(oriel.stderr), checked);
    } finally {
        await oriel.stop();
    }
});

test('OTEL_METRICS_EXPORTER=prometheus serves /metrics without a token, and nothing else', async () => {
    const port = await freePort();
    const oriel = await Oriel.start({ auth: true, env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(port) } });
    try {
        const scraped = await fetch(`http://127.0.0.1:${port}/metrics`);
        assert.equal(scraped.status, 200);
        assert.match(await scraped.text(), /^target_info\{/m);
        assert.equal((await fetch(`http://localhost:${port}/metrics`)).status, 200);
        assert.equal((await oriel.api('/metrics')).status, 401, 'the gateway\'s own port still wants a token');
        for (const route of ['/', '/mcp', '/api/v1/traces', '/healthz']) assert.equal((await fetch(`http://127.0.0.1:${port}${route}`)).status, 404, route);
        assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 405);
        assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Origin: 'https://example.org' } })).status, 403);
        // A second one finds the port taken, says so and runs on.
        const second = await Oriel.start({ env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(port) } });
        try {
            await until(() => second.stderr.includes(`Port ${port} is in use by oriel`));
            assert.equal((await second.api('/metrics')).status, 200);
        } finally {
            await second.stop();
        }
    } finally {
        await oriel.stop();
    }
});

test('a warning about a variable is in the log and in the doctor\'s report', async () => {
    const oriel = await Oriel.start({ env: { OTEL_TRACES_SAMPLER: 'sometimes' } });
    try {
        const logs = await until(async () => {
            const page = await oriel.json('/api/v1/logs');
            return JSON.stringify(page).includes('OTEL_TRACES_SAMPLER') && JSON.stringify(page);
        });
        assert.match(logs, /expected one of always_on/);
        const doctor = await oriel.command(['doctor']);
        assert.match(doctor.stdout + doctor.stderr, /OTEL_TRACES_SAMPLER: expected one of always_on/);
    } finally {
        await oriel.stop();
    }
});

test('a declarative configuration sends where it says, and the other variables are ignored', async () => {
    const collector = await startCollector();
    const dir = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'oriel-otel-'));
    const file = path.join(dir, 'otel.yaml');
    fs.writeFileSync(file, [
        'file_format: "1.0"',
        'resource: {attributes: [{name: service.name, value: "${NAME:-by-file}"}]}',
        'tracer_provider:',
        '  processors:',
        '    - batch:',
        '        schedule_delay: 50',
        '        exporter:',
        '          otlp_http:',
        '            endpoint: ${WHERE}/v1/traces',
        '            headers: [{name: x-key, value: "$${literal}"}]',
        'views_of_tomorrow: {}',
        '',
    ].join('\n'));
    const oriel = await Oriel.start({
        config: { mcpServers: { demo: { command: demoServer } } },
        env: { OTEL_CONFIG_FILE: file, WHERE: collector.url, OTEL_SDK_DISABLED: 'true' },
    });
    try {
        await call(oriel);
        const request = await until(async () => collector.requests.find((one) => one.url === '/v1/traces'));
        assert.equal(request.headers['x-key'], '${literal}');
        assert.ok(collector.requests.every((one) => one.url === '/v1/traces'), 'only traces have an exporter');
        const checked = await oriel.command(['config', 'check']);
        assert.equal(checked.code, 0, checked.stderr);
        assert.match(checked.stdout, /from the environment: destination "otel", defined by .*otel\.yaml/);
        assert.match(checked.stderr, /these are ignored: OTEL_SDK_DISABLED/);
        assert.match(checked.stderr, /otel\.yaml:11:\d+: views_of_tomorrow: is not known to Oriel/);
        fs.writeFileSync(file, 'file_format: "1.0"\ndisabled: [\n');
        const broken = await oriel.command(['config', 'check']);
        assert.equal(broken.code, 1);
        assert.match(broken.stderr, /otel\.yaml:\d+:\d+: /);
    } finally {
        await oriel.stop();
        collector.close();
        fs.rmSync(dir, { recursive: true });
    }
});

test('views of a declarative configuration change what destinations get, and nothing here', async () => {
    const backend = await startHttpReceiver();
    const dir = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'oriel-otel-'));
    const file = path.join(dir, 'otel.yaml');
    fs.writeFileSync(file, [
        'file_format: "1.0"',
        'meter_provider:',
        '  readers:',
        `    - periodic: {interval: 100, exporter: {otlp_http: {endpoint: "http://127.0.0.1:${backend.port}/v1/metrics"}}}`,
        '  views:',
        '    - selector: {instrument_name: "http_*"}',
        '      stream: {aggregation: {drop: }}',
        '    - selector: {instrument_name: tool_latency_seconds}',
        '      stream: {name: latency, aggregation: {explicit_bucket_histogram: {boundaries: [0.5, 5]}}, attribute_keys: {included: [server]}}',
        '',
    ].join('\n'));
    const oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } } }, env: { OTEL_CONFIG_FILE: file } });
    try {
        await oriel.ready();
        await call(oriel);
        const latency = await until(() => backend.metrics().find(({ name }) => name === 'latency'));
        const [point] = latency.histogram.dataPoints;
        assert.deepEqual(point.explicitBounds, [0.5, 5]);
        assert.deepEqual(point.attributes.map(({ key }) => key), ['server']);
        assert.deepEqual(point.exemplars[0].filteredAttributes.map(({ key }) => key), ['tool']);
        const names = new Set(backend.metrics().map(({ name }) => name));
        assert.ok(names.has('mcp.server.operation.duration') && !names.has('tool_latency_seconds') && !names.has('http_requests_total'), [...names].join(' '));
        const scraped = await (await oriel.api('/metrics')).text();
        assert.match(scraped, /^http_requests_total\{/m);
        assert.match(scraped, /^tool_latency_seconds_bucket\{.*tool=/m);
    } finally {
        await oriel.stop();
        await backend.stop();
        fs.rmSync(dir, { recursive: true });
    }
});

test('a child is told the trace of its start as the propagators do, and entities are told of the resource', async () => {
    const backend = await startHttpReceiver();
    const oriel = await Oriel.start({
        config: { mcpServers: { instrumented: { command: process.execPath, args: [fileURLToPath(new URL('peers/instrumented_server.mjs', import.meta.url))], env: process.env.ORIEL_NODE_MODULES ? { ORIEL_NODE_MODULES: process.env.ORIEL_NODE_MODULES } : {} } } },
        env: {
            OTEL_PROPAGATORS: 'b3multi,b3',
            OTEL_ENTITIES: 'service{service.name=gate}[service.version=7]@https://example.org;broken',
            OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${backend.port}`,
            OTEL_BSP_SCHEDULE_DELAY: '50',
        },
    });
    try {
        await oriel.ready();
        const opened = await post(oriel.url, initialize());
        const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
        const { body } = await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'instrumented__environment', arguments: {} } }, headers);
        const seen = JSON.parse(body.result.content[0].text);
        assert.equal(seen.TRACEPARENT, undefined);
        assert.equal(seen.B3, `${seen.X_B3_TRACEID}-${seen.X_B3_SPANID}-${seen.X_B3_SAMPLED}`);
        assert.match(seen.B3, /^[0-9a-f]{32}-[0-9a-f]{16}-1$/);
        const span = await until(() => backend.spans().find(({ resource }) => resource.entityRefs.length > 0));
        assert.deepEqual(span.resource.entityRefs, [{ schemaUrl: 'https://example.org', type: 'service', idKeys: ['service.name'], descriptionKeys: ['service.version'] }]);
        assert.equal(attribute(span.resource, 'service.name'), 'gate');
        assert.equal(attribute(span.resource, 'service.version'), '7');
        const checked = await oriel.command(['config', 'check']);
        assert.match(checked.stderr, /OTEL_ENTITIES: expected type\{id=value\}.*number 2 cannot be read/);
    } finally {
        await oriel.stop();
        await backend.stop();
    }
});

test('config import takes over another gateway\'s servers and telemetry', async () => {
    const oriel = await Oriel.start();
    try {
        fs.writeFileSync(oriel.configPath, '{\n  // stays\n  "mcpServers": {}\n}\n');
        const file = path.join(oriel.dir, 'enkrypt_mcp_config.json');
        fs.writeFileSync(file, JSON.stringify({
            plugins: { telemetry: { provider: 'opentelemetry', config: { enabled: true, url: 'http://127.0.0.1:9', insecure: true, service_name: 'gate', job_name: 'jobs' } } },
            common_mcp_gateway_config: { enkrypt_log_level: 'INFO' },
            mcp_configs: { id: { mcp_config: [{ server_name: 'files', config: { command: '/nonexistent/some-server', args: ['-y'], env: { API_TOKEN: 'not-a-real-secret-value' } } }] } },
        }));
        const shown = await oriel.command(['config', 'import', file, '--dry-run', '--move-secrets']);
        assert.equal(shown.code, 0, shown.stderr);
        assert.match(shown.stdout, /\+ plugins\.telemetry\.config\.url: destination "enkrypt", http\/protobuf, to http:\/\/127\.0\.0\.1:9/);
        assert.match(shown.stdout, /- common_mcp_gateway_config\.enkrypt_log_level: /);
        assert.match(shown.stdout, /\+ files +\/nonexistent\/some-server -y/);
        assert.match(shown.stdout, /enkrypt_mcp_config\.json\)/);
        assert.doesNotMatch(fs.readFileSync(oriel.configPath, 'utf8'), /some-server/);
        assert.equal((await oriel.command(['config', 'import', file, '--dry-run', '--apply'])).code, 2);

        const applied = await oriel.command(['config', 'import', file, '--apply', '--move-secrets']);
        assert.equal(applied.code, 0, applied.stderr);
        const text = fs.readFileSync(oriel.configPath, 'utf8');
        assert.match(text, /\/\/ stays/);
        assert.match(text, /"serviceName": "gate"/);
        assert.match(text, /\$\{vault:files\.API_TOKEN\}/);
        assert.doesNotMatch(text, /not-a-real-secret-value/);
        assert.equal(fs.readFileSync(`${oriel.configPath}.before-import`, 'utf8'), '{\n  // stays\n  "mcpServers": {}\n}\n');
        const again = await oriel.command(['config', 'import', file, '--apply', '--move-secrets']);
        assert.equal(again.code, 0, again.stderr);
        assert.match(again.stdout, /nothing changes/);
    } finally {
        await oriel.stop();
    }
});

test('config import takes over an observability.yaml, its header by way of the vault', async () => {
    const oriel = await Oriel.start({ env: { WHERE: 'http://127.0.0.1:9', OTEL_API_KEY: 'not-a-real-secret-value' } });
    try {
        const file = path.join(oriel.dir, 'observability.yaml');
        fs.writeFileSync(file, [
            'observability:',
            '  tracing:',
            '    exporter: {type: otlp, endpoint: "${WHERE}", headers: {api-key: "${OTEL_API_KEY}"}}',
            '    sampling: {strategy: probabilistic, rate: 0.1}',
            '  metrics: {enabled: true, export_interval: 60s}',
            '  data_privacy: {sanitize_pii: true}',
            '',
        ].join('\n'));
        const applied = await oriel.command(['config', 'import', file, '--apply']);
        assert.equal(applied.code, 0, applied.stderr);
        assert.doesNotMatch(applied.stdout, /not-a-real-secret-value/);
        assert.match(applied.stdout, /secret: observability\.api-key goes to the vault/);
        const text = fs.readFileSync(oriel.configPath, 'utf8');
        assert.match(text, /"api-key": "\$\{vault:observability\.api-key\}"/);
        assert.match(text, /"samplerArg": 0\.1/);
        fs.writeFileSync(file, 'observability:\n  tracing: [\n');
        const broken = await oriel.command(['config', 'import', file]);
        assert.equal(broken.code, 1);
        assert.match(broken.stderr, /observability\.yaml:\d+:\d+: /);
    } finally {
        await oriel.stop();
    }
});
