// SPDX-License-Identifier: GPL-3.0-or-later
// What the official suites do not look at in the conformance server, and tests behind the gateway rely on: stdio, batches, HTTP+SSE,
// cancellation, resumption, tasks of 2025-11-25, elicitation by URL, how each era refuses the other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createInterface } from 'node:readline';
import { serverProgram, startServer } from './suites.mjs';

const modernMeta = (capabilities = {}, more = {}) => ({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...more,
});
const subscription = 'io.modelcontextprotocol/subscriptionId';
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** The server on a pipe: what it writes is taken one by one, in order. */
class Pipe {
    constructor(era) {
        this.child = spawn(serverProgram, ['--era', era], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.exited = once(this.child, 'exit');
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }
    send(message) {
        this.child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    }
    async next() {
        const { value, done } = await this.lines.next();
        return done ? undefined : JSON.parse(value);
    }
    async ask(id, method, params) {
        this.send({ jsonrpc: '2.0', id, method, params });
        return this.next();
    }
    async initialize(protocolVersion, capabilities = {}) {
        const answer = await this.ask('i', 'initialize', { protocolVersion, capabilities, clientInfo: { name: 't', version: '1' } });
        this.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
        return answer;
    }
    async end() {
        this.child.stdin.end();
        const [code] = await this.exited;
        return code;
    }
}

async function withPipe(era, use) {
    const pipe = new Pipe(era);
    try {
        await use(pipe);
    } finally {
        pipe.child.kill();
        await pipe.exited;
    }
}

async function withServer(era, use) {
    const server = await startServer(era);
    try {
        await use(server.url);
    } finally {
        await server.stop();
    }
}

const both = 'application/json, text/event-stream';
const post = (url, message, headers = {}, more = {}) =>
    fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: both, ...headers }, body: JSON.stringify(message), ...more });
const postModern = (url, id, method, params, headers = {}, more = {}) =>
    post(url, { jsonrpc: '2.0', id, method, params }, { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...headers }, more);

/** The messages of an event stream with their ids; priming events have no message. */
async function* events(response) {
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]));
            text = text.slice(end + 2);
            if ('data' in fields) yield { id: fields.id, event: fields.event, text: fields.data, message: fields.data.startsWith('{') || fields.data.startsWith('[') ? JSON.parse(fields.data) : undefined };
        }
    }
}
const last = async (response) => {
    let found;
    for await (const event of events(response)) found = event.message ?? found;
    return found;
};

async function openSession(url, version, capabilities = {}) {
    const opened = await post(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: version, capabilities, clientInfo: { name: 't', version: '1' } } });
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id'), 'MCP-Protocol-Version': version };
    await opened.text();
    assert.equal((await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)).status, 202);
    return headers;
}

for (const era of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']) {
    test(`on a pipe a server of ${era} speaks that revision and ends with its input`, () =>
        withPipe(era, async (pipe) => {
            assert.equal((await pipe.ask(1, 'server/discover', { _meta: modernMeta() })).error.code, -32601);
            assert.equal((await pipe.ask(2, 'tools/list', {})).error.code, -32600, 'nothing before initialize');
            assert.equal((await pipe.initialize('2025-11-25')).result.protocolVersion, era);
            const answer = await pipe.ask('x', 'tools/call', { name: 'test_simple_text' });
            assert.equal(answer.id, 'x');
            assert.equal(answer.result.content[0].text, 'This is a simple text response for testing.');
            assert.equal('resultType' in answer.result, false);
            assert.equal((await pipe.ask(3, 'resources/read', { uri: 'test://none' })).error.code, -32002);
            assert.equal((await pipe.ask(4, 'subscriptions/listen', {})).error.code, -32601);
            assert.equal(await pipe.end(), 0);
        }));
}

