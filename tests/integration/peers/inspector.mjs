// SPDX-License-Identifier: GPL-3.0-or-later
// The official Inspector's command line, with the Node it needs. Its own files go below HOME.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bridgeParameters } from './clients.mjs';
import { modules, node22 } from './modules.mjs';

const program = path.join(modules, '@modelcontextprotocol/inspector/clients/cli/build/index.js');
const runner = path.join(path.dirname(fileURLToPath(import.meta.url)), 'inspector_runner.mjs');

/** A line of JSON as it was printed; undefined when it is none. */
function read(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** The Inspector, ready for any number of runs, one at a time. */
export class Inspector {
    constructor(env) {
        this.child = spawn(node22(), [runner, program], { env, stdio: ['pipe', 'pipe', 'inherit'] });
        this.exited = once(this.child, 'exit');
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
        this.last = Promise.resolve();
    }
    /** One command; gives {code, result, error, stderr}: what it printed, its exit code, and its error if it ended with one. */
    run(args) {
        this.last = this.last.then(async () => {
            this.child.stdin.write(`${JSON.stringify([...args, '--format', 'json', '--quiet'])}\n`);
            const { value, done } = await this.lines.next();
            if (done) throw new Error('the Inspector ended');
            const { code, stdout, stderr } = JSON.parse(value);
            const printed = read(stdout);
            return { code, result: printed?.result ?? printed, error: read(stderr.trim().split('\n').at(-1))?.error, stderr };
        });
        return this.last;
    }
    async stop() {
        this.child.stdin.end();
        await this.exited;
    }
}

/** How to point it at Oriel's endpoint, with a token in a header. */
export const overHttp = (oriel) => [oriel.url, '--transport', 'http', '--header', `Authorization: Bearer ${oriel.token}`];

/** How to have it start the bridge, by a configuration file like a client's. */
export function overBridge(oriel) {
    const file = path.join(oriel.dir, 'inspector.json');
    const { command, args, env } = bridgeParameters(oriel);
    const { HOME, XDG_CONFIG_HOME } = env;
    fs.writeFileSync(file, JSON.stringify({ mcpServers: { oriel: { command, args, env: { HOME, XDG_CONFIG_HOME } } } }));
    return ['--config', file, '--server', 'oriel'];
}
