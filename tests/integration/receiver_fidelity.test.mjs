// SPDX-License-Identifier: GPL-3.0-or-later
// What is received is passed on as it came: every field of every message, in over each protocol and out over each, written and
// read by protobufjs code that shares nothing with Oriel. Only Oriel's own mark on the resource is new.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Oriel, until } from './peers/oriel.mjs';
import { encodeRequest, exportOverGrpc, jsonOf, protobufOf, startGrpcReceiver, startHttpReceiver, wholeObject } from './peers/otlp_receiver.mjs';
import { wholeRequests } from './peers/whole_telemetry.mjs';

const signals = ['traces', 'metrics', 'logs'];
const groupsOf = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' };
const mark = 'oriel.passed_on_by';
const hasSix = Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1');

let oriel;
let receiver;
const backends = {};

before(async () => {
    backends.grpc = await startGrpcReceiver();
    backends['http/protobuf'] = await startHttpReceiver();
    backends['http/json'] = await startHttpReceiver();
    const destinations = Object.entries(backends).map(([protocol, { port }]) => ({ name: protocol.replace('/', '-'), protocol, endpoint: `http://127.0.0.1:${port}`, received: true }));
    oriel = await Oriel.start({ config: { receiver: { grpcPort: 0, httpPort: 0 }, telemetry: { spanInterval: 50, destinations } } });
    ({ receiver } = await oriel.ready());
});
after(async () => {
    await oriel?.stop();
    for (const backend of Object.values(backends)) await backend.stop();
});

async function sendOverHttp(signal, body, type) {
    const response = await fetch(`http://127.0.0.1:${receiver.httpPort}/v1/${signal}`, { method: 'POST', headers: { 'Content-Type': type }, body });
    const answer = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200, answer.toString());
    return answer.toString().replace('{}', '');
}

const ways = {
    'gRPC': (signal, bytes) => exportOverGrpc(receiver.grpcPort, signal, bytes),
    'HTTP with protobuf': (signal, bytes) => sendOverHttp(signal, bytes, 'application/x-protobuf'),
    'HTTP with JSON': (signal, bytes) => sendOverHttp(signal, JSON.stringify(jsonOf(signal, bytes)), 'application/json'),
    'HTTP with JSON, enums by name': (signal, bytes) => sendOverHttp(signal, JSON.stringify(jsonOf(signal, bytes, String)), 'application/json'),
};

const serviceOf = (group) => group.resource?.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;

/** The one resource group that a backend got of a program, as `wholeObject` reads it, and the mark that was taken off it. */
async function groupAt(protocol, signal, service) {
    const name = groupsOf[signal];
    const found = await until(() => backends[protocol].received[signal].flatMap((request) => request[name]).find((group) => serviceOf(group) === service), 20000, `${signal} of ${service} over ${protocol}`);
    const request = { [name]: [found] };
    const bytes = protocol === 'http/json' ? protobufOf(signal, request) : encodeRequest(signal, request);
    const [group] = wholeObject(signal, bytes)[name];
    const marks = group.resource.attributes.filter(({ key }) => key === mark);
    group.resource.attributes = group.resource.attributes.filter(({ key }) => key !== mark);
    return { group, marks };
}

for (const [way, send] of Object.entries(ways)) {
    for (const signal of signals) {
        test(`${signal} that come over ${way} leave as they came, over every protocol`, async () => {
            const service = `${signal} over ${way}`;
            const bytes = encodeRequest(signal, wholeRequests(service)[signal]);
            const answer = await send(signal, bytes);
            assert.equal(answer.length, 0, 'nothing is rejected');
            const [sent] = wholeObject(signal, bytes)[groupsOf[signal]];
            for (const protocol of Object.keys(backends)) {
                const { group, marks } = await groupAt(protocol, signal, service);
                assert.equal(marks.length, 1);
                assert.match(marks[0].value.stringValue, /^[0-9a-f]{16}$/);
                assert.deepEqual(group, sent, protocol);
            }
        });
    }
}

test('a log without a time of its own is found here by when it was observed', async () => {
    const { logs } = await until(async () => {
        const page = await oriel.json(`/api/v1/logs?source=${encodeURIComponent('logs over gRPC')}`);
        return page.logs.length > 0 && page;
    });
    const untimed = logs.find(({ body }) => body === 'without a time of its own');
    assert.equal(String(untimed.timeUnixNano), '1700000000000000013');
});

test('the mark stays the same from start to start, for the owner alone', async () => {
    const markOf = async (service) => {
        const bytes = encodeRequest('logs', wholeRequests(service).logs);
        await sendOverHttp('logs', bytes, 'application/x-protobuf');
        const { marks } = await groupAt('http/protobuf', 'logs', service);
        return marks[0].value.stringValue;
    };
    const first = await markOf('before the restart');
    await oriel.stopProcess();
    await oriel.run(['--headless', '--port', '0', '--no-auth']);
    ({ receiver } = await oriel.ready());
    assert.equal(await markOf('after the restart'), first);
    const file = path.join(oriel.dataDir, 'passed_on_by.id');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);

    await oriel.stopProcess();
    fs.writeFileSync(file, 'damaged');
    await oriel.run(['--headless', '--port', '0', '--no-auth']);
    ({ receiver } = await oriel.ready());
    assert.notEqual(await markOf('after the damage'), first);
    await until(() => /passed_on_by\.id is damaged/.test(oriel.stdout));
});

test('localhost reaches the receiver by either address', { skip: !hasSix && 'this machine has no ::1' }, async () => {
    const bytes = encodeRequest('logs', wholeRequests('over ::1').logs);
    assert.equal((await exportOverGrpc(receiver.grpcPort, 'logs', bytes, '[::1]')).length, 0);
    const response = await fetch(`http://[::1]:${receiver.httpPort}/v1/logs`, { method: 'POST', headers: { 'Content-Type': 'application/x-protobuf' }, body: bytes });
    assert.equal(response.status, 200);
});
