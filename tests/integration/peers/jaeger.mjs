// SPDX-License-Identifier: GPL-3.0-or-later
// A real Jaeger with its traces in memory: OTLP in on two free ports, its query API on a third.
import { otlpIn, quiet } from './collector.mjs';
import { Program } from './go_programs.mjs';
import { freePort } from './ports.mjs';

export class Jaeger extends Program {
    static async start() {
        const jaeger = new Jaeger('jaeger');
        const otlp = await otlpIn();
        const query = `127.0.0.1:${await freePort()}`;
        jaeger.grpc = `http://${otlp.protocols.grpc.endpoint}`;
        jaeger.http = `http://${otlp.protocols.http.endpoint}`;
        jaeger.base = `http://${query}`;
        await jaeger.run({
            receivers: { otlp },
            exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
            extensions: {
                jaeger_storage: { backends: { memory: { memory: { max_traces: 10000 } } } },
                jaeger_query: { storage: { traces: 'memory' }, http: { endpoint: query }, grpc: { endpoint: `127.0.0.1:${await freePort()}` } },
            },
            service: { telemetry: quiet, extensions: ['jaeger_storage', 'jaeger_query'], pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } } },
        });
        return jaeger;
    }

    async #data(route) {
        const response = await fetch(`${this.base}${route}`);
        const body = await response.json();
        if (response.status === 404) return [];
        if (!response.ok || body.errors?.length) throw new Error(`${route}: ${response.status} ${JSON.stringify(body.errors)}`);
        return body.data ?? [];
    }

    /** The spans of some traces: {name, spanId, traceId, parent, links, service, tags, logs, start and duration in µs}. */
    #spans(traces) {
        return traces.flatMap(({ spans, processes }) => spans.map((span) => {
            const parent = span.references.find(({ refType }) => refType === 'CHILD_OF');
            return {
                name: span.operationName,
                traceId: span.traceID,
                spanId: span.spanID,
                parent: parent?.spanID,
                links: span.references.filter((reference) => reference !== parent).map(({ traceID, spanID }) => [traceID, spanID]),
                service: processes[span.processID].serviceName,
                process: this.#tags(processes[span.processID].tags),
                tags: this.#tags(span.tags),
                logs: span.logs.map(({ timestamp, fields }) => ({ timestamp, ...this.#tags(fields) })),
                start: span.startTime,
                duration: span.duration,
            };
        }));
    }
    #tags(tags) {
        return Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value]));
    }

    async trace(traceId) {
        return this.#spans(await this.#data(`/api/traces/${traceId}`));
    }
    /** All traces in which a service has a span. */
    async tracesOf(service) {
        return this.#spans(await this.#data(`/api/traces?service=${encodeURIComponent(service)}&limit=1000&lookback=1h`));
    }
    services() {
        return this.#data('/api/services');
    }
}
