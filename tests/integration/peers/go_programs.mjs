// SPDX-License-Identifier: GPL-3.0-or-later
// The programs that tests/support/go/build.sh makes of published Go modules, and what runs of them have in common.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './oriel.mjs';

const folder = fileURLToPath(new URL('../../../.cache/go/', import.meta.url));
const program = (name) => path.join(folder, name);

/** Why a program is not there, in one line; false when it is. */
export function missing(name) {
    if (fs.existsSync(program(name))) return false;
    const reason = path.join(folder, `${name}.missing`);
    return `${name} is not built: ${fs.existsSync(reason) ? fs.readFileSync(reason, 'utf8').trim() : 'tests/support/go/build.sh has not run'}`;
}

/** Runs one of them to its end; gives {status, output}. */
export function runProgram(name, args) {
    const run = spawnSync(program(name), args, { encoding: 'utf8', timeout: 60000 });
    if (run.error) throw run.error;
    return { status: run.status, output: run.stdout + run.stderr };
}

/** One of them with a configuration (JSON is YAML), in a folder of its own. */
export class Program {
    output = '';

    constructor(name) {
        this.name = name;
        this.dir = fs.mkdtempSync(path.join(os.tmpdir(), `oriel-${name}-`));
    }

    async run(config, ...more) {
        const file = path.join(this.dir, 'config.json');
        fs.writeFileSync(file, JSON.stringify(config, null, 2));
        await this.runFiles(file, ...more);
    }

    async runFiles(...files) {
        this.output = '';
        this.process = spawn(program(this.name), files.map((file) => `--config=${file}`), { stdio: ['ignore', 'pipe', 'pipe'] });
        const take = (chunk) => (this.output += chunk);
        this.process.stdout.on('data', take);
        this.process.stderr.on('data', take);
        this.ended = false;
        this.exited = new Promise((resolve) => this.process.once('close', resolve)).then(() => (this.ended = true));
        await until(() => {
            if (this.ended) throw new Error(`${this.name} ended: ${this.output}`);
            return this.output.includes('Everything is ready');
        }, 60000, `${this.name} to be ready`).catch((error) => {
            this.process.kill('SIGKILL');
            throw new Error(`${error.message}\n${this.output}`);
        });
    }

    async kill() {
        this.process?.kill('SIGKILL');
        await this.exited;
    }

    async stop() {
        await this.kill();
        fs.rmSync(this.dir, { recursive: true, force: true });
    }
}
