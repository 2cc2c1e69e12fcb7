// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that a client can get wrong: the status, the JSON-RPC code, and where the refusal can be seen.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LineClient, modernMeta } from './peers/line_client.mjs';
import { Oriel, initialize, post, until } from './peers/oriel.mjs';

const conformanceServer = process.env.ORIEL_CONFORMANCE_SERVER ?? path.resolve('build/release/bin/oriel-conformance-server');
const both = 'application/json, text/event-stream';

let oriel;
let session;
let batches;

before(async () => {
    oriel = await Oriel.start({ config: { gateway: { maxBodyBytes: 1024 * 1024 }, mcpServers: { fixture: { command: conformanceServer, args: ['--era', 'dual'] } } } });
    await oriel.ready();
    const open = async (version) => {
        const opened = await post(oriel.url, initialize(version));
        return { 'Mcp-Session-Id': opened.headers.get('mcp-session-id'), 'MCP-Protocol-Version': version };
    };
    session = await open('2025-11-25');
    batches = await open('2025-03-26');
});
after(() => oriel?.stop());

/** A request with exactly these header fields; null leaves a usual one out. */
function raw({ method = 'POST', path: route = '/mcp', headers = {}, body = '' }) {
    const { hostname, port, host } = new URL(oriel.url);
    const fields = { Host: host, 'Content-Type': 'application/json', Accept: both, ...headers };
    for (const name of Object.keys(fields)) if (fields[name] === null) delete fields[name];
    return new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, method, path: route, headers: fields }, (response) => {
            let text = '';
            response.on('data', (chunk) => (text += chunk));
            response.on('end', () => {
                let json;
                try {
                    json = JSON.parse(text);
                } catch {
                    // Not every answer is JSON.
                }
                resolve({ status: response.statusCode, headers: response.headers, json, text });
            });
        });
        request.once('error', reject);
        request.end(body);
    });
}

/** http_requests_total with this status, over all methods and endpoints. */
async function counted(status) {
    const text = await (await oriel.api('/metrics')).text();
    return [...text.matchAll(/^http_requests_total\{([^}]*)\} (\S+)/gm)].filter(([, labels]) => labels.includes(`status="${status}"`)).reduce((sum, [, , value]) => sum + Number(value), 0);
}

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const modern = (method, params = {}, headers = {}) => ({
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: modernMeta() } },
    headers: { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...headers },
});
const call = (args, headers) => modern('tools/call', { name: 'fixture__test_x_mcp_header', arguments: args }, { 'Mcp-Name': 'fixture__test_x_mcp_header', ...headers });
const anonymous = (method, _meta) => ({ body: { jsonrpc: '2.0', id: 1, method, params: _meta ? { _meta } : {} }, headers: { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method } });
const nested = `${'['.repeat(200)}${']'.repeat(200)}`;

// What is refused before it is known to be a message has no record; `code` null: the answer is no JSON-RPC error.
const transport = [
    ['a foreign Host', { headers: { Host: 'evil.example' }, body: ping }, 403, -32600],
    ['a Host of another port', { headers: { Host: '127.0.0.1:1' }, body: ping }, 403, -32600],
    ['a foreign Origin', { headers: { Origin: 'https://evil.example' }, body: ping }, 403, -32600],
    ['an opaque Origin', { headers: { Origin: 'null' }, body: ping }, 403, -32600],
    ['another Content-Type', { headers: { 'Content-Type': 'text/plain' }, body: ping }, 415, -32600],
    ['no Content-Type', { headers: { 'Content-Type': null }, body: ping }, 415, -32600],
    ['Accept without event streams', { headers: { Accept: 'application/json' }, body: ping }, 406, -32600],
    ['Accept without JSON', { headers: { Accept: 'text/event-stream' }, body: ping }, 406, -32600],
    ['event streams refused by weight', { headers: { Accept: 'application/json, text/event-stream;q=0' }, body: ping }, 406, -32600],
    ['PUT', { method: 'PUT', body: ping }, 405, -32600],
    ['GET of 2026-07-28', { method: 'GET', headers: { 'MCP-Protocol-Version': '2026-07-28' } }, 405, -32600],
    ['DELETE of 2026-07-28', { method: 'DELETE', headers: { 'MCP-Protocol-Version': '2026-07-28' } }, 405, -32600],
    ['GET without a session', { method: 'GET' }, 400, -32000],
    ['GET of an unknown session', { method: 'GET', headers: { 'Mcp-Session-Id': 'unknown' } }, 404, -32001],
    ['DELETE of an unknown session', { method: 'DELETE', headers: { 'Mcp-Session-Id': 'unknown' } }, 404, -32001],
    ['an unknown server', { path: '/mcp/nobody', body: ping }, 404, -32600],
    ['an unknown route', { path: '/nowhere', body: ping }, 404, null],
    ['a body over the limit', { headers: { 'Content-Length': String(1024 * 1024 + 1) } }, 413, null],
];

