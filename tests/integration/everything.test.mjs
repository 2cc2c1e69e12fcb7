// SPDX-License-Identifier: GPL-3.0-or-later
// The official everything server over stdio and Streamable HTTP behind the gateway, the official TypeScript SDK client in front.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { everythingServer, load } from './peers/modules.mjs';
import { Oriel, bin, startServer, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

const { Client } = await load('@modelcontextprotocol/sdk/dist/esm/client/index.js');
const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js');
const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/stdio.js');
const types = await load('@modelcontextprotocol/sdk/dist/esm/types.js');

let oriel;
let web;

function makeClient() {
    const client = new Client({ name: 'sdk-client', version: '1.32.2' }, { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } });
    client.setRequestHandler(types.CreateMessageRequestSchema, async () => ({
        role: 'assistant', model: 'test-model', content: { type: 'text', text: 'sampled words' },
    }));
    client.setRequestHandler(types.ElicitRequestSchema, async () => ({ action: 'accept', content: { name: 'Ada' } }));
    client.setRequestHandler(types.ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///project', name: 'project' }] }));
    return client;
}

async function overHttp(route = '') {
    const client = makeClient();
    await client.connect(new StreamableHTTPClientTransport(new URL(`${oriel.url}${route}`)));
    return client;
}

async function overBridge() {
    const client = makeClient();
    await client.connect(new StdioClientTransport({ command: bin, args: ['bridge', '--data-dir', oriel.dataDir, '--config', oriel.configPath], env: oriel.env, stderr: 'inherit' }));
    return client;
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

for (const [name, connect] of [['HTTP', overHttp], ['a stdio bridge', overBridge]]) {
    test(`a client over ${name} sees and uses both servers`, async () => {
        const client = await connect();
        const { tools } = await client.listTools();
        const names = tools.map((tool) => tool.name);
        for (const server of ['pipe', 'web']) {
            assert.ok(names.includes(`${server}__echo`), `${server}__echo in ${names}`);
            const echoed = await client.callTool({ name: `${server}__echo`, arguments: { message: `through ${server}` } });
            assert.match(echoed.content[0].text, new RegExp(`through ${server}`));
            const sum = await client.callTool({ name: `${server}__get-sum`, arguments: { a: 2, b: 40 } });
            assert.match(sum.content[0].text, /42/);
        }
        const order = [...names];
        assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), order, 'the order is the same each time');
        await client.close();
    });

    test(`progress comes with the client's own token over ${name}`, async () => {
        const client = await connect();
        let seen = [];
        // The SDK forgets the token when it reads the answer, so what came in the same chunk may not be told.
        for (let tries = 0; tries < 5 && seen.length < 2; ++tries) {
            seen = [];
            await client.callTool({ name: 'pipe__trigger-long-running-operation', arguments: { duration: 1, steps: 3 } }, undefined, { onprogress: (progress) => seen.push(progress.progress) });
        }
        assert.deepEqual(seen.slice(0, 2), [1, 2]);
        assert.ok(seen.length === 2 || (seen.length === 3 && seen[2] === 3), `${seen}`);
        await client.close();
    });

    test(`a server's sampling request reaches the client that called over ${name}`, async () => {
        const client = await connect();
        const result = await client.callTool({ name: 'pipe__trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } });
        assert.match(JSON.stringify(result.content), /sampled words/);
        const over = await client.callTool({ name: 'web__trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } });
        assert.match(JSON.stringify(over.content), /sampled words/);
        await client.close();
    });

    test(`elicitation is answered by the client that called over ${name}`, async () => {
        const client = await connect();
        const result = await client.callTool({ name: 'pipe__trigger-elicitation-request', arguments: {} });
        assert.match(JSON.stringify(result.content), /Ada/);
        await client.close();
    });
}

test('prompts and their arguments are relayed, with completion', async () => {
    const client = await overHttp();
    const { prompts } = await client.listPrompts();
    assert.ok(prompts.some((prompt) => prompt.name === 'pipe__args-prompt'));
    const prompt = await client.getPrompt({ name: 'pipe__args-prompt', arguments: { city: 'Dresden' } });
    assert.match(JSON.stringify(prompt.messages), /Dresden/);
    const completed = await client.complete({ ref: { type: 'ref/prompt', name: 'pipe__completable-prompt' }, argument: { name: 'department', value: 'E' } });
    assert.ok(completed.completion.values.length > 0);
    await client.close();
});

test('resources are listed, read by template, subscribed and their updates delivered', async () => {
    const client = await overHttp();
    const { resources } = await client.listResources();
    assert.ok(resources.length >= 7);
    const first = await client.readResource({ uri: resources[0].uri });
    assert.equal(first.contents[0].uri, resources[0].uri);
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.ok(resourceTemplates.some((template) => template.uriTemplate.startsWith('demo://resource/dynamic/text')));
    const dynamic = await client.readResource({ uri: 'demo://resource/dynamic/text/3' });
    assert.equal(dynamic.contents[0].uri, 'demo://resource/dynamic/text/3');
    const updated = new Promise((resolve) => client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, (note) => resolve(note.params.uri)));
    await client.subscribeResource({ uri: resources[0].uri });
    await client.callTool({ name: 'pipe__toggle-subscriber-updates', arguments: {} });
    assert.equal(await updated, resources[0].uri);
    await client.callTool({ name: 'pipe__toggle-subscriber-updates', arguments: {} });
    await client.unsubscribeResource({ uri: resources[0].uri });
    await client.close();
});

test('log messages follow the level that the client set and name their server', async () => {
    const client = await overHttp();
    const logged = new Promise((resolve) => client.setNotificationHandler(types.LoggingMessageNotificationSchema, (note) => resolve(note.params)));
    await client.setLoggingLevel('debug');
    await client.callTool({ name: 'pipe__toggle-simulated-logging', arguments: {} });
    const params = await logged;
    assert.match(params.logger, /^pipe/);
    await client.callTool({ name: 'pipe__toggle-simulated-logging', arguments: {} });
    await client.close();
});

test('a cancelled call ends for the server too and is recorded as cancelled', async () => {
    const client = await overHttp();
    const abort = new AbortController();
    const call = client.callTool({ name: 'pipe__trigger-long-running-operation', arguments: { duration: 30, steps: 30 } }, undefined,
                                 { signal: abort.signal, onprogress: () => abort.abort('enough') });
    await assert.rejects(call);
    const trace = await until(async () => {
        const { traces } = await oriel.json('/api/v1/traces?filter=' + encodeURIComponent('status=cancelled'));
        return traces[0];
    });
    assert.match(trace.name, /trigger-long-running-operation/);
    await client.close();
});

test('/mcp/<server> shows one server under its own names', async () => {
    const client = await overHttp('/pipe');
    const { tools } = await client.listTools();
    assert.ok(tools.some((tool) => tool.name === 'echo'));
    assert.ok(!tools.some((tool) => tool.name.includes('__')));
    const echoed = await client.callTool({ name: 'echo', arguments: { message: 'alone' } });
    assert.match(echoed.content[0].text, /alone/);
    await client.close();
});

test('every call is a trace, an audit row and a point of the metrics', async () => {
    const client = await overHttp();
    await client.callTool({ name: 'web__echo', arguments: { message: 'recorded', api_key: 'not-for-the-log-4711' } });
    const row = await until(async () => {
        const { rows } = await oriel.json('/api/v1/audit?payloads=true&server=web&limit=1');
        return rows[0]?.arguments?.message === 'recorded' && rows[0];
    });
    assert.equal(row.outcome, 'ok');
    assert.equal(row.arguments.api_key, '[masked:key-name]');
    const trace = await oriel.json(`/api/v1/traces/${row.traceId}`);
    const spans = trace.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans));
    const server = spans.find((span) => span.kind === 2);
    const clientSpan = spans.find((span) => span.kind === 3);
    assert.equal(server.name, 'tools/call web__echo');
    assert.equal(clientSpan.name, 'tools/call echo');
    for (const stage of ['gateway.authenticate', 'gateway.session.get', 'gateway.route', 'gateway.forward'])
        assert.ok(spans.some((span) => span.name === stage), stage);
    const exposition = await (await oriel.api('/metrics')).text();
    assert.match(exposition, /mcp_gateway_tool_calls_total\{[^}]*server_name="web"[^}]*tool_name="echo"[^}]*\} \d/);
    const exported = await oriel.command(['audit', 'export']);
    assert.equal(exported.code, 0);
    assert.ok(exported.stdout.trim().split('\n').map((line) => JSON.parse(line)).some((line) => line.traceId === row.traceId));
    await client.close();
});

test('sessions end with DELETE and are then unknown', async () => {
    const client = makeClient();
    const transport = new StreamableHTTPClientTransport(new URL(oriel.url));
    await client.connect(transport);
    const before = (await oriel.json('/api/v1/status')).sessions;
    await transport.terminateSession();
    await until(async () => (await oriel.json('/api/v1/status')).sessions < before);
    await client.close();
});
