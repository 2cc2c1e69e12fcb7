// SPDX-License-Identifier: GPL-3.0-or-later
// What goes wrong around the whole program: killed processes, damaged files, servers that misbehave, sizes beyond the limits.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';

const demo = { mcpServers: { demo: { command: demoServer } } };

async function open(oriel) {
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    let id = 100;
    return (name, args = {}, extra = {}) => post(oriel.url, { jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name, arguments: args } }, { ...headers, ...extra });
}

async function withOriel(options, body) {
    const oriel = await Oriel.start(options);
    try {
        await body(oriel);
    } finally {
        await oriel.stop();
    }
}

test('kill -9 loses no audit row that was committed before it', () => withOriel({ config: demo }, async (oriel) => {
    const call = await open(oriel);
    const ids = Array.from({ length: 40 }, (_, i) => `kill-${i}`);
    for (const id of ids) assert.equal((await call('demo__quick_echo', { text: id }, { 'X-Request-ID': id })).status, 200);
    await until(async () => (await oriel.json('/api/v1/audit?request_id=kill-39')).rows.length === 1);
    await oriel.kill();
    const exported = await oriel.command(['audit', 'export']);
    const kept = new Set(exported.stdout.trim().split('\n').map((line) => JSON.parse(line).requestId));
    for (const id of ids) assert.ok(kept.has(id), id);
    assert.equal((await oriel.command(['audit', 'verify'])).code, 0);
    await oriel.run(['--headless', '--port', '0', '--no-auth']);
    const again = await open(oriel);
    assert.equal((await again('demo__quick_echo', { text: 'after' })).body.result.content[0].text, 'after');
}));

test('an edited audit row is found out', () => withOriel({ config: demo }, async (oriel) => {
    const call = await open(oriel);
    await call('demo__quick_echo', { text: 'original words' });
    await until(async () => (await oriel.json('/api/v1/audit')).rows.length > 0);
    oriel.process.kill('SIGTERM');
    await oriel.exited;
    const file = path.join(oriel.dataDir, 'audit.db');
    const bytes = fs.readFileSync(file);
    const at = bytes.indexOf('original words');
    assert.ok(at > 0);
    bytes.write('forged', at);
    fs.writeFileSync(file, bytes);
    assert.equal((await oriel.command(['audit', 'verify'])).code, 1);
}));

test('a server that exits at once is diagnosed and harms nobody else', () => withOriel({
    config: { mcpServers: { ...demo.mcpServers, dying: { command: '/bin/sh', args: ['-c', 'echo "cannot open the database" >&2; exit 3'], maxRestarts: 1 } } },
}, async (oriel) => {
    const status = await until(async () => {
        const now = await oriel.json('/api/v1/status');
        const dying = now.servers.find((server) => server.name === 'dying');
        return dying.diagnosis && now.servers.find((server) => server.name === 'demo').ready && dying;
    });
    assert.match(status.diagnosis, /dying/);
    assert.notEqual(status.remedy, '');
    const call = await open(oriel);
    assert.equal((await call('demo__quick_echo', { text: 'fine' })).body.result.content[0].text, 'fine');
    const failed = await call('dying__anything');
    assert.ok(failed.body.error, 'a call of the dead server is an error, not a wait');
}));

test('banners on stdout are kept apart from the protocol', () => withOriel({
    config: { mcpServers: { chatty: { command: '/bin/sh', args: ['-c', `echo "Welcome to chatty 1.0"; exec ${demoServer}`] } } },
}, async (oriel) => {
    await oriel.ready();
    const call = await open(oriel);
    assert.equal((await call('chatty__quick_echo', { text: 'clean' })).body.result.content[0].text, 'clean');
    await until(async () => (await oriel.json('/api/v1/logs?source=chatty')).logs.some((log) => /Welcome to chatty/.test(JSON.stringify(log.body))));
}));

test('a server that is killed comes back, and the next call works', () => withOriel({ config: demo }, async (oriel) => {
    await oriel.ready();
    const call = await open(oriel);
    await call('demo__quick_echo', { text: 'x' });
    const children = fs.readFileSync(`/proc/${oriel.process.pid}/task/${oriel.process.pid}/children`, 'utf8');
    const threads = fs.readdirSync(`/proc/${oriel.process.pid}/task`).flatMap((task) => fs.readFileSync(`/proc/${oriel.process.pid}/task/${task}/children`, 'utf8').trim().split(' ')).filter(Boolean);
    const pid = Number((children.trim().split(' ').filter(Boolean)[0]) ?? threads[0]);
    process.kill(pid, 'SIGKILL');
    await until(async () => (await oriel.exportedSpans()).filter(({ name }) => name === 'server.start').length >= 2, 20000, 'the second start');
    await oriel.ready();
    assert.equal((await call('demo__quick_echo', { text: 'back' })).body.result.content[0].text, 'back');
}));

