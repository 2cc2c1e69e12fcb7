// SPDX-License-Identifier: GPL-3.0-or-later
// A real OpenTelemetry Collector at the other end: what its file exporter wrote of real calls is held against what Oriel itself tells of them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Collector, attributesOf, plainValue } from './peers/collector.mjs';
import { missing } from './peers/go_programs.mjs';
import { modules } from './peers/modules.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { overHttp } from './peers/sdk_client.mjs';

const sdk2Server = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers/sdk2_server.mjs');
const skip = missing('collector');
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const destinationOf = async (oriel, name) => (await oriel.json('/api/v1/export')).destinations.find((entry) => entry.name === name);

async function openSession(oriel) {
    await oriel.ready();
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    return headers;
}

/** A call with a trace id of its own, which it gives back. */
async function call(oriel, headers, name = 'demo__quick_echo') {
    const traceId = randomBytes(16).toString('hex');
    const params = { name, arguments: { text: 'hello' }, _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } };
    const { body } = await post(oriel.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, headers);
    assert.ok(body.result, JSON.stringify(body));
    return traceId;
}

describe('calls of a real client to a real server', { skip }, () => {
    // The name is a resource attribute that only this destination gets, so one file tells all apart.
    const wires = [
        { name: 'grpc', protocol: 'grpc' },
        { name: 'grpc-gzip', protocol: 'grpc', compression: 'gzip', temporality: 'delta' },
        { name: 'protobuf', protocol: 'http/protobuf', histograms: 'exponential' },
        { name: 'protobuf-gzip', protocol: 'http/protobuf', compression: 'gzip', temporality: 'delta', histograms: 'exponential' },
        { name: 'protobuf-zstd', protocol: 'http/protobuf', compression: 'zstd', preset: undefined },
        { name: 'json', protocol: 'http/json', histograms: 'exponential' },
        { name: 'json-gzip', protocol: 'http/json', compression: 'gzip', temporality: 'delta', histograms: 'exponential' },
    ];
    const rounds = 2;
    const echoes = 3;
    const headersTrace = 'aaaabbbbccccddddeeeeffff00001111';
    let collector;
    let oriel;
    let client;
    let own;
    let lastTrace;

    /** Of one destination: its items without the attribute that told it. */
    const ofWire = (items, name) =>
        items.filter(({ resource }) => attributesOf(resource).destination === name)
            .map((item) => ({ ...item, resource: { ...item.resource, attributes: item.resource.attributes.filter(({ key }) => key !== 'destination') } }));
    const points = (metric) => (metric.sum ?? metric.gauge ?? metric.histogram ?? metric.exponentialHistogram).dataPoints;
    const itemsOf = (name) => ofWire(collector.spans(), name).length + ofWire(collector.logs(), name).length + sum(ofWire(collector.metrics(), name).map((metric) => points(metric).length));

    const settled = async () => {
        for (const { name } of wires) {
            await until(async () => {
                const { queued, sent, lastError } = await destinationOf(oriel, name);
                assert.equal(lastError, '', name);
                return queued === 0 && sent > 0 && sent === itemsOf(name);
            }, 30000, `the Collector to have as many items of ${name} as Oriel says it sent`);
        }
    };

    async function round() {
        for (let i = 0; i < echoes; ++i)
            await client.callTool({ name: 'sdk2__echo', arguments: { message: `${i}` }, _meta: { traceparent: `00-${randomBytes(16).toString('hex')}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' } });
        assert.ok((await client.callTool({ name: 'sdk2__fail', arguments: {} })).isError);
        await client.callTool({ name: 'sdk2__talk', arguments: { level: 'warning', words: 'said with ä€😀' } });
    }

    before(async () => {
        collector = await Collector.start();
        const endpoint = (protocol) => (protocol === 'grpc' ? collector.grpc() : collector.http());
        oriel = await Oriel.start({
            config: {
                mcpServers: { sdk2: { command: process.execPath, args: [sdk2Server, 'legacy', 'stdio'], env: { ORIEL_NODE_MODULES: modules } }, demo: { command: demoServer } },
                telemetry: {
                    metricInterval: 200,
                    spanInterval: 50,
                    destinations: wires.map((wire) => ({ preset: 'collector', endpoint: endpoint(wire.protocol), resourceAttributes: { destination: wire.name }, ...wire })),
                },
            },
        });
        await oriel.ready();
        client = await overHttp(oriel, 'real-client');
        for (let i = 0; i < rounds; ++i) {
            await round();
            const made = (i + 1) * echoes;
            await until(() => wires.every(({ name }) => total(series(name, 'mcp_gateway_tool_calls_total').get('echo') ?? []) === made), 20000, `the Collector to have counted ${made} calls`);
        }
        const session = await openSession(oriel);
        lastTrace = await call(oriel, { ...session, traceparent: `00-${headersTrace}-1122334455667788-01` }, 'demo__log_burst');
        await until(async () => (await oriel.exportedSpans()).some(({ traceId }) => traceId === lastTrace));
        await until(() => wires.every(({ name }) => total(series(name, 'mcp_gateway_tool_calls_total').get('log_burst') ?? []) === 1), 20000, 'the Collector to have counted the last call');
        await until(async () => {
            own = await oriel.exportedSpans();
            return wires.every(({ name }) => ofWire(collector.spans(), name).length === own.length);
        }, 20000, 'the Collector to have as many spans of each wire as Oriel has itself');
        await settled();
    });
    after(async () => {
        await client?.close();
        await oriel?.stop();
        await collector?.stop();
    });

    /** What an empty status and an absent one mean is the same. */
    const comparable = (items) =>
        items.map(({ status, ...item }) => (Object.keys(status ?? {}).length > 0 ? { ...item, status } : item)).sort((a, b) => (a.spanId < b.spanId ? -1 : 1));

    /** The points of a metric by tool, in the order of their arrival, each with what holds for all. */
    const series = (wire, metric) => {
        const found = new Map();
        for (const entry of ofWire(collector.metrics(), wire).filter(({ name }) => name === metric)) {
            for (const point of points(entry)) {
                const { tool_name: tool } = attributesOf(point);
                found.set(tool, [...(found.get(tool) ?? []), { ...point, metric: entry }]);
            }
        }
        return found;
    };
    const value = (point) => Number(point.asInt ?? point.asDouble ?? point.count);
    const temporality = ({ metric }) => (metric.sum ?? metric.histogram ?? metric.exponentialHistogram).aggregationTemporality;
    /** What all points of a series say together: the last of a cumulative one, the sum of one of deltas. */
    const total = (all, of = value) => (all.length === 0 ? 0 : temporality(all[0]) === 1 ? sum(all.map(of)) : of(all.at(-1)));

    test('what they were has an error, a link, an event and a parent in another trace', () => {
        assert.ok(own.some(({ status, name }) => status?.code === 2 && name === 'tools/call sdk2__fail'));
        assert.ok(own.some(({ links }) => links?.[0].traceId === headersTrace && links[0].spanId === '1122334455667788'));
        assert.ok(own.some(({ events }) => events?.length > 0));
        assert.equal(own.filter(({ kind, name }) => kind === 2 && name === 'tools/call sdk2__echo').length, rounds * echoes);
        for (const span of own.filter(({ kind, name }) => kind === 2 && name === 'tools/call sdk2__echo')) {
            assert.equal(span.parentSpanId, '00f067aa0ba902b7');
            assert.equal(span.traceState, 'vendor=1');
        }
    });

    for (const wire of wires) {
        const kind = `${wire.temporality ?? 'cumulative'} and ${wire.histograms ?? 'explicit'}`;

        test(`over ${wire.name} every span arrives once, in every field as Oriel has it`, () => {
            assert.deepEqual(comparable(ofWire(collector.spans(), wire.name)), comparable(own));
        });

        test(`over ${wire.name} every log record arrives once, as Oriel has it`, async () => {
            const told = ({ timeUnixNano, severityNumber, severityText = '', body, traceId = '', spanId = '' }) => [timeUnixNano, severityNumber, severityText, body, traceId, spanId].join(' | ');
            const { logs } = await oriel.json('/api/v1/logs');
            const words = (body) => (typeof body === 'string' ? body : JSON.stringify(body));
            const arrived = ofWire(collector.logs(), wire.name).map((log) => told({ ...log, body: words(plainValue(log.body)) }));
            assert.ok(logs.some(({ body, traceId }) => body === 'said with ä€😀' && traceId), 'one of them belongs to a call');
            assert.deepEqual(arrived.sort(), logs.map(told).sort());
        });

        test(`over ${wire.name} metrics are ${kind}, and add up to the calls that were made`, async () => {
            const delta = wire.temporality === 'delta';
            const calls = series(wire.name, 'mcp_gateway_tool_calls_total');
            assert.deepEqual(Object.fromEntries([...calls].map(([tool, all]) => [tool, total(all)])), { echo: rounds * echoes, fail: rounds, talk: rounds, log_burst: 1 });
            for (const metric of ['mcp_gateway_tool_calls_total', 'mcp_gateway_tool_call_duration_seconds']) {
                const all = series(wire.name, metric).get('echo');
                assert.ok(all.length >= rounds, 'it left more than once');
                for (const [i, point] of all.entries()) {
                    assert.equal(temporality(point), delta ? 1 : 2);
                    assert.ok(BigInt(point.startTimeUnixNano) < BigInt(point.timeUnixNano));
                    if (i === 0) continue;
                    if (delta) assert.ok(BigInt(point.startTimeUnixNano) >= BigInt(all[i - 1].timeUnixNano), 'no interval is told twice');
                    else assert.equal(point.startTimeUnixNano, all[0].startTimeUnixNano);
                }
            }
            const durations = series(wire.name, 'mcp_gateway_tool_call_duration_seconds').get('echo');
            assert.equal(total(durations), rounds * echoes);
            const [, known] = /^mcp_gateway_tool_call_duration_seconds_sum\{.*tool_name="echo".*\} (\S+)$/m.exec(await (await oriel.api('/metrics')).text());
            const seconds = total(durations, (point) => point.sum);
            assert.ok(Math.abs(seconds - Number(known)) < 1e-9, `${seconds} and ${known}`);
            for (const point of durations) {
                assert.equal(point.metric.unit, 's');
                const buckets = bucketsOf(point);
                assert.equal(Boolean(point.metric.exponentialHistogram), wire.histograms === 'exponential');
                assert.equal(sum(buckets.map(({ count }) => count)), Number(point.count));
                const [least, most] = [sum(buckets.map(({ count, from }) => count * from)), sum(buckets.filter(({ count }) => count > 0).map(({ count, to }) => count * to))];
                assert.ok(least <= point.sum * (1 + 1e-9) && point.sum <= most * (1 + 1e-9), `${least} ≤ ${point.sum} ≤ ${most}`);
            }
        });
    }
});

/** The buckets of a histogram of either kind: {from, to, count}. */
function bucketsOf(point) {
    if (point.metric.histogram)
        return point.bucketCounts.map((count, i) => ({ from: point.explicitBounds[i - 1] ?? 0, to: point.explicitBounds[i] ?? Infinity, count: Number(count) }));
    const base = 2 ** (2 ** -(point.scale ?? 0));
    const first = point.positive?.offset ?? 0;
    return [
        { from: 0, to: point.zeroThreshold ?? 0, count: Number(point.zeroCount ?? 0) },
        ...(point.positive?.bucketCounts ?? []).map((count, i) => ({ from: base ** (first + i), to: base ** (first + i + 1), count: Number(count) })),
    ];
}

test("the Collector's preset takes zstd, as Collectors do over HTTP", { skip }, async () => {
    const collector = await Collector.start();
    const oriel = await Oriel.start({
        config: {
            mcpServers: { demo: { command: demoServer } },
            telemetry: { spanInterval: 50, destinations: [{ name: 'zstd', preset: 'collector', compression: 'zstd', endpoint: collector.http() }] },
        },
    });
    try {
        const traceId = await call(oriel, await openSession(oriel));
        assert.equal((await destinationOf(oriel, 'zstd')).lastError, '');
        await until(() => collector.spans().some((span) => span.traceId === traceId));
    } finally {
        await oriel.stop();
        await collector.stop();
    }
});

describe('a Collector that wants a token', { skip }, () => {
    const right = 'the-right-one';
    const wires = { grpc: 'grpc', protobuf: 'http/protobuf', json: 'http/json' };
    let collector;
    let oriel;
    let traceId;
    const destinations = (token) =>
        Object.entries(wires).map(([name, protocol]) => ({
            name, preset: 'collector', protocol, endpoint: protocol === 'grpc' ? collector.grpc() : collector.http(),
            headers: { Authorization: `Bearer ${token}` }, resourceAttributes: { destination: name },
        }));
    const config = (token) => ({ mcpServers: { demo: { command: demoServer } }, telemetry: { metricInterval: 200, spanInterval: 50, destinations: destinations(token) } });

    before(async () => {
        collector = await Collector.start((change) => {
            change.extensions = { bearertokenauth: { token: right } };
            change.service.extensions = ['bearertokenauth'];
            for (const protocol of Object.values(change.receivers.otlp.protocols)) protocol.auth = { authenticator: 'bearertokenauth' };
        });
        oriel = await Oriel.start({ config: config('a-wrong-one') });
        traceId = await call(oriel, await openSession(oriel));
    });
    after(async () => {
        await oriel?.stop();
        await collector?.stop();
    });

    for (const [name, protocol] of Object.entries(wires)) {
        test(`${protocol} stops at the refusal, keeps everything, and says what the Collector said`, async () => {
            const state = await until(async () => {
                const now = await destinationOf(oriel, name);
                return now.state === 'paused' && now.queued >= 6 && now;
            });
            assert.match(state.lastError, protocol === 'grpc' ? /UNAUTHENTICATED: .*authorization does not match/ : /401 Unauthorized: .*authorization does not match/);
            assert.deepEqual([state.sent, state.dropped, state.lost], [0, 0, {}]);
            const { stdout } = await oriel.command(['doctor']);
            assert.match(stdout, new RegExp(`warning +destination ${name}: .*authorization does not match`));
            assert.doesNotMatch(stdout + oriel.stderr, /a-wrong-one/);
        });
    }

    test('with the right token what was kept arrives, once', async () => {
        assert.equal(collector.spans().length, 0);
        oriel.writeConfig(config(right));
        for (const name of Object.keys(wires)) {
            const state = await until(async () => {
                const now = await destinationOf(oriel, name);
                return now.queued === 0 && now.sent > 0 && now;
            });
            assert.deepEqual([state.dropped, state.lastError], [0, '']);
            const spans = collector.spans().filter((span) => span.traceId === traceId && attributesOf(span.resource).destination === name);
            assert.equal(spans.length, 6);
            assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 6);
        }
    });
});

describe('a Collector that takes traces only', { skip }, () => {
    const wires = { grpc: ['grpc', /UNIMPLEMENTED: unknown service/], protobuf: ['http/protobuf', /404 Not Found/], json: ['http/json', /404 Not Found/] };
    let collector;
    let oriel;
    before(async () => {
        collector = await Collector.start(({ service }) => {
            delete service.pipelines.metrics;
            delete service.pipelines.logs;
        });
        oriel = await Oriel.start({
            config: {
                mcpServers: { demo: { command: demoServer } },
                telemetry: {
                    metricInterval: 200, spanInterval: 50,
                    destinations: Object.entries(wires).map(([name, [protocol]]) => ({
                        name, preset: 'collector', protocol, endpoint: protocol === 'grpc' ? collector.grpc() : collector.http(), resourceAttributes: { destination: name },
                    })),
                },
            },
        });
    });
    after(async () => {
        await oriel?.stop();
        await collector?.stop();
    });

    for (const [name, [protocol, refusal]] of Object.entries(wires)) {
        test(`${protocol}: the traces arrive, and what nobody takes there is kept and explained`, async () => {
            const session = await openSession(oriel);
            const traceId = await call(oriel, session, 'demo__log_burst');
            const state = await until(async () => {
                const now = await destinationOf(oriel, name);
                return now.state === 'misaddressed' && now.queued > 0 && now.sent >= 6 && now;
            });
            assert.match(state.lastError, refusal);
            assert.deepEqual([state.dropped, state.lost], [0, {}]);
            await until(() => collector.spans().filter((span) => span.traceId === traceId && attributesOf(span.resource).destination === name).length === 6);
        });
    }

    test('the doctor says which signals have no place there', async () => {
        const { stdout } = await oriel.command(['doctor']);
        for (const name of Object.keys(wires)) assert.match(stdout, new RegExp(`warning +destination ${name}: .*metrics`));
    });

    test('when those signals are switched off, what waited of them is given up and counted, and the traces go on', async () => {
        const config = JSON.parse(fs.readFileSync(oriel.configPath, 'utf8'));
        for (const destination of config.telemetry.destinations) destination.signals = ['traces'];
        oriel.writeConfig(config);
        for (const name of Object.keys(wires)) {
            const state = await until(async () => {
                const now = await destinationOf(oriel, name);
                return now.state === 'idle' && now.queued === 0 && now;
            });
            assert.deepEqual(Object.keys(state.lost).filter((reason) => !/^(logs|metrics)\/refused$/.test(reason)), []);
            assert.ok(state.lost['metrics/refused'] > 0);
        }
    });
});

test('a Collector that is killed in the middle and started again has every span of every call', { skip }, async () => {
    const protocols = ['grpc', 'http/protobuf', 'http/json'];
    const collector = await Collector.start();
    const oriel = await Oriel.start({
        config: {
            mcpServers: { demo: { command: demoServer } },
            telemetry: {
                spanInterval: 50,
                destinations: protocols.map((protocol) => ({
                    name: protocol, preset: 'collector', protocol, signals: ['traces'], endpoint: protocol === 'grpc' ? collector.grpc() : collector.http(), resourceAttributes: { destination: protocol },
                })),
            },
        },
    });
    try {
        const session = await openSession(oriel);
        const traceIds = [];
        let killed = false;
        const calling = (async () => {
            while (!killed) traceIds.push(await call(oriel, session));
        })();
        try {
            await until(() => collector.spans().length >= 100, 20000, 'the first spans');
            await collector.kill();
        } finally {
            killed = true;
            await calling;
        }
        for (let i = 0; i < 30; ++i) traceIds.push(await call(oriel, session));
        for (const protocol of protocols) {
            await until(async () => {
                const { state, queued } = await destinationOf(oriel, protocol);
                return state === 'retrying' && queued >= 30 * 6;
            }, 20000, `${protocol} to wait for the Collector`);
        }
        await collector.again();
        for (let i = 0; i < 10; ++i) traceIds.push(await call(oriel, session));
        // Like a user who will not wait for the next probe, which may be minutes away after a long absence.
        for (const protocol of protocols) assert.ok((await oriel.api(`/api/v1/export/${encodeURIComponent(protocol)}/retry`, { method: 'POST' })).ok);

        let own;
        await until(async () => {
            own = await oriel.exportedSpans();
            return own.filter(({ traceId }) => traceId === traceIds.at(-1)).length >= 6;
        }, 20000, 'the spans of the last call');
        const wanted = new Set(own.map(({ spanId }) => spanId));
        assert.ok(wanted.size >= traceIds.length * 6);
        for (const protocol of protocols) {
            let state;
            await until(async () => {
                state = await destinationOf(oriel, protocol);
                return state.queued === 0 && state.sent >= wanted.size;
            }, 60000, `everything to be sent over ${protocol}`).catch((error) => {
                throw new Error(`${error.message}: ${wanted.size} spans, ${JSON.stringify(state)}`);
            });
            assert.deepEqual([state.sent, state.dropped, state.lost, state.lastError], [wanted.size, 0, {}, '']);
            const arrived = collector.spans().filter(({ resource }) => attributesOf(resource).destination === protocol);
            assert.deepEqual(new Set(arrived.map(({ spanId }) => spanId)), wanted);
            const twice = arrived.filter((span, i) => arrived.findIndex(({ spanId }) => spanId === span.spanId) !== i);
            for (const span of twice) assert.deepEqual(span, arrived.find(({ spanId }) => spanId === span.spanId));
        }
    } finally {
        await oriel.stop();
        await collector.stop();
    }
});
