// SPDX-License-Identifier: GPL-3.0-or-later
// The endpoint as hostile, careless and old clients see it: tokens, Host, Origin, revisions, sessions, resumption, malformed messages.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';

let oriel;
let token;
const auth = () => ({ Authorization: `Bearer ${token}` });

before(async () => {
    oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } } }, auth: true });
    const added = await oriel.command(['token', 'add', 'tester', '--api']);
    assert.equal(added.code, 0, added.stderr);
    token = added.stdout.trim();
});
after(() => oriel?.stop());

async function session(version = '2025-11-25') {
    const opened = await post(oriel.url, initialize(version), auth());
    assert.equal(opened.status, 200, JSON.stringify(opened.body));
    const id = opened.headers.get('mcp-session-id');
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, { ...auth(), 'Mcp-Session-Id': id });
    return { id, result: opened.body.result, headers: { ...auth(), 'Mcp-Session-Id': id, 'MCP-Protocol-Version': opened.body.result.protocolVersion } };
}

/** A request with headers that fetch does not let a program set. */
function raw({ method = 'POST', path = '/mcp', headers = {}, body = '' }) {
    const { hostname, port } = new URL(oriel.url);
    return new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, method, path, headers }, (response) => {
            let text = '';
            response.on('data', (chunk) => (text += chunk));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        });
        request.once('error', reject);
        request.end(body);
    });
}

test('no token, a wrong token and a token of another scope are told apart', async () => {
    const none = await post(oriel.url, initialize());
    assert.equal(none.status, 401);
    assert.match(none.headers.get('www-authenticate'), /^Bearer/);
    assert.match(none.body.error.message, /oriel token add/);
    assert.equal((await post(oriel.url, initialize(), { Authorization: 'Bearer nonsense' })).status, 401);
    const narrow = (await oriel.command(['token', 'add', 'narrow'])).stdout.trim();
    assert.equal((await oriel.api('/api/v1/audit', { headers: { Authorization: `Bearer ${narrow}` } })).status, 403, 'a client token cannot read the audit log');
    assert.equal((await oriel.api('/metrics', { headers: auth() })).status, 200);
    const exposition = await (await oriel.api('/metrics', { headers: auth() })).text();
    assert.match(exposition, /mcp_gateway_auth_failure_total\{[^}]*failure_reason="unknown_token"[^}]*\} 1/);
});

test('a revoked token ends its sessions', async () => {
    const other = (await oriel.command(['token', 'add', 'short-lived'])).stdout.trim();
    const opened = await post(oriel.url, initialize(), { Authorization: `Bearer ${other}` });
    assert.equal(opened.status, 200);
    assert.equal((await oriel.command(['token', 'revoke', 'short-lived'])).code, 0);
    const after = await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'ping' }, { Authorization: `Bearer ${other}`, 'Mcp-Session-Id': opened.headers.get('mcp-session-id') });
    assert.equal(after.status, 401);
});

test('a foreign Host or Origin is refused, loopback ones pass', async () => {
    const body = JSON.stringify(initialize());
    const base = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...auth() };
    const { host } = new URL(oriel.url);
    assert.equal((await raw({ headers: { ...base, Host: 'evil.example' }, body })).status, 403);
    assert.equal((await raw({ headers: { ...base, Host: host, Origin: 'https://evil.example' }, body })).status, 403);
    assert.equal((await raw({ headers: { ...base, Host: host, Origin: 'null' }, body })).status, 403);
    assert.equal((await raw({ headers: { ...base, Host: host, Origin: 'http://localhost:5173' }, body })).status, 200);
});

test('each legacy revision is answered with itself and an unknown one with the newest legacy', async () => {
    for (const version of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])
        assert.equal((await session(version)).result.protocolVersion, version);
    assert.equal((await session('2026-07-28')).result.protocolVersion, '2025-11-25');
    assert.equal((await session('1999-01-01')).result.protocolVersion, '2025-11-25');
});

test('every answer carries the request id, the client\'s if it is sane', async () => {
    const given = await post(oriel.url, initialize(), { ...auth(), 'X-Request-ID': 'my-request-17' });
    assert.equal(given.headers.get('x-request-id'), 'my-request-17');
    const made = await post(oriel.url, initialize());
    assert.match(made.headers.get('x-request-id'), /^[0-9A-Z]{26}$/);
    const { headers } = await session();
    await post(oriel.url, { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'x' } } }, { ...headers, 'X-Request-ID': 'find-me-42' });
    await until(async () => {
        const rows = await (await oriel.api('/api/v1/audit?request_id=find-me-42', { headers: auth() })).json();
        return rows.rows.length === 1;
    });
});

