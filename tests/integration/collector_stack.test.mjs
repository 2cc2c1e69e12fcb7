// SPDX-License-Identifier: GPL-3.0-or-later
// The Collector's configuration of the hand-over kit in a real Collector: as it is written for `validate`, and at work with other ports between
// a real Oriel, receivers in the places of Tempo, Jaeger and Loki, and a real Prometheus.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { attributesOf, otlpIn, quiet } from './peers/collector.mjs';
import { Program, missing, runProgram } from './peers/go_programs.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';
import { hex, startGrpcReceiver, startHttpReceiver } from './peers/otlp_receiver.mjs';
import { freePort } from './peers/ports.mjs';
import { Prometheus, parseOpenMetrics, promtool } from './peers/prometheus.mjs';
import { dashboardQueries, exportStack } from './peers/stack.mjs';

describe("the kit's Collector", { skip: missing('collector') }, () => {
    const traceId = 'fedcba98765432100123456789abcdef';
    const calls = 5;
    let dir;
    let stack;
    let oriel;
    let collector;
    let tempo;
    let jaeger;
    let loki;
    let metrics;
    let session;
    const configuration = () => path.join(stack, 'collector/config.yaml');
    const call = (name, args, meta) => post(oriel.url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: `demo__${name}`, arguments: args, _meta: meta } }, session);

    before(async () => {
        dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-kit-'));
        stack = path.join(dir, 'stack');
        const written = await exportStack(dir, stack);
        assert.equal(written.code, 0, written.stderr);

        tempo = await startGrpcReceiver();
        jaeger = await startGrpcReceiver();
        loki = await startHttpReceiver();
        metrics = `127.0.0.1:${await freePort()}`;
        const otlp = await otlpIn();
        const ports = path.join(dir, 'ports.json');
        fs.writeFileSync(ports, JSON.stringify({
            receivers: { otlp },
            exporters: {
                prometheus: { endpoint: metrics },
                'otlp/tempo': { endpoint: `127.0.0.1:${tempo.port}` },
                'otlp/jaeger': { endpoint: `127.0.0.1:${jaeger.port}` },
                'otlphttp/loki': { endpoint: `http://127.0.0.1:${loki.port}/otlp` },
            },
            service: { telemetry: quiet },
        }));
        collector = new Program('collector');
        await collector.runFiles(configuration(), ports);

        const { telemetry } = JSON.parse(fs.readFileSync(path.join(stack, 'oriel-destination.json'), 'utf8'));
        telemetry.destinations[0].endpoint = `http://${otlp.protocols.http.endpoint}`;
        oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } }, telemetry: { metricInterval: 200, spanInterval: 50, ...telemetry } } });
        await oriel.ready();
        session = { 'Mcp-Session-Id': (await post(oriel.url, initialize())).headers.get('mcp-session-id') };
        await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
        for (let i = 0; i < calls; ++i) await call('quick_echo', { text: `${i}` }, i === 0 ? { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } : undefined);
        await call('log_burst', { count: 3 });
        await call('no_such_tool', {});
    });
    after(async () => {
        await oriel?.stop();
        await collector?.stop();
        for (const receiver of [tempo, jaeger, loki]) await receiver?.stop();
        fs.rmSync(dir, { recursive: true, force: true });
    });

    test('accepts the configuration as it is written, and refuses one that it does not know', async () => {
        assert.deepEqual(runProgram('collector', ['validate', `--config=${configuration()}`]), { status: 0, output: '' });
        const other = path.join(dir, 'other.yaml');
        fs.writeFileSync(other, fs.readFileSync(configuration(), 'utf8').replace('enable_open_metrics', 'enable_closed_metrics'));
        const refused = runProgram('collector', ['validate', `--config=${other}`]);
        assert.equal(refused.status, 1);
        assert.match(refused.output, /enable_closed_metrics/);
    });

    for (const [name, receiver] of [['Tempo', () => tempo], ['Jaeger', () => jaeger]]) {
        test(`gives each span to ${name}, once`, async () => {
            const spans = await until(() => {
                const all = receiver().spans().filter((span) => hex(span.traceId) === traceId);
                return all.length >= 6 && all;
            });
            const own = (await oriel.exportedSpans()).filter((span) => span.traceId === traceId);
            const told = (all, id) => all.map((span) => [span.name, span.kind, id(span.spanId), id(span.parentSpanId)].join(' ')).sort();
            assert.deepEqual(told(spans, hex), told(own, (text) => text));
        });
    }

    test('gives each log record to Loki, once', async () => {
        const { logs } = await until(async () => {
            const all = await oriel.json('/api/v1/logs');
            return all.logs.filter(({ body }) => /burst line 3/i.test(body)).length > 0 && all;
        });
        await until(() => loki.logs().length >= logs.length);
        assert.deepEqual(loki.logs().map(({ timeUnixNano }) => timeUnixNano).sort(), logs.map(({ timeUnixNano }) => timeUnixNano).sort());
        assert.ok(loki.received.logs.every(({ resourceLogs }) => resourceLogs.every(({ resource }) => attributesOf(resource)['service.name'] === 'oriel')));
    });

    const counted = /^mcp_gateway_tool_calls_total\{.*tool_name="quick_echo".*\} 5$/m;
    const scrape = async (accept = 'text/plain') => {
        const response = await fetch(`http://${metrics}/metrics`, { headers: { Accept: accept } });
        return { type: response.headers.get('content-type'), text: await response.text() };
    };

    test('shows metrics in which promtool finds nothing wrong', async () => {
        const { text } = await until(async () => {
            const seen = await scrape();
            return counted.test(seen.text) && seen;
        });
        assert.deepEqual(promtool(['check', 'metrics'], text), { status: 0, output: '' });
    });

    test('shows them as OpenMetrics too, with exemplars that lead to traces of Oriel', async () => {
        const { type, text } = await scrape('application/openmetrics-text;version=1.0.0');
        assert.match(type, /^application\/openmetrics-text/);
        const { samples } = parseOpenMetrics(text).mcp_gateway_tool_calls;
        const { exemplar } = samples.find(({ labels }) => labels.tool_name === 'quick_echo');
        assert.equal((await oriel.api(`/api/v1/traces/${exemplar.trace_id}`)).status, 200);
    });

    test('keeps the names and types that Oriel shows itself, but for the aliases, which Oriel alone has', async () => {
        const families = (text) => new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
        let wrong;
        await until(async () => {
            const own = families(await (await oriel.api('/metrics')).text());
            const here = families((await scrape()).text);
            const named = [...own].filter(([name]) => name.startsWith('mcp_'));
            assert.ok(named.length > 10);
            wrong = named.filter(([name, type]) => (type === 'untyped' ? !here.has(`${name}_total`) : here.get(name) !== type));
            return wrong.length === 0;
        }).catch((error) => assert.fail(`${error.message}: ${wrong.join('; ')}`));
    });

    test('feeds a real Prometheus from which the dashboards get the answers that they get from Oriel itself', async () => {
        const stacked = path.join(stack, 'prometheus/prometheus.yml');
        const direct = path.join(stack, 'prometheus/prometheus-direct.yml');
        const change = (file, target, instead) => {
            const text = fs.readFileSync(file, 'utf8');
            assert.ok(text.includes(target) && text.includes('scrape_interval: 5s'));
            fs.writeFileSync(file, text.replace(target, instead).replace('scrape_interval: 5s', 'scrape_interval: 500ms'));
        };
        change(stacked, 'otel-collector:8889', metrics);
        change(direct, '127.0.0.1:7420', new URL(oriel.url).host);
        let here;
        let there;
        try {
            here = await Prometheus.start({ file: stacked });
            there = await Prometheus.start({ file: direct });
            for (const prometheus of [here, there]) {
                await prometheus.targetUp();
                await until(async () => Number((await prometheus.query('sum(mcp_gateway_tool_calls_total{tool_name="quick_echo"})'))[0]?.value[1]) === calls, 20000, 'the first scrape');
            }
            // A rate needs a series at two scrapes.
            for (let i = 0; i < calls; ++i) await call('quick_echo', { text: 'again' });
            for (const prometheus of [here, there])
                await until(async () => Number((await prometheus.query('sum(increase(mcp_gateway_tool_calls_total{tool_name="quick_echo"}[1m]))'))[0]?.value[1]) > 0, 30000, 'the second scrape');
            const rows = (result) => result.map(({ metric }) => JSON.stringify(Object.entries(metric).sort())).sort();
            let answered = 0;
            for (const query of dashboardQueries(stack)) {
                let seen;
                await until(async () => {
                    seen = [rows(await here.query(query)), rows(await there.query(query))];
                    return seen[0].join() === seen[1].join();
                }, 20000, `the same answer to ${query}`).catch((error) => assert.fail(`${error.message}: ${seen.map((one) => `[${one}]`).join(' and ')}`));
                if (seen[0].length > 0) ++answered;
            }
            assert.ok(answered > 15, `${answered} queries were answered`);
            for (const prometheus of [here, there])
                await until(async () => Number((await prometheus.query('sum(mcp_gateway_tool_calls_total{job="oriel",tool_name="quick_echo"})'))[0]?.value[1]) === 2 * calls, 20000, 'every call to be counted');
            for (const rule of (await here.api('rules')).groups[0].rules) assert.notEqual(rule.health, 'err', rule.lastError);
        } finally {
            await here?.stop();
            await there?.stop();
        }
    });
});
