// SPDX-License-Identifier: GPL-3.0-or-later
// Event streams of the handshake revisions that break in the middle of a call, on either side of the gateway: the client gets
// everything, once.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { startServer } from '../conformance/suites.mjs';
import { Oriel, initialize, post } from './peers/oriel.mjs';

let fixture;
let cutter;
let oriel;

/** A way to the server that breaks a connection when `cut` says so of what the server has answered on it so far. */
class Cutter {
    constructor(target) {
        this.target = new URL(target);
        this.cut = () => false;
        this.cuts = 0;
        this.server = http.createServer((request, response) => {
            const { hostname, port, host } = this.target;
            const on = http.request({ hostname, port, path: request.url, method: request.method, headers: { ...request.headers, host } }, (answer) => {
                response.writeHead(answer.statusCode, answer.headers);
                response.flushHeaders();
                let text = '';
                answer.on('data', (chunk) => {
                    text += chunk;
                    const breaks = this.cut(text);
                    // What was written has to be on its way first.
                    response.write(chunk, () => {
                        if (!breaks) return;
                        ++this.cuts;
                        response.destroy();
                        on.destroy();
                    });
                });
                answer.on('end', () => response.end());
                answer.on('error', () => response.destroy());
            });
            on.on('error', () => response.destroy());
            response.on('close', () => on.destroy());
            request.pipe(on);
        });
    }
    async listen() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${this.server.address().port}${this.target.pathname}`;
    }
}

before(async () => {
    fixture = await startServer('2025-11-25');
    cutter = new Cutter(fixture.url);
    oriel = await Oriel.start({ config: { mcpServers: { fixture: { type: 'http', url: await cutter.listen() } } } });
    await oriel.ready();
});
after(async () => {
    await oriel?.stop();
    cutter?.server.closeAllConnections();
    cutter?.server.close();
    await fixture?.stop();
});

async function session() {
    const opened = await post(`${oriel.url}/fixture`, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id'), 'MCP-Protocol-Version': '2025-11-25' };
    await post(`${oriel.url}/fixture`, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    return headers;
}

/** Reads a stream until `enough` holds for its text; then the connection is broken. */
function readUntil({ method = 'POST', headers, body, enough }) {
    const { hostname, port, pathname } = new URL(`${oriel.url}/fixture`);
    return new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, path: pathname, method, headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers } }, (response) => {
            let text = '';
            const done = () => resolve({ status: response.statusCode, type: response.headers['content-type'], text });
            response.on('data', (chunk) => {
                text += chunk;
                if (enough?.(text)) {
                    request.destroy();
                    done();
                }
            });
            response.on('end', done);
        });
        request.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
        request.end(body);
    });
}

const messages = (text) => [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, data]) => JSON.parse(data));
const lastId = (text) => [...text.matchAll(/^id: ?(.+)$/gm)].at(-1)[1];
const call = (id, name, args = {}, _meta = undefined) => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args, _meta } });
const progressOf = (all) => all.filter((message) => message.method === 'notifications/progress').map((message) => message.params.progress);

test('a slow call gets a stream that can be resumed before anything was said on it', async () => {
    const headers = await session();
    const broken = await readUntil({ headers, body: call(1, 'slow_compute', { seconds: 3 }), enough: (text) => /^id: .+\ndata:/m.test(text) });
    assert.match(broken.type, /text\/event-stream/);
    assert.deepEqual(messages(broken.text), []);
    assert.match(broken.text, /^retry: \d+$/m);
    const rest = await readUntil({ method: 'GET', headers: { ...headers, 'Last-Event-ID': lastId(broken.text) } });
    const answers = messages(rest.text);
    assert.equal(answers.length, 1);
    assert.equal(answers[0].id, 1);
    assert.ok(answers[0].result);
    const again = await readUntil({ method: 'GET', headers: { ...headers, 'Last-Event-ID': lastId(rest.text) } });
    assert.deepEqual(messages(again.text), [], 'what was seen is not sent again');
});

test('a client whose stream broke gets the rest once, in order', async () => {
    const headers = await session();
    const broken = await readUntil({ headers, body: call(2, 'test_tool_with_progress', {}, { progressToken: 'p' }), enough: (text) => /"progress":0/.test(text) });
    const rest = await readUntil({ method: 'GET', headers: { ...headers, 'Last-Event-ID': lastId(broken.text) } });
    const all = [...messages(broken.text), ...messages(rest.text)];
    assert.deepEqual(progressOf(all), [0, 50, 100]);
    assert.equal(all.at(-1).id, 2);
    assert.equal(all.length, 4);
});

test('a server whose stream broke is asked for the rest, and the client notices nothing', async () => {
    const headers = await session();
    let begun = false;
    cutter.cuts = 0;
    cutter.cut = (text) => !begun && /"progress":0/.test(text) && (begun = true);
    const whole = await readUntil({ headers, body: call(3, 'test_tool_with_progress', {}, { progressToken: 'p' }) });
    cutter.cut = () => false;
    assert.equal(cutter.cuts, 1, 'the connection did break');
    const all = messages(whole.text);
    assert.deepEqual(progressOf(all), [0, 50, 100]);
    assert.equal(all.at(-1).id, 3);
    assert.equal(all.at(-1).result.content[0].text, 'Tool with progress executed successfully');
    assert.equal(all.length, 4);
});

test('a server that closes its stream to be asked again is passed on as that', async () => {
    const headers = await session();
    const first = await readUntil({ headers, body: call(4, 'test_reconnection') });
    assert.deepEqual(messages(first.text), [], 'the stream ends before the answer');
    assert.match(first.text, /^retry: \d+$/m);
    const rest = await readUntil({ method: 'GET', headers: { ...headers, 'Last-Event-ID': lastId(first.text) } });
    assert.deepEqual(messages(rest.text).map((message) => message.id), [4]);
});

test('an event id of another session is refused', async () => {
    const one = await session();
    const broken = await readUntil({ headers: one, body: call(5, 'test_tool_with_progress', {}, { progressToken: 'p' }) });
    const other = await session();
    const refused = await readUntil({ method: 'GET', headers: { ...other, 'Last-Event-ID': lastId(broken.text) } });
    assert.equal(refused.status, 400);
});
