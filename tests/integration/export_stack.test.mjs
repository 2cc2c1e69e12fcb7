// SPDX-License-Identifier: GPL-3.0-or-later
// The hand-over kit as its user has it: written by the command, read by promtool and by a real Prometheus that scrapes a real Oriel.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Oriel, command, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { Prometheus, promtool } from './peers/prometheus.mjs';
import { dashboardQueries, exportStack as exportStackFrom } from './peers/stack.mjs';

let dir;
let stack;
before(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-stack-'));
    stack = path.join(dir, 'stack');
});
after(() => fs.rmSync(dir, { recursive: true, force: true }));

const exportStack = (folder, config, extra) => exportStackFrom(dir, folder, config, extra);

function read(...parts) {
    return fs.readFileSync(path.join(stack, ...parts), 'utf8');
}

test('the kit is written without a running Oriel, and every file is named', async () => {
    const done = await exportStack(stack);
    assert.equal(done.code, 0, done.stderr);
    const named = done.stdout.trim().split('\n');
    for (const file of named) assert.ok(fs.existsSync(file), file);
    for (const file of ['compose.yaml', 'README.md', 'prometheus/rules/gateway.yml', 'secrets/oriel-scrape-token'])
        assert.ok(named.includes(path.join(stack, file)), file);
    assert.match(done.stderr, /README\.md/);
    assert.equal(fs.statSync(path.join(stack, 'secrets/grafana-admin-password')).mode & 0o777, 0o600);
    assert.ok(!read('compose.yaml').includes(read('secrets/grafana-admin-password')));
    assert.ok(!fs.existsSync(path.join(dir, 'data')), 'nothing else was made');
});

