// SPDX-License-Identifier: GPL-3.0-or-later
// What waits for a backend outlives Oriel: the whole program, a collector that is not there, kill -9, and the API of the queues.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { hex, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

const runArguments = ['--headless', '--port', '0', '--no-auth'];

async function openSession(oriel) {
    await oriel.ready();
    const opened = await post(oriel.url, initialize());
    return { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
}

/** Makes calls that were all answered; gives their trace ids. */
async function makeCalls(oriel, count) {
    const headers = await openSession(oriel);
    const ids = [];
    for (let i = 0; i < count; ++i) {
        const traceId = randomBytes(16).toString('hex');
        const params = { name: 'demo__quick_echo', arguments: { text: `call ${i}` }, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } };
        const answer = await post(oriel.url, { jsonrpc: '2.0', id: 10 + i, method: 'tools/call', params }, headers);
        assert.ok(answer.body.result, JSON.stringify(answer.body));
        ids.push(traceId);
    }
    return ids;
}

const destination = async (oriel, name) => (await oriel.json('/api/v1/export')).destinations.find((entry) => entry.name === name);
const command = (oriel, rest) => oriel.api(`/api/v1/export/${rest}`, { method: 'POST' });
const settings = (destinations) => ({ mcpServers: { demo: { command: demoServer } }, telemetry: { spanInterval: 50, destinations } });

/** Waits until each trace has its SERVER and its CLIENT span; gives how often each SERVER span came. */
async function arrived(receiver, ids) {
    return until(() => {
        const kinds = new Map(ids.map((id) => [id, []]));
        for (const span of receiver.spans()) kinds.get(hex(span.traceId))?.push(span.kind);
        return [...kinds.values()].every((seen) => seen.includes(2) && seen.includes(3)) && kinds;
    }, 60000, 'every span of every call');
}

test('what was recorded for a collector that is down is sent after kill -9 and a new start', async () => {
    const port = await freePort();
    const oriel = await Oriel.start({ config: settings([{ name: 'down', protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${port}`, signals: ['traces'] }]) });
    let receiver;
    try {
        const ids = await makeCalls(oriel, 40);
        await oriel.spooled(ids);
        await until(async () => (await destination(oriel, 'down')).state === 'retrying');
        await oriel.kill();
        const again = await (async () => {
            await oriel.run(runArguments);
            return makeCalls(oriel, 5);
        })();
        receiver = await startHttpReceiver({ port });
        await command(oriel, 'down/retry');
        await arrived(receiver, [...ids, ...again]);
        const state = await until(async () => {
            const now = await destination(oriel, 'down');
            return now.queued === 0 && now;
        });
        assert.equal(state.dropped, 0);
        assert.deepEqual(state.lost, {});
        assert.equal(state.lastError, '');
    } finally {
        await oriel.stop();
        await receiver?.stop();
    }
});

test('what an ordered end could not send is sent after the next start, and once', async () => {
    const port = await freePort();
    const oriel = await Oriel.start({ config: settings([{ name: 'down', protocol: 'http/json', endpoint: `http://127.0.0.1:${port}`, signals: ['traces'] }]) });
    let receiver;
    try {
        const ids = await makeCalls(oriel, 10);
        await oriel.stopProcess();
        receiver = await startHttpReceiver({ port });
        await oriel.run(runArguments);
        await until(() => receiver.received.traces.length > 0, 30000, 'a request');
        const state = await until(async () => {
            const now = await destination(oriel, 'down');
            return now.queued === 0 && now.sent > 0 && now;
        });
        assert.equal(state.dropped, 0);
        const spans = receiver.received.traces.flatMap((request) => request.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)));
        for (const id of ids) assert.equal(spans.filter((span) => span.traceId === id && span.kind === 2).length, 1);
    } finally {
        await oriel.stop();
        await receiver?.stop();
    }
});

test('without a destination there is no spool', async () => {
    const oriel = await Oriel.start({ config: settings([]) });
    try {
        await makeCalls(oriel, 3);
        assert.equal(fs.existsSync(path.join(oriel.dataDir, 'spool')), false);
    } finally {
        await oriel.stop();
    }
});

let receiver;
let oriel;
before(async () => {
    receiver = await startHttpReceiver();
    const endpoint = `http://127.0.0.1:${receiver.port}`;
    oriel = await Oriel.start({
        config: settings([
            { name: 'first', protocol: 'http/protobuf', endpoint, signals: ['traces'] },
            { name: 'second one', protocol: 'http/protobuf', endpoint, signals: ['logs'] },
        ]),
    });
});
after(async () => {
    await oriel?.stop();
    await receiver?.stop();
});

test('a paused destination keeps what comes, and gets it when it is resumed', async () => {
    assert.equal((await command(oriel, 'first/pause')).status, 200);
    await until(async () => (await destination(oriel, 'first')).state === 'paused');
    const ids = await makeCalls(oriel, 3);
    await until(async () => (await destination(oriel, 'first')).queued >= 18);
    assert.equal(receiver.spans().filter((span) => ids.includes(hex(span.traceId))).length, 0);
    assert.equal(JSON.parse(fs.readFileSync(oriel.configPath, 'utf8')).telemetry.destinations[0].paused, true);
    assert.equal((await command(oriel, 'first/resume')).status, 200);
    await arrived(receiver, ids);
});

test('clearing a queue drops what waits and counts it', async () => {
    await command(oriel, 'first/pause');
    await until(async () => (await destination(oriel, 'first')).state === 'paused');
    await makeCalls(oriel, 2);
    await until(async () => (await destination(oriel, 'first')).queued >= 12);
    assert.equal((await command(oriel, 'first/clear')).status, 200);
    const state = await until(async () => {
        const now = await destination(oriel, 'first');
        return now.queued === 0 && now;
    });
    assert.ok(state.lost['traces/cleared'] >= 12);
    await command(oriel, 'first/resume');
});

test('destinations are tried and tested by name, and mistakes are said', async () => {
    assert.equal((await command(oriel, 'first/retry')).status, 200);
    assert.equal((await command(oriel, 'second%20one/retry')).status, 200);
    const tested = await command(oriel, 'first/test');
    assert.equal(tested.status, 200);
    assert.match((await tested.json()).answer, /accepted/);
    assert.equal((await command(oriel, 'nobody/pause')).status, 404);
    assert.equal((await command(oriel, 'nobody/clear')).status, 404);
    const unknown = await command(oriel, 'first/explode');
    assert.equal(unknown.status, 404);
    assert.match((await unknown.json()).error, /pause, resume/);
    assert.equal((await oriel.api('/api/v1/export/first/pause')).status, 405);
    assert.equal((await oriel.api('/api/v1/export', { method: 'POST' })).status, 405);
});
