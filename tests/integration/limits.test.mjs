// SPDX-License-Identifier: GPL-3.0-or-later
// Quotas and circuit breakers of the whole program: what a client hears, what is audited and measured, what survives a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';

async function open(oriel) {
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    let id = 100;
    return (name, args = {}) => post(oriel.url, { jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name, arguments: args } }, headers);
}

test('a quota that is used up refuses calls with a row and a count of their own, also after a restart', async () => {
    const config = { mcpServers: { demo: { command: demoServer } }, limits: [{ for: 'server', name: 'demo', callsPerDay: 2 }] };
    const oriel = await Oriel.start({ config });
    try {
        await oriel.ready();
        const call = await open(oriel);
        for (const text of ['one', 'two']) assert.equal((await call('demo__quick_echo', { text })).body.result.content[0].text, text);
        const refused = await call('demo__quick_echo', { text: 'three' });
        assert.equal(refused.status, 200);
        assert.equal(refused.body.error.code, -32000);
        assert.equal(refused.body.error.data.reason, 'quota_exceeded');
        assert.equal(refused.body.error.data.name, 'demo');
        assert.ok(refused.body.error.data.retryAfterMs > 0);

        const row = await until(async () => (await oriel.json('/api/v1/audit')).rows.find(({ outcome }) => outcome === 'blocked'), 10000, 'the row of the refused call');
        assert.equal(row.errorType, 'quota_exceeded');
        const metrics = await (await oriel.api('/metrics')).text();
        assert.match(metrics, /tool_call_blocked_total\{[^}]*reason="quota_exceeded"[^}]*\} 1/);
        const used = await until(async () => {
            const [limit] = (await oriel.json('/api/v1/status')).limits;
            return limit?.used === 2 && limit.refused === 1 && limit;
        }, 10000, 'the use of the limit');
        assert.deepEqual([used.for, used.limit, used.allowed, used.refused], ['server', 'callsPerDay', 2, 1]);

        oriel.process.kill('SIGTERM');
        await oriel.exited;
        await oriel.run(['--headless', '--port', '0', '--no-auth']);
        await oriel.ready();
        const again = await open(oriel);
        assert.equal((await again('demo__quick_echo', { text: 'four' })).body.error.data.reason, 'quota_exceeded');
    } finally {
        await oriel.stop();
    }
});

test('a server that cannot be reached is refused at once and shown as such', async () => {
    const config = {
        mcpServers: { gone: { type: 'http', url: 'http://127.0.0.1:9/mcp', start: 'first-use' } },
        gateway: { circuitBreaker: { failures: 2, cooldown: '10min' } },
    };
    const oriel = await Oriel.start({ config });
    try {
        const call = await open(oriel);
        const answers = [];
        for (let i = 0; i < 4; ++i) answers.push((await call('gone__anything')).body.error);
        assert.equal(answers.at(-1).data.reason, 'circuit_open');
        assert.equal(answers.at(-1).data.server, 'gone');
        assert.ok(answers.at(-1).data.retryAfterMs > 0);
        const { circuit } = await until(async () => {
            const [server] = (await oriel.json('/api/v1/status')).servers;
            return server.circuit.state === 'open' && server;
        }, 10000, 'the open circuit');
        assert.ok(circuit.failures >= 2 && circuit.cause);
        const metrics = await (await oriel.api('/metrics')).text();
        assert.match(metrics, /oriel_circuit_breaker_state\{[^}]*server="gone"[^}]*\} 2/);
        assert.match(metrics, /tool_call_blocked_total\{[^}]*reason="circuit_open"[^}]*\} \d/);
    } finally {
        await oriel.stop();
    }
});
