// SPDX-License-Identifier: GPL-3.0-or-later
// Signing in to a server that wants an access token, as a person does it at the command line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { GuardedServer } from './peers/guarded_server.mjs';
import { Oriel, bin, initialize, post, until } from './peers/oriel.mjs';

const serverOf = async (oriel, name = 'guarded') => (await oriel.json('/api/v1/status')).servers.find((server) => server.name === name);

const needsSignIn = (oriel) =>
    until(async () => (await serverOf(oriel))?.signIn === 'needed', 20000, 'the server to say that it needs a sign-in');

/** `oriel sign-in` with the user's part done by hand: the address that it prints is opened. */
async function signIn(oriel, open = (url) => fetch(url)) {
    const child = spawn(bin, ['sign-in', 'guarded', '--data-dir', oriel.dataDir, '--config', oriel.configPath], { env: oriel.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const exited = new Promise((resolve) => child.once('close', resolve));
    const done = exited.then((code) => ({ code, stdout, stderr }));
    const url = await Promise.race([until(() => /^http\S+$/m.exec(stdout)?.[0], 20000, 'the address'), done]);
    if (typeof url === 'string') await open(url);
    return done;
}

/** A client's session; gives a function that calls the tool. */
async function client(oriel, token) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const opened = await post(oriel.url, initialize(), headers);
    headers['Mcp-Session-Id'] = opened.headers.get('mcp-session-id');
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    let id = 1;
    return () => post(oriel.url, { jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name: 'guarded__whoami', arguments: {} } }, headers);
}

async function start(options = {}) {
    const guarded = await GuardedServer.start();
    const oriel = await Oriel.start({ config: { mcpServers: { guarded: { type: 'http', url: guarded.url } } }, env: { DISPLAY: '', WAYLAND_DISPLAY: '' }, ...options });
    return { guarded, oriel };
}

test('a server that wants a token is signed in to at the command line', async () => {
    const { guarded, oriel } = await start();
    try {
        await needsSignIn(oriel);
        assert.equal((await serverOf(oriel)).state, 'sign-in needed');
        const doctor = await oriel.command(['doctor']);
        assert.equal(doctor.code, 1);
        assert.match(doctor.stdout, /server guarded: .*sign-in needed/);
        assert.match(doctor.stdout, /oriel sign-in guarded/);

        const signedIn = await signIn(oriel);
        assert.equal(signedIn.code, 0, signedIn.stderr);
        assert.match(signedIn.stderr, /Signed in to guarded/);
        await oriel.ready();
        assert.equal((await serverOf(oriel)).signIn, 'signed-in');
        const call = await client(oriel);
        assert.equal((await call()).body.result.content[0].text, 'you');
        assert.deepEqual(guarded.complaints, []);

        assert.equal((await oriel.command(['sign-out', 'guarded'])).code, 0);
        await needsSignIn(oriel);
    } finally {
        await oriel.stop();
        await guarded.stop();
    }
});

test('an access token that ends is renewed under a call, and nobody is asked', async () => {
    const { guarded, oriel } = await start();
    try {
        await needsSignIn(oriel);
        assert.equal((await signIn(oriel)).code, 0);
        await oriel.ready();
        const call = await client(oriel);
        guarded.revoke();
        assert.equal((await call()).body.result.content[0].text, 'you');
        assert.equal(guarded.refreshes, 1);
        assert.equal(guarded.signIns, 1);
        guarded.revoke(true);
        assert.match(JSON.stringify((await call()).body), /oriel sign-in guarded/, 'the client is told what its user has to do');
        await needsSignIn(oriel);
        assert.equal((await signIn(oriel)).code, 0);
        await oriel.ready();
        assert.equal((await call()).body.result.content[0].text, 'you');
    } finally {
        await oriel.stop();
        await guarded.stop();
    }
});

test('a sign-in outlives the process, and nothing of it is written in plain text', async () => {
    const { guarded, oriel } = await start();
    try {
        const passphrase = path.join(oriel.dir, 'passphrase');
        fs.writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
        const again = async () => {
            oriel.process.kill('SIGTERM');
            await oriel.exited;
            await oriel.run(['--headless', '--port', '0', '--no-auth', '--passphrase-file', passphrase]);
        };
        await again();
        await needsSignIn(oriel);
        assert.equal((await signIn(oriel)).code, 0);
        await oriel.ready();
        await again();
        await oriel.ready();
        assert.equal(guarded.signIns, 1);
        const secrets = [...guarded.valid, ...guarded.refresh.keys()];
        assert.ok(secrets.length >= 2);
        for (const file of fs.readdirSync(oriel.dataDir, { recursive: true, withFileTypes: true })) {
            if (!file.isFile()) continue;
            const text = fs.readFileSync(path.join(file.parentPath ?? file.path, file.name), 'latin1');
            for (const secret of secrets) assert.ok(!text.includes(secret), `${file.name} holds a token`);
        }
    } finally {
        await oriel.stop();
        await guarded.stop();
    }
});

test("a client's own token never reaches a server", async () => {
    const { guarded, oriel } = await start({ auth: true });
    try {
        const token = (await oriel.command(['token', 'add', 'tester', '--api'])).stdout.trim();
        const status = async () => (await (await fetch(`${oriel.base}/api/v1/status`, { headers: { Authorization: `Bearer ${token}` } })).json()).servers[0];
        await until(async () => (await status()).signIn === 'needed', 20000, 'the server to need a sign-in');
        const call = await client(oriel, token);
        await call();
        assert.equal((await signIn(oriel)).code, 0);
        await until(async () => (await status()).ready, 20000, 'the server to be ready');
        assert.equal((await call()).body.result.content[0].text, 'you');
        assert.ok(guarded.seen.length > 3);
        for (const { headers, text } of guarded.seen) assert.ok(!JSON.stringify(headers).includes(token) && !text.includes(token));
    } finally {
        await oriel.stop();
        await guarded.stop();
    }
});

test('what cannot be signed in to is said', async () => {
    const { guarded, oriel } = await start();
    try {
        const unknown = await oriel.command(['sign-in', 'nobody']);
        assert.equal(unknown.code, 1);
        assert.match(unknown.stderr, /no server of this name[^]*guarded/);
        assert.equal((await oriel.command(['sign-in'])).code, 2);
        await needsSignIn(oriel);
        const declined = await signIn(oriel, (url) => {
            const back = new URL(new URL(url).searchParams.get('redirect_uri'));
            back.searchParams.set('error', 'access_denied');
            back.searchParams.set('state', new URL(url).searchParams.get('state'));
            back.searchParams.set('iss', guarded.issuer);
            return fetch(back);
        });
        assert.equal(declined.code, 1);
        assert.match(declined.stderr, /^oriel: /m);
        assert.equal((await serverOf(oriel)).signIn, 'needed');
    } finally {
        await oriel.stop();
        await guarded.stop();
    }
    const alone = await oriel.command(['sign-in', 'guarded']);
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /running Oriel/);
});
