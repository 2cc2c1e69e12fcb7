// SPDX-License-Identifier: GPL-3.0-or-later
// Starts and stops real processes for the tests: Oriel, servers, command lines. Each test ends what it started.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const bin = process.env.ORIEL_BIN ?? path.resolve('build/release/bin/oriel');
export const demoServer = process.env.ORIEL_DEMO_SERVER ?? path.resolve('build/release/bin/oriel-demo-server');

/** Calls `look` until it gives something, at most `ms`; events that cannot be awaited are looked for at short intervals. */
export async function until(look, ms = 20000, what = 'the expected state') {
    const end = Date.now() + ms;
    for (;;) {
        const found = await look();
        if (found) return found;
        if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
}

export class Oriel {
    /** A running headless Oriel with its own configuration and data directory. */
    static async start({ config = {}, args = [], env = {}, auth = false } = {}) {
        const oriel = new Oriel();
        oriel.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-it-'));
        oriel.dataDir = path.join(oriel.dir, 'data');
        oriel.configPath = path.join(oriel.dir, 'config.json');
        oriel.env = { ...process.env, HOME: oriel.dir, XDG_CONFIG_HOME: path.join(oriel.dir, 'cfg'), ...env };
        delete oriel.env.DBUS_SESSION_BUS_ADDRESS;
        oriel.writeConfig(config);
        await oriel.run(['--headless', '--port', '0', ...(auth ? [] : ['--no-auth']), ...args]);
        return oriel;
    }

    writeConfig(config) {
        fs.writeFileSync(this.configPath, typeof config === 'string' ? config : JSON.stringify(config, null, 2));
    }

    async run(args) {
        this.stderr = '';
        this.stdout = '';
        this.process = spawn(bin, ['--config', this.configPath, '--data-dir', this.dataDir, ...args], { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
        this.process.stderr.on('data', (chunk) => (this.stderr += chunk));
        this.process.stdout.on('data', (chunk) => (this.stdout += chunk));
        this.exited = new Promise((resolve) => {
            this.process.once('exit', (code, signal) => resolve({ code, signal }));
            this.process.once('error', (error) => resolve({ code: error.message }));
        });
        const ended = this.exited.then(({ code, signal }) => {
            throw new Error(`oriel ended with ${code ?? signal}: ${this.stderr}`);
        });
        ended.catch(() => {});
        await Promise.race([ended, until(() => /listening at (\S+)/.exec(this.stderr), 30000, 'oriel to listen')]);
        this.url = /listening at (\S+)/.exec(this.stderr)[1];
        this.base = this.url.replace(/\/mcp$/, '');
    }

    /** With `this.token`, if it is set, unless the headers are given. */
    api(route, options = this.token ? { headers: { Authorization: `Bearer ${this.token}` } } : {}) {
        return fetch(`${this.base}${route}`, options);
    }

    async json(route) {
        const response = await this.api(route);
        return response.json();
    }

    /** Waits until every enabled server is ready. */
    ready() {
        return until(async () => {
            const status = await this.json('/api/v1/status');
            return status.serversReady === status.serversEnabled && status;
        }, 30000, 'the servers to be ready');
    }

    /** Runs a subcommand with this data directory; gives {code, stdout, stderr}. */
    command(args, input) {
        return command([...args, '--data-dir', this.dataDir, '--config', this.configPath], { env: this.env, input });
    }

    /** Waits until the export spool on the disk has something of each of the traces. */
    async spooled(traceIds) {
        const folder = path.join(this.dataDir, 'spool');
        const isThere = (id) => fs.readdirSync(folder).some((file) => file.endsWith('.seg') && fs.readFileSync(path.join(folder, file)).includes(Buffer.from(id, 'hex')));
        await until(() => fs.existsSync(folder) && traceIds.every(isThere), 20000, 'the spans to be on the disk');
    }

    /** Every span that Oriel has, as `oriel traces export` writes it, with its resource and scope. */
    async exportedSpans() {
        const { stdout } = await this.command(['traces', 'export']);
        return stdout
            .split('\n')
            .filter((line) => line)
            .flatMap((line) => JSON.parse(line).resourceSpans)
            .flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => ({ ...span, resource, scope }))));
    }

    async kill() {
        this.process.kill('SIGKILL');
        await this.exited;
    }

    /** Ends the process in order and leaves the files for the next run. */
    async stopProcess() {
        this.process.kill('SIGTERM');
        await this.exited;
    }

    async stop() {
        if (this.process.exitCode === null && this.process.signalCode === null) {
            this.process.kill('SIGTERM');
            const late = new Promise((resolve) => setTimeout(resolve, 15000, 'late').unref());
            if ((await Promise.race([this.exited, late])) === 'late') {
                this.process.kill('SIGKILL');
                await this.exited;
                throw new Error('oriel did not stop within 15 s');
            }
        }
        fs.rmSync(this.dir, { recursive: true, force: true });
    }
}

export function command(args, { env = process.env, input } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(bin, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (chunk) => (stdout += chunk));
        child.stderr.on('data', (chunk) => (stderr += chunk));
        child.once('error', reject);
        child.once('close', (code) => resolve({ code, stdout, stderr }));
        child.stdin.end(input ?? '');
    });
}

/** A server process that prints its readiness; ended by stop(). */
export async function startServer(program, args, env, isReady) {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await until(() => isReady(output), 20000, `${program} to be ready: ${output}`);
    return {
        output: () => output,
        stop: async () => {
            child.kill('SIGKILL');
            await exited;
        },
    };
}

/** One JSON-RPC message over HTTP without any SDK; gives {status, headers, body}. */
export async function post(url, message, headers = {}) {
    const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
        body: typeof message === 'string' ? message : JSON.stringify(message),
    });
    const text = await response.text();
    const streamed = response.headers.get('content-type')?.startsWith('text/event-stream');
    let body = text;
    try {
        // The answer is the last message of an event stream, into which a reply turns when it is slow.
        body = JSON.parse(streamed ? text.match(/^data: ?(.+)$/gm).at(-1).replace(/^data: ?/, '') : text);
    } catch {
        // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, body };
}

export const initialize = (version = '2025-11-25') => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw-client', version: '1' } },
});
