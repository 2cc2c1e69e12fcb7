// SPDX-License-Identifier: GPL-3.0-or-later
// A client on a pipe without any SDK: sends what it is told, keeps what comes in its order, waits for what is looked for.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bin } from './oriel.mjs';

export class LineClient {
    constructor(args, env, command = bin) {
        this.received = [];
        this.taken = 0;
        this.stderr = '';
        this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
        this.child.stderr.on('data', (chunk) => (this.stderr += chunk));
        this.child.stdin.on('error', () => {});
        this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
        createInterface({ input: this.child.stdout }).on('line', (line) => {
            this.received.push(JSON.parse(line));
            this.wake?.();
        });
    }

    send(message) {
        this.child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    }

    /** The first message, from `from` on, for which `matches` holds; not one that has not come within `ms`. */
    async next(matches, what, { from = 0, ms = 30000 } = {}) {
        const end = Date.now() + ms;
        for (;;) {
            const found = this.received.slice(from).find(matches);
            if (found) return found;
            if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}; came: ${JSON.stringify(this.received)} ${this.stderr}`);
            await new Promise((resolve) => {
                const timer = setTimeout(resolve, 200);
                this.wake = () => (clearTimeout(timer), resolve());
            });
        }
    }

    answer(id, options) {
        return this.next((message) => message.id === id && !message.method, `the answer to ${id}`, options);
    }

    ask(id, method, params) {
        this.send({ jsonrpc: '2.0', id, method, params });
        return this.answer(id);
    }

    async initialize(version = '2025-11-25', capabilities = {}) {
        const answer = await this.ask('initialize', 'initialize', { protocolVersion: version, capabilities, clientInfo: { name: 'line-client', version: '1' } });
        this.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
        return answer.result;
    }

    async end() {
        this.child.stdin.end();
        return this.exited;
    }
}

export const modernMeta = (capabilities = {}, more = {}) => ({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'line-client', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...more,
});
