// SPDX-License-Identifier: GPL-3.0-or-later
// audit.mode "strict": an answer is a promise that its audit row is on the disk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Oriel, demoServer, initialize, post } from './peers/oriel.mjs';

const config = { mcpServers: { demo: { command: demoServer } }, audit: { mode: 'strict' } };

async function open(oriel) {
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    let id = 100;
    return (text, requestId) => post(oriel.url, { jsonrpc: '2.0', id: ++id, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text } } }, { ...headers, 'X-Request-ID': requestId });
}

/** The largest size that a file of the process may grow to; what is beyond it fails as on a full disk. */
function limitFiles(pid, bytes) {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

test('kill -9 right after an answer loses no row', async () => {
    const oriel = await Oriel.start({ config });
    try {
        await oriel.ready();
        const call = await open(oriel);
        const ids = Array.from({ length: 25 }, (_, i) => `strict-${i}`);
        for (const id of ids) assert.equal((await call(id, id)).body.result.content[0].text, id);
        await oriel.kill();
        const exported = await oriel.command(['audit', 'export']);
        const kept = new Set(exported.stdout.trim().split('\n').map((line) => JSON.parse(line).requestId));
        for (const id of ids) assert.ok(kept.has(id), id);
        assert.equal((await oriel.command(['audit', 'verify'])).code, 0);
    } finally {
        await oriel.stop();
    }
});

test('a disk that takes no more rows withholds the answer, stops further calls, and says so until it has room again', async () => {
    const oriel = await Oriel.start({ config });
    try {
        await oriel.ready();
        const call = await open(oriel);
        assert.equal((await call('before', 'before')).body.result.content[0].text, 'before');
        const reserve = path.join(oriel.dataDir, 'audit.db.reserve');
        limitFiles(oriel.process.pid, 1024);
        const withheld = await call('never seen', 'withheld');
        assert.equal(withheld.body.error.code, -32603);
        assert.match(withheld.body.error.message, /withheld because its audit row cannot be written/);
        assert.doesNotMatch(JSON.stringify(withheld.body), /never seen/);
        assert.equal(fs.existsSync(reserve), false, 'the reserve was given up for it');
        const refused = await call('not called', 'refused');
        assert.match(refused.body.error.message, /not called because audit rows cannot be written/);
        limitFiles(oriel.process.pid, 'unlimited');
        assert.match((await call('still refused', 'probe')).body.error.message, /not called/, 'its own row finds out that there is room');
        assert.equal((await call('after', 'after')).body.result.content[0].text, 'after');
    } finally {
        await oriel.stop();
    }
});