test('a call over its timeout ends with a clear error and is counted', () => withOriel({
    config: { mcpServers: { demo: { command: demoServer, timeouts: { toolCall: 300 } } } },
}, async (oriel) => {
    await oriel.ready();
    const call = await open(oriel);
    const answer = await call('demo__slow_report', { seconds: 30 });
    assert.equal(answer.body.error.code, -32001);
    await until(async () => /mcp_gateway_timeout_operations_timed_out_total\{operation_type="tool_call"[^}]*\} 1/.test(await (await oriel.api('/metrics')).text()));
    const exposition = await (await oriel.api('/metrics')).text();
    assert.match(exposition, /mcp_gateway_timeout_escalation_warn_total\{operation_type="tool_call"[^}]*\} 1/);
    assert.match(exposition, /mcp_gateway_tool_call_failure_total\{[^}]*error_type="timeout"/);
}));

test('a damaged vault is reported and never overwritten', () => withOriel({ config: demo }, async (oriel) => {
    oriel.process.kill('SIGTERM');
    await oriel.exited;
    const vault = path.join(oriel.dataDir, 'vault.json');
    fs.writeFileSync(vault, 'this is no vault\n');
    await oriel.run(['--headless', '--port', '0', '--no-auth']);
    const found = await until(async () => {
        const result = await oriel.command(['doctor']);
        return /keychain/.test(result.stdout) && result;
    });
    assert.match(found.stdout, /warning +keychain/);
    assert.equal(fs.readFileSync(vault, 'utf8'), 'this is no vault\n');
}));

test('damaged trace files cost what was in them and nothing else', () => withOriel({ config: demo }, async (oriel) => {
    const call = await open(oriel);
    await call('demo__quick_echo', { text: 'x' });
    await until(async () => (await oriel.json('/api/v1/traces?filter=tool%3Dquick_echo')).traces.length > 0);
    oriel.process.kill('SIGTERM');
    await oriel.exited;
    for (const file of fs.readdirSync(path.join(oriel.dataDir, 'traces'))) {
        const full = path.join(oriel.dataDir, 'traces', file);
        const bytes = fs.readFileSync(full);
        bytes.fill(0x5a, Math.floor(bytes.length / 2));
        fs.writeFileSync(full, bytes);
    }
    await oriel.run(['--headless', '--port', '0', '--no-auth']);
    const again = await open(oriel);
    assert.equal((await again('demo__quick_echo', { text: 'alive' })).body.result.content[0].text, 'alive');
}));

test('a damaged token file is an error that names it, and is left as it is', () => withOriel({ config: demo }, async (oriel) => {
    oriel.process.kill('SIGTERM');
    await oriel.exited;
    const tokens = path.join(oriel.dataDir, 'tokens.json');
    fs.writeFileSync(tokens, '{"tokens":[{"name":"x"}]}');
    const result = await oriel.command(['--headless', '--port', '0']);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /tokens\.json/);
    assert.equal(fs.readFileSync(tokens, 'utf8'), '{"tokens":[{"name":"x"}]}');
}));

test('bodies over the limit are refused, large results pass', () => withOriel({
    config: { ...demo, gateway: { maxBodyBytes: 100000 } },
}, async (oriel) => {
    await oriel.ready();
    const call = await open(oriel);
    const large = await call('demo__big_document', { kilobytes: 10240 });
    assert.ok(JSON.stringify(large.body.result).length > 10_000_000);
    const refused = await call('demo__quick_echo', { text: 'x'.repeat(200000) }).catch((error) => ({ status: 'closed', error }));
    assert.ok(refused.status === 413 || refused.status === 'closed', String(refused.status));
    assert.equal((await call('demo__quick_echo', { text: 'still here' })).body.result.content[0].text, 'still here');
}));

test('stopping answers what waits and leaves no child behind', () => withOriel({ config: demo }, async (oriel) => {
    await oriel.ready();
    const call = await open(oriel);
    const waiting = call('demo__slow_report', { seconds: 60 }).catch((error) => ({ body: { error } }));
    await until(async () => /timeout_active_operations\{operation_type="tool_call"[^}]*\} 1/.test(await (await oriel.api('/metrics')).text()));
    oriel.process.kill('SIGTERM');
    assert.ok((await waiting).body.error);
    await oriel.exited;
}));
