// SPDX-License-Identifier: GPL-3.0-or-later
// A real OpenTelemetry Collector: OTLP in on two free ports, every signal out into a file.
import fs from 'node:fs';
import path from 'node:path';
import { Program } from './go_programs.mjs';
import { freePort } from './ports.mjs';

/** An OTLP receiver on free ports of the loopback; `more` is for each protocol. */
export async function otlpIn(more = {}) {
    return { protocols: { grpc: { endpoint: `127.0.0.1:${await freePort()}`, ...more }, http: { endpoint: `127.0.0.1:${await freePort()}`, ...more } } };
}

/** Its own metrics would want a fixed port. */
export const quiet = { metrics: { level: 'none' } };

export class Collector extends Program {
    /** `change` may adapt the configuration. */
    static async start(change = () => {}) {
        const collector = new Collector('collector');
        collector.lines = [];
        const pipeline = { receivers: ['otlp'], exporters: ['file'] };
        collector.config = {
            receivers: { otlp: await otlpIn() },
            exporters: {},
            service: { telemetry: quiet, pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline } },
        };
        change(collector.config);
        await collector.again();
        return collector;
    }

    /** Starts it with the same ports. Each run writes a file of its own, as the last line of one that was killed may be unfinished. */
    async again() {
        this.file = path.join(this.dir, `run-${(this.runs = (this.runs ?? 0) + 1)}.jsonl`);
        this.offset = 0;
        // A file that rotates is written at once, not every second: what was acknowledged survives a kill.
        this.config.exporters.file = { path: this.file, rotation: { max_megabytes: 1000 } };
        await this.run(this.config);
    }

    async kill() {
        await super.kill();
        this.#read();
    }

    grpc(receiver = 'otlp') {
        return `http://${this.config.receivers[receiver].protocols.grpc.endpoint}`;
    }
    http(receiver = 'otlp') {
        return `http://${this.config.receivers[receiver].protocols.http.endpoint}`;
    }

    #read() {
        if (!fs.existsSync(this.file)) return;
        const file = fs.openSync(this.file);
        try {
            const bytes = Buffer.alloc(fs.fstatSync(file).size - this.offset);
            fs.readSync(file, bytes, 0, bytes.length, this.offset);
            const end = bytes.lastIndexOf(10) + 1;
            this.offset += end;
            for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line) this.lines.push(JSON.parse(line));
        } finally {
            fs.closeSync(file);
        }
    }

    #items(resources, scopes, items) {
        this.#read();
        return this.lines.flatMap((line) => line[resources] ?? []).flatMap(({ resource, [scopes]: groups }) =>
            groups.flatMap((group) => group[items].map((item) => ({ ...item, resource, scope: group.scope }))));
    }
    spans() {
        return this.#items('resourceSpans', 'scopeSpans', 'spans');
    }
    metrics() {
        return this.#items('resourceMetrics', 'scopeMetrics', 'metrics');
    }
    logs() {
        return this.#items('resourceLogs', 'scopeLogs', 'logRecords');
    }
}

/** What an AnyValue of OTLP's JSON says, without the names of types; whole numbers as texts, as they may be long. */
export function plainValue(value = {}) {
    if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue);
    if (value.kvlistValue) return attributesOf({ attributes: value.kvlistValue.values });
    return value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue ?? value.bytesValue;
}
export const attributesOf = ({ attributes = [] }) => Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
