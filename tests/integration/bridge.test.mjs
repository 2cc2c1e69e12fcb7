// SPDX-License-Identifier: GPL-3.0-or-later
// `oriel bridge` when its Oriel is killed, stopped and started again: what a client of either era is told, and what goes on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { load } from './peers/modules.mjs';
import { LineClient, modernMeta } from './peers/line_client.mjs';
import { Oriel, bin, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

const { Client } = await load('@modelcontextprotocol/sdk/dist/esm/client/index.js');
const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/stdio.js');
const types = await load('@modelcontextprotocol/sdk/dist/esm/types.js');

const conformanceServer = process.env.ORIEL_CONFORMANCE_SERVER ?? path.resolve('build/release/bin/oriel-conformance-server');
const subscription = 'io.modelcontextprotocol/subscriptionId';

const config = (era) => ({ mcpServers: { fixture: { command: conformanceServer, args: ['--era', era] } } });
const bridgeArgs = (oriel, ...more) => ['bridge', '--port', '0', '--data-dir', oriel.dataDir, '--config', oriel.configPath, ...more];

/** Runs `use` with an Oriel, and ends whichever Oriel owns the data directory afterwards. */
async function withOriel(era, use, options = {}) {
    const oriel = await Oriel.start({ config: config(era), ...options });
    const runtime = path.join(oriel.dataDir, 'runtime.json');
    try {
        await oriel.ready();
        await use(oriel);
    } finally {
        if (oriel.process.exitCode !== null || oriel.process.signalCode !== null) {
            // The bridge has started one; a runtime.json of the killed one may be there until that one has written its own.
            const owner = await until(() => {
                if (!fs.existsSync(runtime)) return { pid: 0 };
                const { pid } = JSON.parse(fs.readFileSync(runtime, 'utf8'));
                return pid !== oriel.process.pid && { pid };
            }, 15000).catch(() => ({ pid: 0 }));
            if (owner.pid) {
                process.kill(owner.pid, 'SIGTERM');
                await until(() => !fs.existsSync(runtime));
            }
        }
        await oriel.stop();
    }
}

for (const [how, end, said] of [
    ['killed', (oriel) => oriel.kill(), /Oriel ended while it worked on this request/],
    ['stopped', async (oriel) => (oriel.process.kill('SIGTERM'), oriel.exited), /Oriel is shutting down/],
]) {
    test(`a client of the official SDK goes on after Oriel was ${how}`, () =>
        withOriel('2025-11-25', async (oriel) => {
            const client = new Client({ name: 'sdk-client', version: '1.32.2' }, { capabilities: {} });
            let lists = 0;
            let logs = 0;
            const updated = [];
            client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => void ++lists);
            client.setNotificationHandler(types.LoggingMessageNotificationSchema, () => void ++logs);
            client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
            const transport = new StdioClientTransport({ command: bin, args: bridgeArgs(oriel), env: oriel.env, stderr: 'inherit' });
            await client.connect(transport);
            try {
                await client.setLoggingLevel('warning');
                await client.subscribeResource({ uri: 'test://watched-resource' });
                const slow = client.callTool({ name: 'fixture__slow_compute', arguments: { seconds: 3000 } });
                const ended = assert.rejects(slow, said);
                await client.readResource({ uri: 'test://server-state' });
                lists = 0;
                await end(oriel);
                await ended;
                const { tools } = await client.listTools();
                assert.ok(tools.some((tool) => tool.name === 'fixture__test_simple_text'), 'a list asked for meanwhile waits and is whole');
                await until(() => lists > 0, 20000, 'the announcement that the tools may have changed');
                updated.length = 0;
                await client.callTool({ name: 'fixture__test_trigger_resource_update' });
                await until(() => updated.includes('test://watched-resource'), 20000, 'an update of the subscribed resource');
                await client.callTool({ name: 'fixture__test_tool_with_logging' });
                assert.equal(logs, 0, 'the level is kept');
            } finally {
                await client.close();
            }
        }));
}

