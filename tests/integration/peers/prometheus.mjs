// SPDX-License-Identifier: GPL-3.0-or-later
// Debian's Prometheus and promtool, and the strict OpenMetrics parser of its Python client. They are in the lists of packages that ./test installs.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './oriel.mjs';
import { freePort } from './ports.mjs';

/** Runs promtool; gives {status, output}. */
export function promtool(args, input, cwd) {
    const run = spawnSync('promtool', args, { input, cwd, encoding: 'utf8' });
    if (run.error) throw new Error(`promtool cannot be run (./test installs it): ${run.error.message}`);
    return { status: run.status, output: run.stdout + run.stderr };
}

/** The families of an OpenMetrics text: {name: {type, samples: [{name, labels, value, exemplar}]}}; throws what the parser says. */
export function parseOpenMetrics(text) {
    const script = `
import sys, json
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
out = {}
for f in parse(sys.stdin.buffer.read().decode("utf-8")):
    out[f.name] = {"type": f.type, "unit": f.unit, "samples": [
        {"name": s.name, "labels": s.labels, "value": repr(s.value), "exemplar": s.exemplar.labels if s.exemplar else None} for s in f.samples]}
json.dump(out, sys.stdout)`;
    // A distribution's package belongs to the system's interpreter, which need not be the first in PATH.
    const python = fs.existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
    const run = spawnSync(python, ['-c', script], { input: text, encoding: 'utf8', maxBuffer: 64 << 20 });
    if (run.status !== 0) throw new Error(`the OpenMetrics parser of python3-prometheus-client: ${run.error?.message ?? run.stderr}`);
    return JSON.parse(run.stdout);
}

export class Prometheus {
    /** A Prometheus with that configuration file (or text, with which it gets a folder of its own), exemplar storage on, data in a folder of its own. */
    static async start({ file, text }) {
        const prometheus = new Prometheus();
        prometheus.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-prometheus-'));
        const config = file ?? path.join(prometheus.dir, 'prometheus.yml');
        if (!file) fs.writeFileSync(config, text);
        const port = await freePort();
        prometheus.base = `http://127.0.0.1:${port}`;
        prometheus.process = spawn('prometheus', [
            `--config.file=${config}`, `--storage.tsdb.path=${prometheus.dir}/data`, `--web.listen-address=127.0.0.1:${port}`,
            '--enable-feature=exemplar-storage', '--log.level=warn',
        ], { stdio: ['ignore', 'ignore', 'pipe'] });
        prometheus.stderr = '';
        prometheus.process.stderr.on('data', (chunk) => (prometheus.stderr += chunk));
        prometheus.exited = new Promise((resolve) => {
            prometheus.process.once('exit', resolve);
            prometheus.process.once('error', (error) => {
                prometheus.stderr += error.message;
                resolve();
            });
        });
        let ended = false;
        prometheus.exited.then(() => (ended = true));
        await until(async () => {
            if (ended) throw new Error(`prometheus ended (./test installs it): ${prometheus.stderr}`);
            return (await fetch(`${prometheus.base}/-/ready`).catch(() => undefined))?.ok;
        }, 30000, 'prometheus to be ready');
        return prometheus;
    }

    async api(route, parameters = {}) {
        const response = await fetch(`${this.base}/api/v1/${route}?${new URLSearchParams(parameters)}`);
        const body = await response.json();
        if (body.status !== 'success') throw new Error(`${route} ${JSON.stringify(parameters)}: ${body.error}`);
        return body.data;
    }

    /** The vector (or scalar) of an instant query. */
    async query(query) {
        return (await this.api('query', { query })).result;
    }

    /** Waits until the only target is up, and fails with what Prometheus says of it. */
    async targetUp() {
        let last;
        await until(async () => {
            [last] = (await this.api('targets')).activeTargets;
            return last?.health === 'up';
        }, 30000, 'the target').catch((error) => {
            throw new Error(`${error.message}: ${JSON.stringify(last)}`);
        });
        return last;
    }

    async stop() {
        this.process.kill('SIGKILL');
        await this.exited;
        fs.rmSync(this.dir, { recursive: true, force: true });
    }
}
