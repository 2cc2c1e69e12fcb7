// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks and elicitation by URL of the official everything server (2025-11-25, over stdio and HTTP) behind the gateway, for clients of
// every kind: the official SDK, and plain requests of 2026-07-28.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { everythingServer, load } from './peers/modules.mjs';
import { Oriel, startServer, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

const { Client } = await load('@modelcontextprotocol/sdk/dist/esm/client/index.js');
const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js');
const types = await load('@modelcontextprotocol/sdk/dist/esm/types.js');

const servers = ['pipe', 'web'];
let oriel;
let web;

async function connect(elicit, capabilities = { elicitation: { form: {}, url: {} } }) {
    const client = new Client({ name: 'sdk-client', version: '1.32.2' }, { capabilities });
    if (elicit) client.setRequestHandler(types.ElicitRequestSchema, async ({ params }) => elicit(params));
    await client.connect(new StreamableHTTPClientTransport(new URL(oriel.url)));
    return client;
}

let lastId = 0;
/** A request of a client of 2026-07-28. */
async function ask(method, params, capabilities) {
    const name = params.taskId ?? params.name;
    const response = await fetch(oriel.url, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
            'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...(name ? { 'Mcp-Name': name } : {}),
        },
        body: JSON.stringify({
            jsonrpc: '2.0', id: ++lastId, method,
            params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': capabilities } },
        }),
    });
    const text = await response.text();
    const last = text.startsWith('{') ? text : text.trim().split('\n').filter((line) => line.startsWith('data: {')).pop().slice(6);
    return JSON.parse(last);
}

before(async () => {
    const port = await freePort();
    web = await startServer(process.execPath, [everythingServer, 'streamableHttp'], { PORT: String(port) }, (out) => /listening|port/i.test(out));
    oriel = await Oriel.start({
        config: {
            mcpServers: {
                pipe: { command: process.execPath, args: [everythingServer, 'stdio'] },
                web: { type: 'http', url: `http://127.0.0.1:${port}/mcp` },
            },
        },
    });
    await oriel.ready();
});

after(async () => {
    await oriel?.stop();
    await web?.stop();
});

for (const server of servers) {
    test(`a tool of ${server} that runs as a task only is one for the SDK's client, which is asked while it runs`, async () => {
        const asked = [];
        const client = await connect((params) => {
            asked.push(params.message);
            return { action: 'accept', content: { interpretation: 'technical' } };
        });
        await client.listTools();
        const call = { name: `${server}__simulate-research-query`, arguments: { topic: 'python', ambiguous: true } };
        const statuses = [];
        let created;
        let result;
        for await (const message of client.experimental.tasks.callToolStream(call, types.CallToolResultSchema, { task: { ttl: 60_000 } })) {
            if (message.type === 'taskCreated') created = message.task;
            if (message.type === 'taskStatus') statuses.push(message.task.status);
            if (message.type === 'result') result = message.result;
            assert.notEqual(message.type, 'error', String(message.error));
        }
        assert.ok(statuses.includes('input_required'), `${statuses}`);
        assert.match(asked[0], new RegExp(`^${server}: `), 'the user sees who asks');
        assert.match(result.content[0].text, /technical/);
        assert.equal(result._meta['io.modelcontextprotocol/related-task'].taskId, created.taskId);
        const listed = await client.experimental.tasks.listTasks();
        assert.deepEqual(listed.tasks.map((task) => [task.taskId, task.status]), [[created.taskId, 'completed']]);
        const stranger = await connect();
        await assert.rejects(stranger.experimental.tasks.getTask(created.taskId), /-32602/);
        await stranger.close();
        await client.close();
    });

    test(`the same tool of ${server} is a task of the extension for a client of 2026-07-28`, async () => {
        const capabilities = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
        const call = { name: `${server}__simulate-research-query`, arguments: { topic: 'java', ambiguous: true } };
        const begun = await ask('tools/call', call, capabilities);
        assert.equal(begun.result.resultType, 'task');
        const { taskId } = begun.result;
        const input = await until(async () => {
            const { result } = await ask('tasks/get', { taskId }, capabilities);
            return result.status === 'input_required' && result;
        });
        const [[key, request]] = Object.entries(input.inputRequests);
        assert.equal(request.method, 'elicitation/create');
        assert.equal('_meta' in request.params, false);
        const updated = await ask('tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { interpretation: 'island' } } } }, capabilities);
        assert.equal(updated.result.resultType, 'complete');
        const done = await until(async () => {
            const { result } = await ask('tasks/get', { taskId }, capabilities);
            return result.status === 'completed' && result;
        });
        assert.match(done.result.content[0].text, /island/);
        assert.equal((await ask('tools/call', call, {})).error.code, -32021, 'without the extension it cannot be called');
    });
}

/** What the server's -32042 says, whatever the call's own message is. */
const prerequisite = 'Open this link to satisfy the prerequisite, then retry the request.';

test('a page that the server needs opened is asked for in both ways, and its end told', async () => {
    const asked = [];
    const client = await connect((params) => {
        asked.push(params);
        return { action: 'accept' };
    });
    const call = (more) => client.callTool({ name: 'pipe__trigger-url-elicitation', arguments: { url: 'https://example.com/x', message: 'Open it', ...more } });
    await call({ elicitationId: 'page-1' });
    assert.deepEqual([asked[0].mode, asked[0].url, asked[0].message, asked[0].elicitationId], ['url', 'https://example.com/x', 'pipe: Open it', 'page-1']);
    await assert.rejects(call({ errorPath: true, elicitationId: 'page-2' }), (error) => {
        assert.equal(error.code, -32042);
        assert.match(error.data.elicitations[0].elicitationId, /^[0-9a-f-]{36}$/);
        assert.equal(error.data.elicitations[0].message, `pipe: ${prerequisite}`);
        return true;
    });
    await call({ errorPath: true, elicitationId: 'page-2' });
    assert.equal(asked.length, 2, 'the retry goes on by asking');
    await client.close();

    const forms = await connect(() => assert.fail('a client without pages is not asked'), { elicitation: { form: {} } });
    await assert.rejects(forms.callTool({ name: 'pipe__trigger-url-elicitation', arguments: { url: 'https://example.com/y', message: 'm', errorPath: true } }), (error) => error.code === -32000);
    await forms.close();
});

test('a page becomes input that is required for a client of 2026-07-28', async () => {
    const capabilities = { elicitation: { url: {} } };
    const call = { name: 'web__trigger-url-elicitation', arguments: { url: 'https://example.com/z', message: 'Open it', errorPath: true, elicitationId: 'page-3' } };
    const refused = await ask('tools/call', call, capabilities);
    assert.equal(refused.result.resultType, 'input_required');
    const [[key, request]] = Object.entries(refused.result.inputRequests);
    assert.deepEqual(request, { method: 'elicitation/create', params: { mode: 'url', url: 'https://modelcontextprotocol.io', message: `web: ${prerequisite}` } });
    const accept = (state, name) => ask('tools/call', { ...call, requestState: state, inputResponses: { [name]: { action: 'accept' } } }, capabilities);
    const again = await accept(refused.result.requestState, key);
    assert.equal(again.result.resultType, 'input_required', 'the server asks plainly when it is called again');
    const done = await accept(again.result.requestState, Object.keys(again.result.inputRequests)[0]);
    assert.equal(done.result.resultType, 'complete');
});
