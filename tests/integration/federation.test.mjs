// SPDX-License-Identifier: GPL-3.0-or-later
// Oriel behind Oriel: two processes, the official everything server behind the inner one, official SDK clients of both eras before
// the outer one, and one receiver that gets the spans of both.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sdkClients } from './peers/clients.mjs';
import { modernMeta } from './peers/line_client.mjs';
import { everythingServer } from './peers/modules.mjs';
import { attribute, hex, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, post, until } from './peers/oriel.mjs';
import { everything, overHttp, textOf, toolNames, types } from './peers/sdk_client.mjs';

let receiver;
let inner;
let outer;

const telemetry = (serviceName) => ({
    serviceName,
    spanInterval: 100,
    destinations: [{ name: 'both', protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${receiver.port}` }],
});
const pipe = { command: process.execPath, args: [everythingServer, 'stdio'] };

before(async () => {
    receiver = await startHttpReceiver();
    inner = await Oriel.start({ config: { mcpServers: { everything: pipe, own: { ...pipe, connection: 'per-client' } }, telemetry: telemetry('inner') } });
    await inner.ready();
    outer = await Oriel.start({
        config: {
            mcpServers: {
                deep: { type: 'http', url: inner.url },
                mine: { type: 'http', url: inner.url, connection: 'per-client', era: 'legacy' },
            },
            telemetry: telemetry('outer'),
        },
    });
    await outer.ready();
});
after(async () => {
    await outer?.stop();
    await inner?.stop();
    await receiver?.stop();
});

async function withClient(capabilities, use) {
    const client = await overHttp(outer, 'front', capabilities);
    try {
        await use(client);
    } finally {
        await client.transport.terminateSession();
        await client.close();
    }
}

const traceOf = (name, traceId) => until(() => {
    const spans = receiver.spans().filter((span) => hex(span.traceId) === traceId && (span.kind === 2 || span.kind === 3));
    return spans.length >= 4 && spans;
}, 20000, `the spans of ${name}`);

test('a call through both is one trace, and each client span names its peer', async () => {
    await withClient({}, async (client) => {
        const traceId = 'abcdef0123456789abcdef0123456789';
        const result = await client.callTool({ name: 'deep__everything__echo', arguments: { message: 'twice' }, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
        assert.match(textOf(result), /twice/);
        const spans = await traceOf('echo', traceId);
        const service = (span) => attribute(span.resource, 'service.name');
        const of = (name, kind) => spans.find((span) => service(span) === name && span.kind === kind);
        assert.equal(hex(of('outer', 2).parentSpanId), '00f067aa0ba902b7');
        assert.equal(of('outer', 2).name, 'tools/call deep__everything__echo');
        assert.equal(of('outer', 3).name, 'tools/call everything__echo');
        assert.equal(attribute(of('outer', 3), 'peer.service'), 'deep');
        assert.equal(hex(of('inner', 2).parentSpanId), hex(of('outer', 3).spanId));
        assert.equal(of('inner', 2).name, 'tools/call everything__echo');
        assert.equal(of('inner', 3).name, 'tools/call echo');
        assert.equal(attribute(of('inner', 3), 'peer.service'), 'everything');
    });
});

test('progress, cancellation, sampling and elicitation pass both', async () => {
    await withClient(everything, async (client) => {
        let seen = [];
        // The SDK forgets the token when it reads the answer, so what came in the same chunk may not be told.
        for (let tries = 0; tries < 5 && seen.length < 2; ++tries) {
            seen = [];
            await client.callTool({ name: 'deep__everything__trigger-long-running-operation', arguments: { duration: 1, steps: 3 } }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
        }
        assert.deepEqual(seen.slice(0, 2), [1, 2]);
        const sampled = await client.callTool({ name: 'deep__everything__trigger-sampling-request', arguments: { prompt: 'x', maxTokens: 5 } });
        assert.match(JSON.stringify(sampled.content), /sampled by front/);
        const elicited = await client.callTool({ name: 'deep__everything__trigger-elicitation-request', arguments: {} });
        assert.match(JSON.stringify(elicited.content), /front/);
        const abort = new AbortController();
        await assert.rejects(client.callTool({ name: 'deep__everything__trigger-long-running-operation', arguments: { duration: 30, steps: 30 } }, undefined,
                                             { signal: abort.signal, onprogress: () => abort.abort('enough') }));
        await until(async () => {
            const { traces } = await inner.json('/api/v1/traces?filter=' + encodeURIComponent('status=cancelled'));
            return traces.some((trace) => /everything__trigger-long-running-operation/.test(trace.name));
        });
    });
});

for (const peer of sdkClients.filter(({ name }) => name.includes('modern'))) {
    test(`a client of 2026-07-28 answers through both what the innermost server asks: ${peer.name}`, async () => {
        const client = await peer.connect({ oriel: outer });
        try {
            assert.ok(client.isModern);
            assert.match(await client.say('deep__everything__trigger-elicitation-request'), /Ada/);
            assert.match(await client.say('deep__everything__trigger-sampling-request', { prompt: 'x', maxTokens: 5 }), /sampled words/);
        } finally {
            await client.close();
        }
    });
}

test('a state that the inner one no longer knows is refused, and nothing is called anew', async () => {
    const name = 'deep__everything__echo';
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { message: 'anew' }, requestState: 'oriel1.b2.word', _meta: modernMeta() } };
    const answer = await post(outer.url, body, { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': name });
    assert.equal(answer.body.error?.code, -32602, JSON.stringify(answer.body));
});

test('log messages and updates of resources pass both', async () => {
    await withClient({}, async (client) => {
        const updated = new Promise((resolve) => client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, (note) => resolve(note.params.uri)));
        const logged = new Promise((resolve) =>
            client.setNotificationHandler(types.LoggingMessageNotificationSchema, (note) => note.params.logger.startsWith('mine/own') && resolve(note.params.logger))
        );
        const { resources } = await client.listResources();
        await client.subscribeResource({ uri: resources[0].uri });
        await client.setLoggingLevel('debug');
        await client.callTool({ name: 'deep__everything__toggle-subscriber-updates', arguments: {} });
        await client.callTool({ name: 'mine__own__toggle-simulated-logging', arguments: {} });
        assert.equal(await updated, resources[0].uri);
        await logged;
        await client.callTool({ name: 'deep__everything__toggle-subscriber-updates', arguments: {} });
        await client.callTool({ name: 'mine__own__toggle-simulated-logging', arguments: {} });
    });
});

test('with a connection for each client in both, the innermost server sees the outermost client\'s capabilities', async () => {
    for (const [capabilities, count] of [[{}, 13], [everything, 17]]) {
        await withClient(capabilities, async (client) => {
            let names;
            await until(async () => {
                names = (await toolNames(client)).filter((name) => name.startsWith('mine__own__'));
                return names.length === count;
            }, 20000, `${count} tools`).catch((error) => assert.fail(`${error.message}: ${names}`));
        });
    }
});

test('a server that is this Oriel itself is refused with its reason', async () => {
    const self = await Oriel.start({ config: { mcpServers: { everything: pipe } } });
    try {
        self.writeConfig({ mcpServers: { again: { type: 'http', url: self.url }, everything: pipe } });
        const again = await until(async () => (await self.json('/api/v1/status')).servers.find((server) => server.name === 'again' && server.diagnosis !== ''), 20000, 'the diagnosis');
        assert.match(again.diagnosis, /it is this Oriel itself/);
        assert.match(again.remedy, /Remove this server/);
    } finally {
        await self.stop();
    }
});

test('two Oriels that are each other\'s server list each tool once, come to rest, and end a request that comes back', async () => {
    const left = await Oriel.start({ config: { mcpServers: { everything: pipe } } });
    const right = await Oriel.start({ config: { mcpServers: { left: { type: 'http', url: left.url } } } });
    try {
        await right.ready();
        left.writeConfig({ mcpServers: { right: { type: 'http', url: right.url } } });
        await until(async () => {
            const status = await left.json('/api/v1/status');
            return status.servers.length === 1 && status.servers[0].name === 'right' && status.servers[0].ready;
        }, 20000, 'left to use right');
        const client = await overHttp(left, 'lost', {});
        await until(async () => (await toolNames(client)).length === 0, 20000, 'the circle to be empty');
        // Neither has a tool of its own now, so a name with a prefix, or an address that nobody lists, leads round the circle.
        await assert.rejects(client.readResource({ uri: 'nowhere://at-all' }), /come back to the Oriel/);
        await client.setLoggingLevel('debug');
        left.writeConfig({ mcpServers: { right: { type: 'http', url: right.url }, everything: pipe } });
        let names;
        await until(async () => {
            names = await toolNames(client);
            return names.length >= 13;
        }, 20000, 'the tools of the new server');
        assert.ok(names.every((name) => name.startsWith('everything__')), `${names}`);
        const throughRight = await overHttp(right, 'other', {});
        const seen = await until(async () => {
            const all = await toolNames(throughRight);
            names = await toolNames(client);
            return all.length === names.length && all;
        }, 20000, 'right to list what left has');
        assert.ok(seen.every((name) => name.startsWith('left__everything__')), `${seen}`);
        assert.match(textOf(await throughRight.callTool({ name: 'left__everything__echo', arguments: { message: 'once' } })), /once/);
        await client.close();
        await throughRight.close();
    } finally {
        await left.stop();
        await right.stop();
    }
});