test('a folder that has it is left alone without --force', async () => {
    const token = path.join(stack, 'secrets/oriel-scrape-token');
    fs.writeFileSync(token, 'mine');
    fs.appendFileSync(path.join(stack, 'compose.yaml'), '# edited\n');
    const refused = await exportStack(stack);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--force/);
    assert.match(read('compose.yaml'), /# edited/);
    const forced = await exportStack(stack, {}, ['--force']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.doesNotMatch(read('compose.yaml'), /# edited/);
    assert.equal(fs.readFileSync(token, 'utf8'), 'mine');
});

test('a command line without a folder, and a broken configuration, are told', async () => {
    assert.equal((await command(['export-stack'])).code, 2);
    const broken = await exportStack(path.join(dir, 'other'), { metrics: { namespace: '9 lives' } });
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /metrics\.namespace/);
    assert.ok(!fs.existsSync(path.join(dir, 'other')));
});

test('promtool accepts configuration and rules', () => {
    for (const file of ['prometheus.yml', 'prometheus-direct.yml']) {
        const checked = promtool(['check', 'config', path.join(stack, 'prometheus', file)]);
        assert.equal(checked.status, 0, checked.output);
    }
    const rules = promtool(['check', 'rules', path.join(stack, 'prometheus/rules/gateway.yml')]);
    assert.equal(rules.status, 0, rules.output);
    assert.match(rules.output, /5 rules found/);
});

test('each alert waits, fires and resolves', () => {
    const series = (name, values) => ({ series: name, values });
    const fires = (alertname, labels, annotations) => [
        { eval_time: '3m', alertname, exp_alerts: [] },
        { eval_time: '18m', alertname, exp_alerts: [{ exp_labels: labels, exp_annotations: annotations }] },
        { eval_time: '40m', alertname, exp_alerts: [] },
    ];
    const suite = {
        rule_files: [path.join(stack, 'prometheus/rules/gateway.yml')],
        evaluation_interval: '30s',
        tests: [{
            interval: '1m',
            input_series: [
                series('mcp_gateway_tool_calls_total{server_name="s",tool_name="a",project_id="p"}', '0+30x41'),
                series('mcp_gateway_tool_calls_total{server_name="s",tool_name="b",project_id="q"}', '0+30x41'),
                series('mcp_gateway_tool_call_failure_total{server_name="s",tool_name="a",error_type="timeout"}', '0+6x20 120+0x20'),
                series('mcp_gateway_tool_call_failure_total{server_name="s",tool_name="b",error_type="tool_error"}', '0+6x20 120+0x20'),
                series('mcp_gateway_tool_call_duration_seconds_bucket{server_name="s",tool_name="a",le="5"}', '0+0x20 60+60x20'),
                series('mcp_gateway_tool_call_duration_seconds_bucket{server_name="s",tool_name="a",le="10"}', '0+60x20 1260+60x20'),
                series('mcp_gateway_tool_call_duration_seconds_bucket{server_name="s",tool_name="a",le="+Inf"}', '0+60x20 1260+60x20'),
                // No series of hits or successes at all: that counts as none, not as nothing to say.
                series('mcp_gateway_cache_misses_total{cache_type="tools"}', '0+60x20 1200+0x20'),
                series('mcp_gateway_auth_failure_total{auth_provider="token",failure_reason="unknown_token"}', '0+60x20 1200+0x20'),
                series('mcp_gateway_guardrail_violations_total{violation_type="pii",server_name="s",detector="local"}', '0+1200x20 24000+0x20'),
            ],
            alert_rule_test: [
                ...fires('HighErrorRate', { severity: 'warning', server_name: 's' }, {
                    summary: 'Many tool calls of s fail',
                    description: '20% of the tool calls failed within five minutes; the limit is 10 %.',
                }),
                ...fires('SlowToolExecution', { severity: 'warning', server_name: 's', tool_name: 'a' }, {
                    summary: 'a of s is slow',
                    description: '95 % of its calls take up to 9.75s; the limit is 5 s.',
                }),
                ...fires('HighCacheMissRate', { severity: 'info', cache_type: 'tools' }, {
                    summary: 'The cache tools misses often',
                    description: '100% of the look-ups missed; the limit is 50 %.',
                }),
                ...fires('HighGuardrailViolations', { severity: 'critical', violation_type: 'pii', server_name: 's' }, {
                    summary: 'Many guardrail violations of s',
                    description: '20 violations of type pii a second; the limit is 10.',
                }),
                ...fires('HighAuthFailureRate', { severity: 'warning' }, {
                    summary: 'Many requests with wrong credentials',
                    description: '100% of the requests were refused; the limit is 20 %.',
                }),
            ],
        }],
    };
    // JSON is YAML.
    const file = path.join(dir, 'alerts.test.yml');
    fs.writeFileSync(file, JSON.stringify(suite));
    const run = promtool(['test', 'rules', file]);
    assert.equal(run.status, 0, run.output);
});

test('a real Prometheus with the written configuration scrapes a real Oriel, and takes every alert and every query of the dashboards', async () => {
    const config = { metrics: { namespace: 'team_a' }, mcpServers: { demo: { command: demoServer } } };
    const folder = path.join(dir, 'direct');
    const oriel = await Oriel.start({ config, auth: true });
    let prometheus;
    try {
        const { port } = new URL(oriel.url);
        const written = await exportStack(folder, config, ['--port', port]);
        assert.equal(written.code, 0, written.stderr);
        const scraper = (await oriel.command(['token', 'add', 'prometheus', '--api-only'])).stdout.trim();
        fs.writeFileSync(path.join(folder, 'secrets/oriel-scrape-token'), scraper);
        const token = (await oriel.command(['token', 'add', 'caller'])).stdout.trim();
        const headers = { Authorization: `Bearer ${token}` };
        oriel.token = scraper;
        await oriel.ready();
        headers['Mcp-Session-Id'] = (await post(oriel.url, initialize(), headers)).headers.get('mcp-session-id');
        await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'x' } } }, headers);

        prometheus = await Prometheus.start({ file: path.join(folder, 'prometheus/prometheus-direct.yml') });
        const target = await prometheus.targetUp();
        assert.equal(target.scrapeUrl, `http://127.0.0.1:${port}/metrics`);
        await until(async () => Number((await prometheus.query('sum(team_a_tool_calls_total)'))[0]?.value[1]) === 1);

        const [group] = (await prometheus.api('rules')).groups;
        assert.equal(group.rules.length, 5);
        for (const rule of group.rules) assert.notEqual(rule.health, 'err', rule.lastError);
        const queries = dashboardQueries(folder);
        assert.ok(queries.length > 20);
        for (const query of queries) await prometheus.query(query);
        const answered = ['sum(team_a_active_sessions)', 'max by (server) (server_status)'];
        for (const query of answered) {
            assert.ok(queries.includes(query), query);
            assert.ok((await prometheus.query(query)).length > 0, query);
        }
    } finally {
        await prometheus?.stop();
        await oriel.stop();
    }
});
