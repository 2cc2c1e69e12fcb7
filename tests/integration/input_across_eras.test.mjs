// SPDX-License-Identifier: GPL-3.0-or-later
// Servers that ask and clients that answer, with official SDKs at both ends and a revision on either side that has another way to ask: what is
// declined, what a client cannot give, and whose answer it is when several clients are asked at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sdkClients } from './peers/clients.mjs';
import { Oriel, until } from './peers/oriel.mjs';
import { startServers } from './peers/servers.mjs';

const names = ['sdk2_legacy_http', 'sdk2_modern', 'sdk2_modern_http'];
let servers;
let oriel;

before(async () => {
    servers = await startServers(names);
    oriel = await Oriel.start({ config: { mcpServers: servers.entries } });
    await oriel.ready();
});
after(async () => {
    await oriel?.stop();
    await servers?.stop();
});

const elicits = (answer) => ({ answers: { 'elicitation/create': answer } });

for (const peer of sdkClients.filter(({ name }) => !name.includes('auto'))) {
    for (const server of names) {
        const tool = (name) => `${server}__${name}`;
        const pairing = (what, use) => test(`${what}: ${peer.name} and ${server}`, { timeout: 30_000 }, use);

        pairing('what the user declines is told as declined', async () => {
            for (const action of ['decline', 'cancel']) {
                const client = await peer.connect({ oriel }, elicits(() => ({ action })));
                assert.equal(await client.say(tool('ask-name')), `no name: ${action}`);
                await client.close();
            }
        });

        pairing('what the client cannot give ends the call and nothing else', async () => {
            const client = await peer.connect({ oriel }, { capabilities: { sampling: {} } });
            const failed = await client.call(tool('ask-name')).then((result) => result, (error) => error);
            assert.ok(failed instanceof Error || failed.isError, JSON.stringify(failed));
            if (client.isModern) assert.equal(failed.code, -32021, String(failed));
            assert.equal(await client.say(tool('ask-model'), { question: 'q' }), 'The model says sampled words');
            await client.close();
        });

        pairing('a client that fails to answer ends its call', async () => {
            const client = await peer.connect({ oriel }, elicits(() => {
                throw new Error('no user is here');
            }));
            const failed = await client.call(tool('ask-name')).then((result) => result, (error) => error);
            assert.match(failed instanceof Error ? failed.message : JSON.stringify(failed), /no user is here|input/);
            assert.equal(await client.say(tool('echo'), { message: 'still there' }), 'Echo: still there');
            await client.close();
        });

        pairing('each of several clients answers its own call', async () => {
            const people = ['Ada', 'Bert', 'Cleo', 'Dana'];
            let asked = 0;
            const everybodyIsAsked = async () => until(() => asked === people.length, 15_000, 'every client to be asked');
            const clients = await Promise.all(people.map((name) => peer.connect({ oriel }, elicits(async () => {
                asked += 1;
                await everybodyIsAsked();
                return { action: 'accept', content: { name } };
            }))));
            const greetings = await Promise.all(clients.map((client) => client.say(tool('ask-name'))));
            assert.deepEqual(greetings, people.map((name) => `Hello ${name}`));
            await Promise.all(clients.map((client) => client.close()));
        });

        pairing('a client that gives up while it is asked frees the server', async () => {
            const abort = new AbortController();
            const client = await peer.connect({ oriel }, elicits(() => {
                abort.abort('enough');
                return { action: 'cancel' };
            }));
            await assert.rejects(client.call(tool('ask-name'), {}, { signal: abort.signal }));
            assert.equal(await client.say(tool('echo'), { message: 'still there' }), 'Echo: still there');
            await client.close();
        });
    }
}