test('on a pipe a server of 2026-07-28 serves without a handshake and refuses one by naming its versions', () =>
    withPipe('2026-07-28', async (pipe) => {
        const refused = await pipe.ask(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } });
        assert.deepEqual(refused.error.data, { supported: ['2026-07-28'], requested: '2025-11-25' });
        const found = await pipe.ask(2, 'server/discover', { _meta: modernMeta() });
        assert.deepEqual(found.result.supportedVersions, ['2026-07-28']);
        assert.equal((await pipe.ask(3, 'tools/list', {})).error.code, -32602);
        const missing = await pipe.ask(4, 'resources/read', { uri: 'test://none', _meta: modernMeta() });
        assert.equal(missing.error.code, -32602);
        pipe.send('{nonsense');
        assert.equal((await pipe.next()).error.code, -32700);
    }));

test('on one pipe a dual server serves both eras', () =>
    withPipe('dual', async (pipe) => {
        assert.equal((await pipe.ask(1, 'tools/list', { _meta: modernMeta() })).result.resultType, 'complete');
        assert.equal((await pipe.initialize('2025-06-18')).result.protocolVersion, '2025-06-18');
        assert.equal('resultType' in (await pipe.ask(2, 'tools/list', {})).result, false);
        assert.equal((await pipe.ask(3, 'ping', { _meta: modernMeta() })).error.code, -32601);
    }));

test('a listening client on a pipe is told what it asked for, until it cancels', () =>
    withPipe('2026-07-28', async (pipe) => {
        const filter = { toolsListChanged: true, resourceSubscriptions: ['test://watched-resource'] };
        const ack = await pipe.ask('sub', 'subscriptions/listen', { notifications: filter, _meta: modernMeta() });
        assert.equal(ack.method, 'notifications/subscriptions/acknowledged');
        assert.deepEqual(ack.params, { _meta: { [subscription]: 'sub' }, notifications: filter });
        const call = (id, name) => pipe.ask(id, 'tools/call', { name, _meta: modernMeta() });
        assert.equal((await call(1, 'test_trigger_prompt_change')).id, 1, 'prompts were not asked for');
        const updated = await call(2, 'test_trigger_resource_update');
        assert.deepEqual(updated.params, { _meta: { [subscription]: 'sub' }, uri: 'test://watched-resource' });
        assert.equal((await pipe.next()).id, 2);
        pipe.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'sub' } });
        assert.equal((await call(3, 'test_trigger_tool_change')).id, 3);
        await pipe.ask('again', 'subscriptions/listen', { notifications: filter, _meta: modernMeta() });
        pipe.child.stdin.end();
        const ended = await pipe.next();
        assert.equal(ended.id, 'again');
        assert.deepEqual([ended.result.resultType, ended.result._meta[subscription]], ['complete', 'again']);
    }));

test('a cancelled request gets no answer in either era', () =>
    withPipe('dual', async (pipe) => {
        await pipe.initialize('2025-11-25');
        for (const _meta of [undefined, modernMeta()]) {
            pipe.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow_compute', arguments: { seconds: 3000 }, _meta } });
            pipe.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow' } });
            assert.equal((await pipe.ask('next', 'tools/list', { _meta })).id, 'next');
        }
        const state = await pipe.ask('state', 'resources/read', { uri: 'test://server-state' });
        assert.equal(JSON.parse(state.result.contents[0].text).cancelled, 2);
    }));

test('closing the stream cancels in 2026-07-28', () =>
    withServer('2026-07-28', async (url) => {
        const aborting = new AbortController();
        const slow = postModern(url, 1, 'tools/call', { name: 'slow_compute', arguments: { seconds: 3000 }, _meta: modernMeta() }, { 'Mcp-Name': 'slow_compute' }, { signal: aborting.signal });
        const cancelled = async () => {
            const answer = await postModern(url, 2, 'resources/read', { uri: 'test://server-state', _meta: modernMeta() }, { 'Mcp-Name': 'test://server-state' });
            return JSON.parse((await answer.json()).result.contents[0].text).cancelled;
        };
        assert.equal(await cancelled(), 0);
        aborting.abort();
        await assert.rejects(slow);
        while ((await cancelled()) === 0);
        assert.equal(await cancelled(), 1);
    }));

