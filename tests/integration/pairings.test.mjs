// SPDX-License-Identifier: GPL-3.0-or-later
// Official clients of both SDK lines, in every way to negotiate a version and over HTTP and the bridge, with every real server behind one
// Oriel. A pairing passes when everything that the server offers works for the client; what a revision has no place for is named in
// the table at the end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sdkClients } from './peers/clients.mjs';
import { Oriel, until } from './peers/oriel.mjs';
import { PairingTable } from './peers/pairing_table.mjs';
import { serverKinds, startServers } from './peers/servers.mjs';

const table = new PairingTable();
let servers;
let oriel;

before(async () => {
    servers = await startServers();
    oriel = await Oriel.start({ config: { mcpServers: servers.entries }, auth: true });
    oriel.token = (await oriel.command(['token', 'add', 'pairings', '--api'])).stdout.trim();
    await oriel.ready();
});

after(async () => {
    await oriel?.stop();
    await servers?.stop();
});

/** The tools that `client` is shown of every server; the everything servers add some once they are initialized. */
async function listedTools(client) {
    const missing = (names) => Object.entries(serverKinds).flatMap(([server, { tools }]) => tools.map((tool) => `${server}__${tool}`)).filter((name) => !names.includes(name));
    let names = [];
    await until(async () => {
        const listed = await client.names('tools');
        assert.equal(listed.hasMore, false, 'one page');
        names = listed.names;
        return missing(names).length === 0;
    }, 20000, 'every tool of every server').catch((error) => assert.deepEqual(missing(names), [], error.message));
    return names;
}

/** One pairing: `whole` is the client at Oriel's endpoint, `own` at the server's own route. */
function makeCell(client, server, whole, own, names) {
    const prefix = `${server}__`;
    return {
        client, server, whole, own, until,
        toolNames: names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
        call: (tool, args, options) => whole.call(prefix + tool, args, options),
        say: (tool, args, options) => whole.say(prefix + tool, args, options),
    };
}

for (const peer of sdkClients) {
    test(`${peer.name} uses every server`, async (t) => {
        const whole = await peer.connect({ oriel });
        assert.equal(whole.era, peer.era);
        const names = await listedTools(whole);
        for (const [server, kind] of Object.entries(serverKinds)) {
            await t.test(server, { timeout: 30_000 }, async () => {
                const own = await peer.connect({ oriel, server });
                try {
                    const note = await kind.use(makeCell(peer.name, server, whole, own, names), servers.dir);
                    table.set(peer.name, server, { note });
                } catch (error) {
                    table.set(peer.name, server, { error: error.message.split('\n')[0] });
                    throw error;
                } finally {
                    await own.close();
                }
            });
        }
        await whole.close();
    });
}

test('the table of pairings', (t) => {
    for (const line of table.lines()) t.diagnostic(line);
});
