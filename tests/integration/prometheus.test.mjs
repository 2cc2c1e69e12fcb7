// SPDX-License-Identifier: GPL-3.0-or-later
// What /metrics says of real traffic, as promtool, a strict OpenMetrics parser and a real Prometheus read it; with the seed systems' namespace,
// so that their own queries run word for word.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { Prometheus, parseOpenMetrics, promtool } from './peers/prometheus.mjs';

let oriel;
let prometheus;
let headers;
let scraper;
const calls = 6;
const debianAccept = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

const call = (name, args) => post(oriel.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args } }, headers);

/** An answer as it came over the wire: fetch would unpack it. */
function raw(route, extra) {
    const { hostname, port } = new URL(oriel.url);
    return new Promise((resolve, reject) => {
        http.get({ hostname, port, path: route, headers: { Authorization: `Bearer ${scraper}`, ...extra } }, (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
        }).once('error', reject);
    });
}

before(async () => {
    oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } }, metrics: { namespace: 'enkrypt' } }, auth: true });
    const token = (await oriel.command(['token', 'add', 'tester', '--api', '--project', 'research'])).stdout.trim();
    scraper = (await oriel.command(['token', 'add', 'prometheus', '--api-only'])).stdout.trim();
    oriel.token = token;
    await oriel.ready();
    headers = { Authorization: `Bearer ${token}` };
    const opened = await post(oriel.url, initialize(), headers);
    headers['Mcp-Session-Id'] = opened.headers.get('mcp-session-id');
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, headers);
    for (let i = 0; i < calls; ++i) assert.equal((await call('demo__quick_echo', { text: `n${i}` })).status, 200);
    await call('demo__no_such_tool', {});
    await post(oriel.url, initialize(), { Authorization: 'Bearer nobody' });
    const credentials = path.join(oriel.dir, 'token');
    fs.writeFileSync(credentials, scraper, { mode: 0o600 });
    prometheus = await Prometheus.start({
        text: JSON.stringify({
            global: { scrape_interval: '1s' },
            scrape_configs: [{
                job_name: 'oriel',
                authorization: { credentials_file: credentials },
                static_configs: [{ targets: [new URL(oriel.url).host] }],
            }],
        }),
    });
});
after(async () => {
    await prometheus?.stop();
    await oriel?.stop();
});