const message = [
    ['no JSON', { body: '{"jsonrpc":"2.0","id":1,"method":' }, 400, -32700],
    ['nothing', { body: '' }, 400, -32700],
    ['no UTF-8', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }, 400, -32700],
    ['too deep', { body: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${nested}}}` }, 400, -32600],
    ['no object', { body: '"ping"' }, 400, -32600],
    ['an empty batch', { body: '[]' }, 400, -32600],
    ['a duplicate key', { body: '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}' }, 400, -32600],
    ['a duplicate key deep inside', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":{"y":1,"y":2}}}}' }, 400, -32600],
    ['a duplicate key by escape', { body: '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"ping"}' }, 400, -32600],
    ['a case variant', { body: '{"jsonrpc":"2.0","id":1,"Method":"ping"}' }, 400, -32600],
    ['a case variant beside the key', { body: '{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}' }, 400, -32600],
    ['a case variant by folding', { body: '{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}' }, 400, -32600],
    ['another jsonrpc', { body: '{"jsonrpc":"1.0","id":1,"method":"ping"}' }, 400, -32600],
    ['an id that is no id', { body: '{"jsonrpc":"2.0","id":{},"method":"ping"}' }, 400, -32600],
    ['a call without a name', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', in: 'session' }, 400, -32602],
    ['no session', { body: ping }, 400, -32000],
    ['an unknown session', { body: ping, headers: { 'Mcp-Session-Id': 'unknown' } }, 404, -32001],
    ['a revision that nobody speaks', { body: ping, in: 'session', headers: { 'MCP-Protocol-Version': '1999-01-01' } }, 400, -32000],
    ['a batch in 2025-11-25', { body: [ping], in: 'session' }, 400, -32600],
    ['a batch in 2026-07-28', { body: [anonymous('tools/list', modernMeta()).body], headers: { 'MCP-Protocol-Version': '2026-07-28' } }, 400, -32600],
    ['initialize without parameters', { body: { jsonrpc: '2.0', id: 1, method: 'initialize' } }, 200, -32602],
    ['initialize in 2026-07-28', modern('initialize'), 404, -32601],
    ['ping in 2026-07-28', modern('ping'), 404, -32601],
    ['logging/setLevel in 2026-07-28', modern('logging/setLevel', { level: 'info' }), 404, -32601],
    ['resources/subscribe in 2026-07-28', modern('resources/subscribe', { uri: 'test://static-text' }), 404, -32601],
    ['an unknown method in 2026-07-28', modern('no/such'), 404, -32601],
    ['a response in 2026-07-28', { body: { jsonrpc: '2.0', id: 1, result: {} }, headers: { 'MCP-Protocol-Version': '2026-07-28' } }, 400, -32600],
    ['no _meta in 2026-07-28', anonymous('tools/list'), 400, -32602],
    ['no capabilities in 2026-07-28', anonymous('tools/list', { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }), 400, -32602],
    ['another version in the body', { ...anonymous('tools/list', { ...modernMeta(), 'io.modelcontextprotocol/protocolVersion': '2025-11-25' }) }, 400, -32020],
    ['a future version', { ...anonymous('tools/list', { ...modernMeta(), 'io.modelcontextprotocol/protocolVersion': '2031-01-01' }), headers: { 'MCP-Protocol-Version': '2031-01-01', 'Mcp-Method': 'tools/list' } }, 400, -32022],
    ['no Mcp-Method', modern('tools/list', {}, { 'Mcp-Method': null }), 400, -32020],
    ['another Mcp-Method', modern('tools/list', {}, { 'Mcp-Method': 'prompts/list' }), 400, -32020],
    ['Mcp-Method in another case', modern('tools/list', {}, { 'Mcp-Method': 'Tools/List' }), 400, -32020],
    ['no Mcp-Name', call({}, { 'Mcp-Name': null }), 400, -32020],
    ['another Mcp-Name', call({}, { 'Mcp-Name': 'other' }), 400, -32020],
    ['Mcp-Name in broken base64', call({}, { 'Mcp-Name': '=?base64?!!?=' }), 400, -32020],
    ['an argument without its header', call({ region: 'eu' }), 400, -32020],
    ['a header without its argument', call({}, { 'Mcp-Param-Region': 'eu' }), 400, -32020],
    ['a header of another value', call({ region: 'eu' }, { 'Mcp-Param-Region': 'us' }), 400, -32020],
    ['a header of another number', call({ priority: 3 }, { 'Mcp-Param-Priority': '4' }), 400, -32020],
    ['a header in broken base64', call({ region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8?=' }), 400, -32020],
    ['an unknown method', { body: { jsonrpc: '2.0', id: 1, method: 'no/such' }, in: 'session' }, 200, -32601],
    ['server/discover in a session', { body: { jsonrpc: '2.0', id: 1, method: 'server/discover' }, in: 'session' }, 200, -32601],
    ['an unknown tool', { body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'nobody__nothing' } }, in: 'session' }, 200, -32602],
    ['an unknown cursor', { body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 'made-up' } }, in: 'session' }, 200, -32602],
    ['an unknown level', { body: { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'loud' } }, in: 'session' }, 200, -32602],
    ['a state that nobody gave', modern('tools/call', { name: 'fixture__test_simple_text', requestState: 'oriel1.made-up' }, { 'Mcp-Name': 'fixture__test_simple_text' }), 200, -32602],
];

function send({ body, in: where, headers = {}, ...rest }, requestId) {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : body === undefined ? '' : JSON.stringify(body);
    return raw({ ...rest, body: text, headers: { 'X-Request-ID': requestId, ...(where === 'session' ? session : {}), ...headers } });
}

let number = 0;
for (const [name, request, status, code] of transport) {
    test(`${name}: ${status}`, async () => {
        const before = await counted(status);
        const requestId = `refused-${++number}`;
        const answer = await send(request, requestId);
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.headers['x-request-id'], requestId);
        if (code !== null) assert.equal(answer.json?.error.code, code, answer.text);
        await until(async () => (await counted(status)) > before, 10000, 'the refusal to be counted');
    });
}

for (const [name, request, status, code] of message) {
    test(`${name}: ${status}, ${code}`, async () => {
        const before = await counted(status);
        const requestId = `refused-${++number}`;
        const answer = await send(request, requestId);
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.headers['x-request-id'], requestId);
        assert.equal(answer.json?.error.code, code, answer.text);
        const [trace] = await until(async () => {
            const { traces } = await oriel.json(`/api/v1/traces?filter=${encodeURIComponent(`request.id=${requestId}`)}`);
            return traces.length > 0 && traces;
        }, 10000, 'the record of the refusal');
        const detail = await oriel.json(`/api/v1/traces/${trace.traceId}`);
        const [span] = detail.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)).filter((one) => one.kind === 2);
        const attribute = (key) => Object.values(span.attributes.find((one) => one.key === key)?.value ?? {})[0];
        assert.equal(attribute('rpc.response.status_code'), String(code));
        // The conventions blame these on the caller, and a server's span is no error for them.
        const blamed = [-32700, -32600, -32601, -32602].includes(code);
        assert.equal(attribute('error.type'), blamed ? undefined : String(code));
        assert.ok((await counted(status)) > before, 'counted');
    });
}

test('after all of that everything works', async () => {
    assert.deepEqual((await post(oriel.url, ping, session)).body, { jsonrpc: '2.0', id: 1, result: {} });
    const good = call({ region: 'Zürich', priority: 7, dryRun: true, options: { zone: 'a' } }, { 'Mcp-Param-Region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=`, 'Mcp-Param-Priority': '7.0', 'mcp-param-dry-run': 'true', 'Mcp-Param-Zone': 'a' });
    const answer = await send(good, 'good');
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.json.result.content[0].text, /Zürich/);
});

