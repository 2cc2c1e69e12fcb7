// SPDX-License-Identifier: GPL-3.0-or-later
// `oriel bridge` as a client's child, without any SDK: lines go in, lines come out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { bridgeParameters } from './clients.mjs';

export class BridgePipe {
    constructor(oriel, server) {
        const { command, args, env } = bridgeParameters(oriel, server);
        this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
        this.exited = once(this.child, 'exit');
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }
    send(message) {
        this.child.stdin.write(`${JSON.stringify(message)}\n`);
    }
    /** The answer to one request; notifications on the way are left out. */
    async ask(id, method, params) {
        this.send({ jsonrpc: '2.0', id, method, ...(params && { params }) });
        for (;;) {
            const { value, done } = await this.lines.next();
            if (done) throw new Error(`the bridge ended before it answered ${method}`);
            const message = JSON.parse(value);
            if (message.id === id && message.method === undefined) return message;
        }
    }
    async end() {
        this.child.stdin.end();
        await this.exited;
    }
}
