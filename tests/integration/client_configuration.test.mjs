// SPDX-License-Identifier: GPL-3.0-or-later
// From what a user writes into the configuration of Claude Desktop or Claude Code to working tools, with servers of both eras behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { load } from './peers/modules.mjs';
import { LineClient, modernMeta } from './peers/line_client.mjs';
import { bin, command, post, until } from './peers/oriel.mjs';

const { Client } = await load('@modelcontextprotocol/sdk/dist/esm/client/index.js');
const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/stdio.js');
const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js');
const types = await load('@modelcontextprotocol/sdk/dist/esm/types.js');

const conformanceServer = process.env.ORIEL_CONFORMANCE_SERVER ?? path.resolve('build/release/bin/oriel-conformance-server');

const overPipe = { mcpServers: { oriel: { command: 'oriel', args: ['bridge'] } } };
const overHttp = (url) => ({ mcpServers: { oriel: { type: 'http', url, headers: { Authorization: 'Bearer ${ORIEL_TOKEN}' } } } });

let home;
let env;
let runtime;

/** A home directory as after an installation: nothing in it but Oriel's configuration, Oriel in the PATH. */
before(async () => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-home-'));
    const programs = path.join(home, 'programs');
    fs.mkdirSync(programs);
    fs.symlinkSync(path.resolve(bin), path.join(programs, 'oriel'));
    env = { PATH: `${programs}${path.delimiter}${process.env.PATH}`, HOME: home, XDG_CONFIG_HOME: path.join(home, '.config'), XDG_DATA_HOME: path.join(home, '.local/share') };
    const places = (await command(['config', 'path'], { env })).stdout;
    const configPath = places.split('\n').map((line) => /(\/\S.*\.json\S*)\s*$/.exec(line)?.[1]).find(Boolean);
    assert.ok(configPath, places);
    fs.mkdirSync(path.dirname(configPath), { recursive: true });
    fs.writeFileSync(configPath, JSON.stringify({
        gateway: { port: 0 },
        mcpServers: {
            old: { command: conformanceServer, args: ['--era', '2025-11-25'] },
            new: { command: conformanceServer, args: ['--era', '2026-07-28'] },
        },
    }));
    runtime = () => {
        const found = spawnSync('find', [home, '-name', 'runtime.json'], { encoding: 'utf8' }).stdout.trim().split('\n').filter(Boolean)[0];
        try {
            return found ? JSON.parse(fs.readFileSync(found, 'utf8')) : undefined;
        } catch (error) {
            if (error.code !== 'ENOENT') throw error; // Oriel has ended in the meantime
        }
    };
});
after(async () => {
    const owner = runtime?.();
    if (owner) {
        process.kill(owner.pid, 'SIGTERM');
        await until(() => !runtime());
    }
    fs.rmSync(home, { recursive: true, force: true });
});

/** What a client does with an entry: starts the command, or opens the address with the variables put in. */
function transportOf({ mcpServers: { oriel: entry } }, variables = {}) {
    if (entry.command) return new StdioClientTransport({ command: entry.command, args: entry.args, env, stderr: 'inherit' });
    const headers = Object.fromEntries(Object.entries(entry.headers).map(([name, value]) => [name, value.replace(/\$\{(\w+)\}/g, (_, key) => variables[key])]));
    return new StreamableHTTPClientTransport(new URL(entry.url), { requestInit: { headers } });
}

async function useBothEras(transport) {
    const client = new Client({ name: 'claude-ai', version: '0.1.0' }, { capabilities: { elicitation: {}, sampling: {} } });
    const asked = [];
    client.setRequestHandler(types.ElicitRequestSchema, async ({ params }) => {
        asked.push(params.message);
        return { action: 'accept', content: { username: 'Ada', email: 'ada@example.com' } };
    });
    await client.connect(transport);
    try {
        const names = (await client.listTools()).tools.map((tool) => tool.name);
        for (const server of ['old', 'new']) {
            assert.ok(names.includes(`${server}__test_simple_text`), `${server} in ${names}`);
            const plain = await client.callTool({ name: `${server}__test_simple_text` });
            assert.equal(plain.content[0].text, 'This is a simple text response for testing.');
            const elicited = await client.callTool({ name: `${server}__test_elicitation`, arguments: { message: `who, asks ${server}` } });
            assert.match(elicited.content[0].text, /action=accept.*Ada/);
        }
        assert.deepEqual(asked, ['old: who, asks old', 'new: who, asks new']);
    } finally {
        await client.close();
    }
}

test('an entry with nothing but a command and "bridge" is enough, and starts Oriel', () => useBothEras(transportOf(overPipe)));

test('the same entry serves a client of 2026-07-28', async () => {
    const { command: program, args } = overPipe.mcpServers.oriel;
    const client = new LineClient(args, env, path.join(home, 'programs', program));
    const found = await client.ask('discover', 'server/discover', { _meta: modernMeta() });
    assert.ok(found.result.supportedVersions.includes('2026-07-28'), JSON.stringify(found));
    const names = (await client.ask('list', 'tools/list', { _meta: modernMeta() })).result.tools.map((tool) => tool.name);
    for (const server of ['old', 'new']) {
        assert.ok(names.includes(`${server}__test_simple_text`), `${server} in ${names}`);
        const params = { name: `${server}__test_elicitation`, arguments: { message: 'who' }, _meta: modernMeta({ elicitation: {} }) };
        const { result } = await client.ask(`${server}-1`, 'tools/call', params);
        assert.equal(result.resultType, 'input_required', JSON.stringify(result));
        const [key] = Object.keys(result.inputRequests);
        const inputResponses = { [key]: { action: 'accept', content: { username: 'Ada', email: 'ada@example.com' } } };
        const done = await client.ask(`${server}-2`, 'tools/call', { ...params, inputResponses, requestState: result.requestState });
        assert.match(done.result.content[0].text, /action=accept.*Ada/);
    }
    assert.equal(await client.end(), 0);
});

test('an entry with an address and a token from the environment works, and one without a token says how to get it', async () => {
    const added = await command(['token', 'add', 'claude'], { env });
    assert.equal(added.code, 0, added.stderr);
    const { port } = await until(() => runtime());
    const entry = overHttp(`http://127.0.0.1:${port}/mcp`);
    await useBothEras(transportOf(entry, { ORIEL_TOKEN: added.stdout.trim() }));
    const refused = await post(entry.mcpServers.oriel.url, { jsonrpc: '2.0', id: 1, method: 'ping' });
    assert.equal(refused.status, 401);
    assert.match(refused.body.error.message, /oriel token add/);
});