test('a listen stream ends with its result when the server is stopped', async () => {
    const server = await startServer('2026-07-28');
    const stream = events(await postModern(server.url, 9, 'subscriptions/listen', { notifications: {}, _meta: modernMeta() }));
    assert.equal((await stream.next()).value.message.method, 'notifications/subscriptions/acknowledged');
    await server.stop();
    const { message } = (await stream.next()).value;
    assert.deepEqual([message.id, message.result.resultType, message.result._meta[subscription]], [9, 'complete', 9]);
    assert.equal((await stream.next()).done, true);
});

test('what was asked for a cancelled request is withdrawn', () =>
    withPipe('2025-06-18', async (pipe) => {
        await pipe.initialize('2025-06-18', { sampling: {} });
        const question = await pipe.ask('a', 'tools/call', { name: 'test_sampling', arguments: { prompt: 'p' } });
        assert.equal(question.method, 'sampling/createMessage');
        pipe.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'a' } });
        assert.deepEqual(await pipe.next(), { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: question.id } });
        pipe.send({ jsonrpc: '2.0', id: question.id, result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'late' } } });
        assert.equal((await pipe.ask('b', 'ping', {})).id, 'b');
    }));

test('2026-07-28 over HTTP knows no sessions, streams of their own or other eras', () =>
    withServer('2026-07-28', async (url) => {
        for (const method of ['GET', 'DELETE', 'PUT']) assert.equal((await fetch(url, { method, headers: { Accept: both } })).status, 405);
        const old = await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
        assert.equal(old.status, 400);
        assert.deepEqual((await old.json()).error.data.supported, ['2026-07-28']);
        const answer = await postModern(url, 7, 'tools/list', { _meta: modernMeta() }, { 'Mcp-Session-Id': 'x', 'Last-Event-ID': '1-1' });
        assert.equal(answer.headers.get('mcp-session-id'), null);
        assert.equal((await answer.json()).id, 7);
        assert.equal((await post(url, [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }])).status, 400);
    }));

test('a batch of 2025-03-26 is answered as one, and no other revision takes batches', async () => {
    const batch = [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/x' }, { jsonrpc: '2.0', id: '1', method: 'tools/list' }];
    await withPipe('2025-03-26', async (pipe) => {
        await pipe.initialize('2025-03-26');
        pipe.send(batch);
        assert.deepEqual((await pipe.next()).map((answer) => answer.id), [1, '1']);
    });
    await withServer('dual', async (url) => {
        const answer = await post(url, batch, await openSession(url, '2025-03-26'));
        assert.deepEqual((await last(answer)).map((each) => each.id), [1, '1']);
        assert.equal((await post(url, batch, await openSession(url, '2025-11-25'))).status, 400);
    });
});

test('a legacy stream is resumed from behind the last event, by GET', () =>
    withServer('2025-11-25', async (url) => {
        const headers = await openSession(url, '2025-11-25');
        const params = { name: 'test_tool_with_progress', _meta: { progressToken: 'p' } };
        const seen = [];
        for await (const event of events(await post(url, { jsonrpc: '2.0', id: 5, method: 'tools/call', params }, headers))) seen.push(event);
        assert.equal(seen[0].text, '', 'the priming event');
        assert.deepEqual(seen.slice(1, 4).map((event) => event.message.params.progress), [0, 50, 100]);
        const again = await fetch(url, { headers: { ...headers, Accept: 'text/event-stream', 'Last-Event-ID': seen[2].id } });
        const replayed = [];
        for await (const event of events(again)) replayed.push(event);
        assert.deepEqual(replayed, seen.slice(3));
        assert.equal((await fetch(url, { headers: { ...headers, Accept: 'text/event-stream', 'Last-Event-ID': '999-1' } })).status, 400);
    }));

test('a legacy session is told of changes on its GET stream, and is gone after DELETE', () =>
    withServer('2025-06-18', async (url) => {
        const headers = await openSession(url, '2025-06-18');
        const stream = events(await fetch(url, { headers: { ...headers, Accept: 'text/event-stream' } }));
        const ask = async (id, method, params) => last(await post(url, { jsonrpc: '2.0', id, method, params }, headers));
        const names = async () => (await ask(1, 'tools/list', {})).result.tools.map((tool) => tool.name);
        assert.equal((await names()).includes('test_extra_tool'), false);
        await ask(2, 'tools/call', { name: 'test_trigger_tool_change' });
        assert.equal((await stream.next()).value.message.method, 'notifications/tools/list_changed');
        assert.equal((await names()).includes('test_extra_tool'), true);
        await ask(3, 'resources/subscribe', { uri: 'test://watched-resource' });
        await ask(4, 'tools/call', { name: 'test_trigger_resource_update' });
        assert.equal((await stream.next()).value.message.params.uri, 'test://watched-resource');
        assert.equal((await fetch(url, { method: 'DELETE', headers })).status, 200);
        assert.equal((await stream.next()).done, true);
        assert.equal((await post(url, { jsonrpc: '2.0', id: 5, method: 'ping' }, headers)).status, 404);
    }));

test('HTTP+SSE of 2024-11-05 names its address first and answers on the stream', () =>
    withServer('2024-11-05', async (url) => {
        assert.equal((await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize' })).status, 405);
        const stream = events(await fetch(url, { headers: { Accept: 'text/event-stream' } }));
        const first = (await stream.next()).value;
        assert.equal(first.event, 'endpoint');
        const address = new URL(first.text, url);
        const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } };
        assert.equal((await post(address, { jsonrpc: '2.0', id: 1, method: 'initialize', params })).status, 202);
        assert.equal((await stream.next()).value.message.result.protocolVersion, '2024-11-05');
        await post(address, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'test_simple_text' } });
        assert.equal((await stream.next()).value.message.id, 2);
    }));