test('malformed messages get the exact error and nothing breaks', async () => {
    const { headers } = await session();
    const send = (body) => post(oriel.url, body, headers);
    const cases = [
        ['{"jsonrpc":"2.0","id":1,"method":', 400, -32700],
        ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400, -32600],
        ['{"jsonrpc":"2.0","ID":1,"Method":"ping","method":"ping","id":1}', 400, -32600],
        ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600],
        ['[]', 400, -32600],
        ['"ping"', 400, -32600],
    ];
    for (const [body, status, code] of cases) {
        const answer = await send(body);
        assert.equal(answer.status, status, body);
        assert.equal(answer.body.error.code, code, body);
    }
    assert.equal((await send({ jsonrpc: '2.0', id: 9, method: 'no/such' })).body.error.code, -32601);
    assert.equal((await send({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'nobody__nothing' } })).body.error.code, -32602);
    assert.equal((await send({ jsonrpc: '2.0', id: 9, method: 'tools/list', params: { cursor: 'made-up' } })).body.error.code, -32602);
    assert.equal((await send({ jsonrpc: '2.0', id: 9, method: 'resources/read', params: { uri: 'nowhere://x' } })).body.error.code < 0, true);
    assert.deepEqual((await send({ jsonrpc: '2.0', id: 'still-alive', method: 'ping' })).body, { jsonrpc: '2.0', id: 'still-alive', result: {} });
});

test('wrong content type, accept, version header, method and session get their own answers', async () => {
    const { headers } = await session();
    assert.equal((await post(oriel.url, initialize(), { ...auth(), 'Content-Type': 'text/plain' })).status, 415);
    assert.equal((await post(oriel.url, initialize(), { ...auth(), Accept: 'application/json' })).status, 406);
    assert.equal((await post(oriel.url, { jsonrpc: '2.0', id: 1, method: 'ping' }, { ...headers, 'MCP-Protocol-Version': '1999-01-01' })).status, 400);
    assert.equal((await post(oriel.url, { jsonrpc: '2.0', id: 1, method: 'ping' }, auth())).status, 400);
    assert.equal((await post(oriel.url, { jsonrpc: '2.0', id: 1, method: 'ping' }, { ...auth(), 'Mcp-Session-Id': 'unknown' })).status, 404);
    assert.equal((await oriel.api('/mcp', { method: 'PUT', headers: auth() })).status, 405);
    assert.equal((await oriel.api('/elsewhere', { headers: auth() })).status, 404);
    assert.equal((await post(`${oriel.url}/nobody`, initialize(), auth())).status, 404);
});

test('a batch of revision 2025-03-26 is answered as one array', async () => {
    const { headers } = await session('2025-03-26');
    const answer = await post(oriel.url, [
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'in a batch' } } },
    ], headers);
    assert.deepEqual(answer.body.map((entry) => entry.id).sort(), [1, 2]);
});

test('a broken event stream is resumed where it broke', async () => {
    const { headers } = await session();
    const { hostname, port } = new URL(oriel.url);
    const call = JSON.stringify({ jsonrpc: '2.0', id: 70, method: 'tools/call', params: { name: 'demo__progress_job', arguments: { steps: 4, stepMilliseconds: 150 }, _meta: { progressToken: 'p' } } });
    const lastId = await new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, path: '/mcp', method: 'POST', headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' } }, (response) => {
            let text = '';
            response.on('data', (chunk) => {
                text += chunk;
                const event = text.split('\n\n').slice(0, -1).find((one) => /"progress":1\b/.test(one));
                const id = event && /^id: ?(.+)$/m.exec(event)?.[1];
                if (id) {
                    request.destroy();
                    resolve(id);
                }
            });
        });
        request.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
        request.end(call);
    });
    const resumed = await fetch(oriel.url, { headers: { ...headers, Accept: 'text/event-stream', 'Last-Event-ID': lastId } });
    assert.equal(resumed.status, 200);
    let text = '';
    for await (const chunk of resumed.body) {
        text += Buffer.from(chunk).toString();
        if (/"id": ?70/.test(text)) break;
    }
    assert.match(text, /"progress":2/);
    assert.match(text, /"progress":4/);
    assert.doesNotMatch(text, /"progress":1,/);
});

test('trace context comes in by _meta and goes out to the server', async () => {
    const { headers } = await session();
    const traceId = 'aaaabbbbccccddddeeeeffff00001111';
    await post(oriel.url, { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'x' }, _meta: { traceparent: `00-${traceId}-1234567890abcdef-01` } } },
               { ...headers, traceparent: '00-11112222333344445555666677778888-abcdefabcdefabcd-01' });
    const trace = await until(async () => {
        const response = await oriel.api(`/api/v1/traces/${traceId}`, { headers: auth() });
        return response.status === 200 && response.json();
    });
    const spans = trace.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans));
    const server = spans.find((span) => span.kind === 2);
    assert.equal(server.parentSpanId, '1234567890abcdef');
    assert.equal(server.links[0].traceId, '11112222333344445555666677778888');
});