test('a batch of 2025-03-26 is answered for each request, the broken ones too', async () => {
    const { body } = await post(oriel.url, [ping, { jsonrpc: '2.0', id: 2, method: 7 }, { jsonrpc: '2.0', method: 'notifications/x' }, { ...ping, id: 3 }], batches);
    assert.equal(body.length, 3);
    assert.deepEqual(body.filter((one) => one.result).map((one) => one.id).sort(), [1, 3]);
    assert.equal(body.find((one) => one.error).error.code, -32600);
});

test('a state is good for one retry', async () => {
    const params = { name: 'fixture__test_elicitation', arguments: { message: 'who' } };
    const named = { 'Mcp-Name': params.name };
    const elicitation = modern('tools/call', params, named);
    elicitation.body.params._meta = modernMeta({ elicitation: {} });
    const { result } = (await send(elicitation, 'state-1')).json;
    assert.equal(result.resultType, 'input_required');
    const [key] = Object.keys(result.inputRequests);
    elicitation.body.params.inputResponses = { [key]: { action: 'decline' } };
    elicitation.body.params.requestState = result.requestState;
    assert.equal((await send(elicitation, 'state-2')).json.result.resultType, 'complete');
    const again = (await send(elicitation, 'state-3')).json;
    // The fixture speaks 2026-07-28 itself, so the state is its own; it may take it again, or refuse.
    assert.ok(again.error?.code === -32602 || again.result.resultType === 'complete', JSON.stringify(again));
});