test('a client of 2026-07-28 keeps listening under its own id after Oriel was killed', () =>
    withOriel('2026-07-28', async (oriel) => {
        const client = new LineClient(bridgeArgs(oriel), oriel.env);
        const acknowledgements = () => client.received.filter((message) => message.method === 'notifications/subscriptions/acknowledged').length;
        const changes = () => client.received.filter((message) => message.method === 'notifications/tools/list_changed');
        client.send({ jsonrpc: '2.0', id: 'listen', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: modernMeta() } });
        await client.next((message) => message.method === 'notifications/subscriptions/acknowledged', 'the acknowledgement');
        client.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'fixture__slow_compute', arguments: { seconds: 3000 }, _meta: modernMeta() } });
        await client.ask(1, 'resources/read', { uri: 'test://server-state', _meta: modernMeta() });
        const before = changes().length;
        await oriel.kill();
        const ended = await client.answer('slow');
        assert.equal(ended.error.code, -32000);
        assert.match(ended.error.message, /Oriel ended while it worked on this request/);
        const listed = await client.ask(2, 'tools/list', { _meta: modernMeta() });
        assert.ok(listed.result.tools.some((tool) => tool.name === 'fixture__test_simple_text'));
        await until(() => changes().length > before, 20000, 'the announcement');
        assert.equal(changes().at(-1).params._meta[subscription], 'listen');
        assert.equal(acknowledgements(), 1, 'the client hears of its listening once');
        const now = changes().length;
        await client.ask(3, 'tools/call', { name: 'fixture__test_trigger_tool_change', _meta: modernMeta() });
        await until(() => changes().length > now, 20000, 'a change that happened afterwards');
        assert.equal(client.received.some((message) => message.id === 'listen' && !message.method), false, 'listening has not ended');
        for (const id of ['slow', 1, 2, 3]) assert.equal(client.received.filter((message) => message.id === id).length, 1, `one answer to ${id}`);
        assert.equal(await client.end(), 0);
    }));

test('a question of the Oriel that was killed is withdrawn, and its answer reaches nobody', () =>
    withOriel('2025-11-25', async (oriel) => {
        const client = new LineClient(bridgeArgs(oriel), oriel.env);
        await client.initialize('2025-11-25', { elicitation: {} });
        const call = (id) => client.send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'fixture__test_elicitation', arguments: { message: 'm' } } });
        call('a');
        const first = await client.next((message) => message.method === 'elicitation/create', 'the question');
        await oriel.kill();
        const withdrawn = await client.next((message) => message.method === 'notifications/cancelled', 'the withdrawal');
        assert.equal(withdrawn.params.requestId, first.id);
        assert.match((await client.answer('a')).error.message, /Oriel ended/);
        const seen = client.received.length;
        call('b');
        const second = await client.next((message) => message.method === 'elicitation/create', 'the next question', { from: seen });
        assert.notEqual(second.id, first.id);
        client.send({ jsonrpc: '2.0', id: first.id, result: { action: 'accept', content: { username: 'late', email: 'late' } } });
        client.send({ jsonrpc: '2.0', id: second.id, result: { action: 'decline' } });
        assert.match((await client.answer('b')).result.content[0].text, /action=decline/);
        assert.equal(await client.end(), 0);
    }));

test('what is asked while no Oriel can come back fails after a time that is said', async () => {
    const blocker = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const oriel = await Oriel.start({ config: config('2025-11-25') });
    try {
        const client = new LineClient(['bridge', '--port', String(blocker.address().port), '--data-dir', oriel.dataDir, '--config', oriel.configPath], oriel.env);
        await client.initialize();
        await oriel.kill();
        const refused = await client.ask(7, 'tools/list', {});
        assert.equal(refused.error.code, -32000);
        assert.match(refused.error.message, /not running.*15 seconds/);
        assert.equal(client.child.exitCode, null, 'the bridge goes on trying');
        assert.equal(await client.end(), 0);
    } finally {
        blocker.close();
        await oriel.stop();
    }
});

test('a bridge to an address opens its session again when the Oriel there was killed, in both eras', async () => {
    const port = await freePort();
    const oriel = await Oriel.start({ config: { ...config('dual'), gateway: { port } }, auth: true });
    const run = () => oriel.run(['--headless', '--port', String(port)]);
    try {
        await oriel.stopProcess();
        await run();
        const token = (await oriel.command(['token', 'add', 'bridge'])).stdout.trim();
        const env = { ...oriel.env, ORIEL_TOKEN: token };
        const legacy = new LineClient(['bridge', '--url', `http://127.0.0.1:${port}/mcp`], env);
        const modern = new LineClient(['bridge', '--url', `http://127.0.0.1:${port}/mcp`], env);
        await legacy.initialize();
        assert.ok((await legacy.ask(1, 'tools/list', {})).result.tools.length > 10);
        assert.ok((await modern.ask(1, 'tools/list', { _meta: modernMeta() })).result.tools.length > 10);
        const headers = { name: 'fixture__test_x_mcp_header', arguments: { region: 'Zürich', priority: 3 }, _meta: modernMeta() };
        assert.match((await modern.ask(2, 'tools/call', headers)).result.content[0].text, /Zürich/, 'arguments are repeated in headers');
        await oriel.kill();
        legacy.send({ jsonrpc: '2.0', id: 3, method: 'tools/list', params: {} });
        modern.send({ jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta: modernMeta() } });
        await run();
        assert.ok((await legacy.answer(3)).result?.tools.length > 10, JSON.stringify(legacy.received.at(-1)));
        assert.ok((await modern.answer(3)).result?.tools.length > 10, JSON.stringify(modern.received.at(-1)));
        await legacy.next((message) => message.method === 'notifications/tools/list_changed', 'the announcement');
        assert.equal(await legacy.end(), 0);
        assert.equal(await modern.end(), 0);
    } finally {
        await oriel.stop();
    }
});