test('a task of 2025-11-25 asks on the stream of tasks/result and ends there', () =>
    withPipe('2025-11-25', async (pipe) => {
        await pipe.initialize('2025-11-25', { elicitation: {} });
        const begun = await pipe.ask(1, 'tools/call', { name: 'confirm_delete', arguments: { filename: 'a.txt' }, task: { ttl: 5000 } });
        const { taskId, ttl } = begun.result.task;
        assert.equal(ttl, 5000);
        assert.equal((await pipe.ask(2, 'tasks/get', { taskId })).result.status, 'input_required');
        assert.deepEqual((await pipe.ask(3, 'tasks/list', {})).result.tasks.map((task) => task.taskId), [taskId]);
        const question = await pipe.ask(4, 'tasks/result', { taskId });
        assert.equal(question.method, 'elicitation/create');
        assert.equal(question.params._meta['io.modelcontextprotocol/related-task'].taskId, taskId);
        pipe.send({ jsonrpc: '2.0', id: question.id, result: { action: 'accept', content: { confirm: true } } });
        const result = await pipe.next();
        assert.equal(result.id, 4);
        assert.equal(result.result.content[0].text, 'Deleted a.txt');
        assert.equal((await pipe.ask(5, 'tasks/cancel', { taskId })).error.code, -32602, 'it has ended');
        assert.equal((await pipe.ask(6, 'tools/call', { name: 'failing_job' })).error.code, -32601, 'as a task only');
        assert.equal((await pipe.ask(7, 'tools/call', { name: 'greet', arguments: { name: 'x' }, task: {} })).error.code, -32601, 'never as a task');
    }));