test('connections that are closed half way leave nothing behind', async () => {
    const { hostname, port, host } = new URL(oriel.url);
    const halves = ['', 'POST /mcp HT', `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"jsonrpc"`];
    for (const half of halves) {
        await new Promise((resolve, reject) => {
            const socket = net.connect(Number(port), hostname, () => socket.end(half));
            socket.on('error', reject);
            socket.on('close', resolve);
            socket.resume();
        });
    }
    assert.deepEqual((await post(oriel.url, ping, session)).body, { jsonrpc: '2.0', id: 1, result: {} });
});

test('on a pipe the same mistakes get the same codes, and are seen', async () => {
    const client = new LineClient(['bridge', '--data-dir', oriel.dataDir, '--config', oriel.configPath], oriel.env);
    await client.initialize();
    const cases = [
        ['{nonsense', -32700],
        ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"Method":"ping","method":"ping"}', -32600],
        ['[]', -32600],
        [JSON.stringify([ping]), -32600],
        [JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'no/such' }), -32601],
        [JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: modernMeta() } }), -32601],
        [JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2031-01-01' } } }), -32022],
        [JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } }), -32602],
    ];
    for (const [line, code] of cases) {
        const from = client.received.length;
        client.send(line);
        const answer = await client.next((one) => one.error !== undefined, line, { from });
        assert.equal(answer.error.code, code, line);
    }
    assert.equal(await client.end(), 0);
    await until(async () => (await oriel.json('/api/v1/traces?filter=name%3D_OTHER&limit=1000')).traces.length >= 3, 10000, 'the records');
});