for (const route of ['/metrics', '/api/v1/metrics']) {
    test(`promtool has nothing to say about ${route}`, async () => {
        const { body, headers: answer } = await raw(route, {});
        assert.equal(answer['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
        assert.match(body.toString(), /enkrypt_tool_calls_total\{/);
        assert.deepEqual(promtool(['check', 'metrics'], body), { status: 0, output: '' });
    });
}

test('a strict parser reads the OpenMetrics form, with exemplars, creation times and what the target is', async () => {
    const { body, headers: answer } = await raw('/metrics', { Accept: debianAccept });
    assert.equal(answer['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    const families = parseOpenMetrics(body.toString());
    assert.equal(families.target.type, 'info');
    assert.equal(families.target.samples[0].labels.service_name, 'oriel');
    const made = families.enkrypt_tool_calls;
    assert.equal(made.type, 'counter');
    assert.ok(made.samples.some((sample) => sample.name === 'enkrypt_tool_calls_created'));
    const duration = families.enkrypt_tool_call_duration_seconds;
    assert.equal(duration.type, 'histogram');
    assert.equal(duration.unit, 'seconds');
    const exemplar = duration.samples.find((sample) => sample.exemplar)?.exemplar;
    assert.match(exemplar.trace_id, /^[0-9a-f]{32}$/);
    assert.match(exemplar.span_id, /^[0-9a-f]{16}$/);
    const { name } = families.mcp_server_operation_duration_seconds.samples[0];
    assert.equal(name, 'mcp_server_operation_duration_seconds_bucket');
    assert.equal(families.enkrypt_timeout_operations_successful.type, 'unknown');
});

test('Prometheus 3 is told the escaping of names, which stay as they are', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
    const { body, headers: answer } = await raw('/metrics', { Accept: accept });
    assert.equal(answer['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8');
    assert.match(body.toString(), /^mcp_server_operation_duration_seconds_count\{/m);
    const dots = await raw('/metrics', { Accept: 'text/plain;version=1.0.0;escaping=dots' });
    assert.match(dots.body.toString(), /^enkrypt__active__sessions\{.*\} \d+$/m);
});

test('the answer is packed where that is accepted', async () => {
    const packed = await raw('/metrics', { 'Accept-Encoding': 'gzip' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.match(packed.headers.vary, /Accept-Encoding/);
    assert.match(zlib.gunzipSync(packed.body).toString(), /^# HELP /);
    const plain = await raw('/metrics', { 'Accept-Encoding': 'identity, gzip;q=0' });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.match(plain.body.toString(), /^# HELP /);
});

test('a token of the API reads the metrics, a client\'s does not', async () => {
    assert.equal((await raw('/metrics', {})).status, 200);
    const narrow = (await oriel.command(['token', 'add', 'narrow'])).stdout.trim();
    assert.equal((await raw('/metrics', { Authorization: `Bearer ${narrow}` })).status, 403);
});

test('a real Prometheus scrapes it and counts what was done', async () => {
    await prometheus.targetUp();
    const [total] = await until(async () => {
        const found = await prometheus.query('sum(enkrypt_tool_call_success_total{server_name="demo"})');
        return found.length > 0 && found;
    });
    assert.equal(Number(total.value[1]), calls);
    const [project] = await prometheus.query('sum by (project_id) (enkrypt_tool_calls_total{server_name="demo"})');
    assert.equal(project.metric.project_id, 'research');
    assert.equal(Number((await prometheus.query('sum(enkrypt_auth_failure_total{failure_reason="unknown_token"})'))[0].value[1]), 1);
    assert.equal(Number((await prometheus.query('sum(server_status{server="demo"})'))[0].value[1]), 1);
    const metadata = await prometheus.api('metadata', { metric: 'enkrypt_tool_call_duration_seconds' });
    assert.equal(metadata.enkrypt_tool_call_duration_seconds[0].type, 'histogram');
});

test('a name of the seeds without _total has the value of the counter', async () => {
    await until(async () => (await prometheus.query('enkrypt_timeout_operations_successful')).length > 0);
    const differing = await prometheus.query('enkrypt_timeout_operations_successful != enkrypt_timeout_operations_successful_total');
    assert.deepEqual(differing, []);
    assert.ok(Number((await prometheus.query('sum(enkrypt_timeout_operations_successful)'))[0].value[1]) >= calls);
});

test('exemplars arrive and lead to traces that Oriel has', async () => {
    const found = await until(async () => {
        const series = await prometheus.api('query_exemplars', {
            query: 'enkrypt_tool_call_duration_seconds_bucket',
            start: `${Date.now() / 1000 - 600}`,
            end: `${Date.now() / 1000 + 60}`,
        });
        return series.length > 0 && series[0].exemplars;
    });
    assert.equal((await oriel.api(`/api/v1/traces/${found[0].labels.trace_id}`)).status, 200);
});

// Every query of the seed documents (S4), as it stands there. Whether it has an answer depends on the labels that the seeds give to both sides of a
// division, and on guardrails that this traffic does not set off; those that must have one say so.
const queries = [
    ['rate(enkrypt_tool_call_duration_seconds_sum[5m]) / rate(enkrypt_tool_call_duration_seconds_count[5m])', true],
    ['histogram_quantile(0.95, rate(enkrypt_tool_call_duration_seconds_bucket[5m]))', true],
    ['rate(enkrypt_tool_call_success_total[5m]) / rate(enkrypt_tool_calls_total[5m])', false],
    ['rate(enkrypt_cache_hits_total[5m]) / (rate(enkrypt_cache_hits_total[5m]) + rate(enkrypt_cache_misses_total[5m]))', false],
    ['rate(enkrypt_cache_misses_total[5m])', false],
    ['rate(enkrypt_guardrail_violations_total[5m])', false],
    ['rate(enkrypt_tool_call_blocked_total[5m])', false],
    ['rate(enkrypt_pii_redactions_total[5m])', false],
    ['histogram_quantile(0.95, rate(enkrypt_api_request_duration_seconds_bucket[5m]))', false],
    ['rate(enkrypt_auth_failure_total[5m])', true],
    ['enkrypt_active_sessions', true],
    ['rate(enkrypt_auth_success_total[5m]) / (rate(enkrypt_auth_success_total[5m]) + rate(enkrypt_auth_failure_total[5m]))', false],
    ['rate(enkrypt_timeout_operations_timed_out[5m]) / rate(enkrypt_timeout_operations_total[5m])', false],
    ['rate(enkrypt_timeout_escalation_warn[5m])', false],
    ['rate(enkrypt_timeout_operation_duration_seconds_sum[5m]) / rate(enkrypt_timeout_operation_duration_seconds_count[5m])', true],
    ['sum(increase(enkrypt_tool_calls_total[5m]))', true],
    ['topk(5, sum by (tool_name) (enkrypt_tool_calls_total))', true],
    ['(rate(enkrypt_tool_call_failure_total[5m]) / rate(enkrypt_tool_calls_total[5m])) * 100', false],
    ['avg by (server_name) (rate(enkrypt_tool_call_duration_seconds_sum[5m]) / rate(enkrypt_tool_call_duration_seconds_count[5m]))', true],
    ['rate(enkrypt_tool_calls_total[5m])', true],
    ['rate(enkrypt_tool_call_failure_total[5m]) / rate(enkrypt_tool_calls_total[5m]) > 0.1', false],
    ['histogram_quantile(0.95, rate(enkrypt_tool_call_duration_seconds_bucket[5m])) > 5', false],
    ['rate(enkrypt_cache_misses_total[5m]) / (rate(enkrypt_cache_hits_total[5m]) + rate(enkrypt_cache_misses_total[5m])) > 0.5', false],
    ['rate(enkrypt_guardrail_violations_total[5m]) > 10', false],
    ['rate(enkrypt_auth_failure_total[5m]) / (rate(enkrypt_auth_success_total[5m]) + rate(enkrypt_auth_failure_total[5m])) > 0.2', false],
];
for (const [query, answered] of queries) {
    test(`the seeds' query ${answered ? 'is answered' : 'is accepted'}: ${query}`, async () => {
        if (!answered) return void (await prometheus.query(query));
        await until(async () => (await prometheus.query(query)).length > 0, 20000, 'two scrapes');
    });
}