test('a task of 2026-07-28 is followed on a listen stream by clients that have tasks', () =>
    withPipe('2026-07-28', async (pipe) => {
        const _meta = modernMeta({ elicitation: {}, ...tasks });
        const { taskId } = (await pipe.ask(1, 'tools/call', { name: 'multi_input', _meta })).result;
        const refused = await pipe.ask(2, 'subscriptions/listen', { notifications: { taskIds: [taskId] }, _meta: modernMeta() });
        assert.deepEqual(refused.error.data, { requiredCapabilities: tasks });
        const ack = await pipe.ask(3, 'subscriptions/listen', { notifications: { taskIds: [taskId, 'unknown'] }, _meta });
        assert.deepEqual(ack.params.notifications, { taskIds: [taskId] });
        const answer = { action: 'accept', content: { confirm: true } };
        const statuses = [];
        pipe.send({ jsonrpc: '2.0', id: 4, method: 'tasks/update', params: { taskId, inputResponses: { 'input-1': answer, 'input-2': answer }, _meta } });
        for (let message = await pipe.next(); message.id !== 4; message = await pipe.next()) {
            assert.equal(message.method, 'notifications/tasks');
            assert.equal(message.params._meta[subscription], 3);
            statuses.push(message.params.status);
        }
        assert.deepEqual(statuses, ['working', 'completed']);
    }));

test('elicitation by URL has the form of each revision', async () => {
    await withPipe('2025-11-25', async (pipe) => {
        await pipe.initialize('2025-11-25', { elicitation: { url: {} } });
        const required = (await pipe.ask(1, 'tools/call', { name: 'test_url_elicitation_required' })).error;
        assert.equal(required.code, -32042);
        assert.equal(required.data.elicitations[0].mode, 'url');
        const question = await pipe.ask(2, 'tools/call', { name: 'test_elicitation_url' });
        pipe.send({ jsonrpc: '2.0', id: question.id, result: { action: 'accept' } });
        const complete = await pipe.next();
        assert.equal(complete.method, 'notifications/elicitation/complete');
        assert.equal(complete.params.elicitationId, question.params.elicitationId);
        assert.equal((await pipe.next()).id, 2);
        const form = await pipe.ask(3, 'tools/call', { name: 'test_elicitation', arguments: { message: 'm' } });
        assert.equal(form.result.isError, true, 'forms were not declared');
    });
    await withPipe('2026-07-28', async (pipe) => {
        const params = { name: 'test_url_elicitation_required', _meta: modernMeta({ elicitation: { url: {} } }) };
        const { result } = await pipe.ask(1, 'tools/call', params);
        assert.equal(result.resultType, 'input_required');
        assert.equal('elicitationId' in result.inputRequests.answer.params, false);
        const done = await pipe.ask(2, 'tools/call', { ...params, inputResponses: { answer: { action: 'accept' } } });
        assert.equal(done.result.resultType, 'complete');
    });
});

test('a state is refused on another request than the one it was given for', () =>
    withPipe('2026-07-28', async (pipe) => {
        const _meta = modernMeta({ elicitation: {} });
        const { requestState } = (await pipe.ask(1, 'tools/call', { name: 'test_input_required_result_request_state', _meta })).result;
        const inputResponses = { confirm: { action: 'accept', content: { ok: true } } };
        const elsewhere = await pipe.ask(2, 'tools/call', { name: 'test_input_required_result_tampered_state', inputResponses, requestState, _meta });
        assert.equal(elsewhere.error.code, -32602);
        const right = await pipe.ask(3, 'tools/call', { name: 'test_input_required_result_request_state', inputResponses, requestState, _meta });
        assert.equal(right.result.content[0].text, 'state-ok');
    }));

test('logs come at the level that the client asked for', () =>
    withPipe('dual', async (pipe) => {
        const level = (wanted) => modernMeta({}, { 'io.modelcontextprotocol/logLevel': wanted });
        const call = (id, _meta) => pipe.ask(id, 'tools/call', { name: 'test_tool_with_logging', _meta });
        assert.equal((await call(1, modernMeta())).id, 1);
        assert.equal((await call(2, level('error'))).id, 2);
        const first = await call(3, level('info'));
        assert.equal(first.method, 'notifications/message');
        await pipe.next();
        await pipe.next();
        assert.equal((await pipe.next()).id, 3);
        await pipe.initialize('2025-11-25');
        assert.deepEqual((await pipe.ask(4, 'logging/setLevel', { level: 'warning' })).result, {});
        assert.equal((await call(5)).id, 5);
    }));
