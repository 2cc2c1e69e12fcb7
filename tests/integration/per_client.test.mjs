// SPDX-License-Identifier: GPL-3.0-or-later
// A server with a connection for each client: what the official everything server offers depends on the client's capabilities.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { everythingServer } from './peers/modules.mjs';
import { Oriel, startServer, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';
import { everything, overBridge, overHttp, textOf, toolNames } from './peers/sdk_client.mjs';

let oriel;
let web;

before(async () => {
    const port = await freePort();
    web = await startServer(process.execPath, [everythingServer, 'streamableHttp'], { PORT: String(port) }, (out) => /listening|port/i.test(out));
    const pipe = { command: process.execPath, args: [everythingServer, 'stdio'] };
    oriel = await Oriel.start({
        config: {
            mcpServers: {
                own: { ...pipe, connection: 'per-client', maxConnections: 4 },
                web: { type: 'http', url: `http://127.0.0.1:${port}/mcp`, connection: 'per-client' },
                shared: pipe,
            },
        },
    });
    await oriel.ready();
});
after(async () => {
    await oriel?.stop();
    await web?.stop();
});

const row = async (name) => (await oriel.json('/api/v1/status')).servers.find((server) => server.name === name);
const connections = async (name) => (await row(name)).clientConnections;

/** The tools of one server as soon as there are `count`: the everything server adds some after its handshake. */
async function settled(client, server, count) {
    let names;
    await until(async () => {
        names = (await toolNames(client)).filter((name) => name.startsWith(`${server}__`));
        return names.length === count;
    }, 15000, `${count} tools of ${server}`).catch((error) => assert.fail(`${error.message}; there are ${names.length}: ${names}`));
    return names;
}

for (const [transport, open] of [['HTTP', overHttp], ['a stdio bridge', overBridge]]) {
    for (const server of ['own', 'web']) {
        test(`${server}: clients over ${transport} see what the server offers to their capabilities, and answer for themselves`, async () => {
            const plain = await open(oriel, 'plain', {});
            const able = await open(oriel, 'able', everything);
            const other = await open(oriel, 'other', everything);
            try {
                const few = await settled(plain, server, 13);
                assert.ok(!few.includes(`${server}__trigger-sampling-request`));
                const many = await settled(able, server, 17);
                assert.ok(many.includes(`${server}__trigger-sampling-request`) && many.includes(`${server}__get-roots-list`));
                const result = await able.callTool({ name: `${server}__trigger-sampling-request`, arguments: { prompt: 'x', maxTokens: 5 } });
                assert.match(JSON.stringify(result.content), /sampled by able/);
                await settled(other, server, 17);
                for (const client of [able, other]) {
                    const roots = await client.callTool({ name: `${server}__get-roots-list`, arguments: {} });
                    const name = client === able ? 'able' : 'other';
                    assert.match(textOf(roots), new RegExp(`file:///${name}`));
                    assert.doesNotMatch(textOf(roots), new RegExp(`file:///${client === able ? 'other' : 'able'}`));
                }
                assert.equal(other.asked.sampling, undefined);
                assert.equal(await connections(server), 3);
            } finally {
                for (const client of [plain, able, other]) {
                    await client.transport.terminateSession?.();
                    await client.close();
                }
            }
            await until(async () => (await connections(server)) === 0, 15000, 'the clients\' connections to end');
        });
    }
}

test('a shared server offers everybody the same', async () => {
    const plain = await overHttp(oriel, 'plain', {});
    const able = await overHttp(oriel, 'able', everything);
    const names = async (client) => (await toolNames(client)).filter((name) => name.startsWith('shared__'));
    assert.deepEqual(await names(plain), await names(able));
    assert.equal(await connections('shared'), 0);
    for (const client of [plain, able]) {
        await client.transport.terminateSession();
        await client.close();
    }
});

test('beyond the limit a client is told why, and the others go on', async () => {
    const clients = [];
    for (let i = 0; i < 4; ++i) {
        clients.push(await overBridge(oriel, `c${i}`, {}));
        await clients[i].callTool({ name: 'own__echo', arguments: { message: 'x' } });
    }
    const late = await overBridge(oriel, 'late', {});
    await assert.rejects(late.callTool({ name: 'own__echo', arguments: { message: 'x' } }), /4 clients have a connection of their own.*maxConnections/);
    assert.match(textOf(await clients[0].callTool({ name: 'own__echo', arguments: { message: 'still here' } })), /still here/);
    await clients[1].close();
    await until(async () => (await connections('own')) === 3);
    assert.match(textOf(await late.callTool({ name: 'own__echo', arguments: { message: 'now' } })), /now/);
    for (const client of [...clients, late]) await client.close();
    await until(async () => (await connections('own')) === 0, 15000, 'all to end');
});

test('the era of a server is told with its date, by the status and by oriel doctor', async () => {
    const own = await row('own');
    assert.equal(own.era, 'legacy');
    assert.equal(own.protocolVersion, '2025-11-25');
    assert.ok(own.eraFoundBy.length > 0);
    assert.ok(own.eraCheckedUnixNs / 1e6 > Date.now() - 3600_000 && own.eraCheckedUnixNs / 1e6 <= Date.now());
    const { stdout } = await oriel.command(['doctor']);
    assert.match(stdout, /server own: ready since .*; speaks 2025-11-25 \(legacy, by .*, checked \d{4}-\d\d-\d\d \d\d:\d\d\)/);
});
