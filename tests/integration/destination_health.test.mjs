// SPDX-License-Identifier: GPL-3.0-or-later
// A live session whose destination is switched from a collector to a preset with a wrong key and back: nothing is lost, and at
// each moment the API and `oriel doctor` say what is wrong, where and what to do. And what a damaged spool tells at the start.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { hex, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { freePort } from './peers/ports.mjs';

const name = 'team';
const localCollector = (port) => ({ name, protocol: 'http/protobuf', endpoint: `http://127.0.0.1:${port}`, signals: ['traces'] });
const settings = (destination) => ({ mcpServers: { demo: { command: demoServer } }, telemetry: { spanInterval: 50, destinations: [destination] } });

/** A backend that refuses every key and says so. */
async function startRefusingBackend() {
    const backend = { keys: [] };
    const server = http.createServer((request, response) => {
        backend.keys.push(request.headers['api-key']);
        request.resume().on('end', () => {
            response.writeHead(401, { 'Content-Type': 'text/plain' });
            response.end('the license key is unknown in this region');
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    backend.url = `http://127.0.0.1:${server.address().port}`;
    backend.stop = () => new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
    });
    return backend;
}

/** One session that goes on through all changes; each call is one trace of its own. */
class Session {
    ids = [];
    constructor(oriel) {
        this.oriel = oriel;
    }
    async open() {
        await this.oriel.ready();
        const opened = await post(this.oriel.url, initialize());
        this.headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    }
    async call(count) {
        for (let i = 0; i < count; ++i) {
            const traceId = randomBytes(16).toString('hex');
            const params = { name: 'demo__quick_echo', arguments: { text: `call ${i}` }, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } };
            const answer = await post(this.oriel.url, { jsonrpc: '2.0', id: 10 + this.ids.length, method: 'tools/call', params }, this.headers);
            assert.ok(answer.body.result, JSON.stringify(answer.body));
            this.ids.push(traceId);
        }
    }
}

const health = async (oriel) => (await oriel.json('/api/v1/export')).destinations.find((entry) => entry.name === name);
const spansOf = (receiver) => new Set(receiver.spans().map((span) => `${hex(span.traceId)} ${hex(span.spanId)}`));
/** The kinds of the spans that came for a trace. */
const kindsOf = (receiver, traceId) => receiver.spans().filter((span) => hex(span.traceId) === traceId).map((span) => span.kind).sort().join();

test('a session that is switched to a preset with a wrong key and back loses nothing and explains itself', async () => {
    const collector = await startHttpReceiver();
    const backend = await startRefusingBackend();
    const oriel = await Oriel.start({ config: settings(localCollector(collector.port)) });
    try {
        const session = new Session(oriel);
        await session.open();
        await session.call(5);
        const fine = await until(async () => {
            const now = await health(oriel);
            return now.sent >= 5 * 6 && now.queued === 0 && now;
        }, 30000, 'the first spans to be sent');
        assert.equal(fine.remedy, '');
        assert.match(fine.text, /^sent /);
        assert.match((await oriel.command(['doctor'])).stdout, /ok +destination team: sent/);

        oriel.writeConfig(settings({ name, preset: 'newrelic', fields: { host: 'otlp.nr-data.net', license_key: 'wrong-key-1' }, endpoint: backend.url, signals: ['traces'] }));
        // What is recorded until the file has been read again still goes to the collector.
        await until(async () => {
            await session.call(1);
            return (await health(oriel)).state === 'paused';
        }, 30000, 'the key to be refused');
        const before = (await health(oriel)).queued;
        await session.call(5);
        const refused = await until(async () => {
            const now = await health(oriel);
            return now.queued >= before + 5 * 6 && now;
        }, 30000, 'what is new to wait too');
        assert.equal(refused.state, 'paused');
        assert.equal(backend.keys[0], 'wrong-key-1');
        assert.equal(refused.paused, false, 'nobody paused it');
        assert.equal(refused.text, 'the backend refused the key (HTTP 401 Unauthorized: the license key is unknown in this region)');
        assert.equal(refused.remedy, `Give another key; ${refused.queued} records wait.`);
        assert.ok(Math.abs(Number(BigInt(refused.oldestUnixNano) / 1_000_000n) - Date.now()) < 120_000, refused.oldestUnixNano);
        const { stdout } = await oriel.command(['doctor']);
        assert.match(stdout, /warning +destination team: the backend refused the key \(HTTP 401 .*license key is unknown/);
        assert.match(stdout, /Give another key; \d+ records wait\./);
        for (const said of [stdout, JSON.stringify(refused), oriel.stderr]) assert.ok(!said.includes('wrong-key-1'));

        await session.call(5);
        const tries = backend.keys.length;
        oriel.writeConfig(settings(localCollector(collector.port)));
        await session.call(5);
        const again = await until(async () => {
            const now = await health(oriel);
            return now.queued === 0 && now.sent >= session.ids.length * 6 && now;
        }, 60000, 'everything to be sent');
        assert.equal(again.dropped, 0);
        assert.equal(again.lastError, '');
        assert.equal(again.remedy, '');
        assert.equal(again.oldestUnixNano, '0');
        assert.equal(backend.keys.length, tries, 'a refused key is not tried again');
        const shapes = new Set(session.ids.map((id) => kindsOf(collector, id)));
        assert.equal(shapes.size, 1, `every call has the same spans: ${[...shapes].join(' | ')}`);
        assert.ok([...shapes][0].length > 0);
        assert.equal(spansOf(collector).size, collector.spans().length, 'each span came once');
        assert.match((await oriel.command(['doctor'])).stdout, /ok +destination team: sent/);
    } finally {
        await oriel.stop();
        await collector.stop();
        await backend.stop();
    }
});

test('a spool whose end was torn is told once in the log, in the API and by the doctor, and the rest is sent', async () => {
    const port = await freePort();
    const oriel = await Oriel.start({ config: settings(localCollector(port)) });
    let collector;
    try {
        const session = new Session(oriel);
        await session.open();
        await session.call(3);
        await oriel.spooled(session.ids);
        assert.deepEqual((await oriel.json('/api/v1/export')).recovered, { requests: 0, damage: [] });
        await oriel.kill();
        const spooled = path.join(oriel.dataDir, 'spool');
        const segment = fs.readdirSync(spooled).filter((file) => file.endsWith('.seg')).sort().at(-1);
        const bytes = fs.readFileSync(path.join(spooled, segment));
        fs.appendFileSync(path.join(spooled, segment), bytes.subarray(-40, -3));
        await oriel.run(['--headless', '--port', '0', '--no-auth']);
        const { recovered } = await until(async () => {
            const now = await oriel.json('/api/v1/export');
            return now.recovered.requests > 0 && now;
        });
        assert.equal(recovered.damage.length, 1, JSON.stringify(recovered));
        const logs = await until(async () => {
            const found = (await oriel.json('/api/v1/logs?limit=500')).logs.filter((entry) => JSON.stringify(entry).includes('export spool'));
            return found.length > 0 && found;
        });
        assert.equal(logs.length, 1);
        assert.match((await oriel.command(['doctor'])).stdout, /warning +export spool: /);
        collector = await startHttpReceiver({ port });
        await oriel.api(`/api/v1/export/${name}/retry`, { method: 'POST' });
        await until(() => session.ids.every((id) => collector.spans().some((span) => hex(span.traceId) === id)), 30000, 'every call');
    } finally {
        await oriel.stop();
        await collector?.stop();
    }
});
