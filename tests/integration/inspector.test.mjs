// SPDX-License-Identifier: GPL-3.0-or-later
// The official Inspector's command line in each of its protocol eras, over HTTP with a token in a header and over the bridge, with every real
// server behind one Oriel; and its load generator through Oriel beside the same server alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Inspector, overBridge, overHttp } from './peers/inspector.mjs';
import { Oriel, bin } from './peers/oriel.mjs';
import { PairingTable } from './peers/pairing_table.mjs';
import { serverKinds, startServers } from './peers/servers.mjs';

const table = new PairingTable();
let servers;
let oriel;
let inspector;

before(async () => {
    servers = await startServers();
    oriel = await Oriel.start({ config: { mcpServers: servers.entries }, auth: true });
    oriel.token = (await oriel.command(['token', 'add', 'inspector', '--api'])).stdout.trim();
    await oriel.ready();
    // As installed: `oriel` is found, and its data is where it is without options.
    const share = path.join(oriel.dir, '.local/share');
    fs.mkdirSync(share, { recursive: true });
    fs.symlinkSync(oriel.dataDir, path.join(share, 'oriel'));
    inspector = new Inspector({ ...oriel.env, XDG_DATA_HOME: share, PATH: `${path.dirname(bin)}${path.delimiter}${process.env.PATH}` });
});

after(async () => {
    await inspector?.stop();
    await oriel?.stop();
    await servers?.stop();
});

const ways = [['HTTP', overHttp], ['bridge', overBridge]];
for (const [way, target] of ways) {
    for (const era of ['legacy', 'auto', 'modern']) {
        const client = `Inspector ${era}, ${way}`;
        const run = (...args) => inspector.run([...target(oriel), '--protocol-era', era, ...args]);
        const gives = async (...args) => {
            const { code, result, stderr } = await run(...args);
            assert.equal(code, 0, stderr);
            return result;
        };

        test(`${client} uses every server`, async (t) => {
            const expected = Object.entries(serverKinds).flatMap(([server, { tools }]) => tools.map((tool) => `${server}__${tool}`));
            await t.test('what was agreed', async () => {
                const { protocolVersion, serverInfo } = await gives('--method', 'initialize');
                assert.deepEqual([protocolVersion, serverInfo.name], [era === 'legacy' ? '2025-11-25' : '2026-07-28', 'oriel']);
            });
            await t.test('every tool of every server', async () => {
                const names = (await gives('--method', 'tools/list')).tools.map((tool) => tool.name);
                assert.deepEqual(expected.filter((name) => !names.includes(name)), []);
            });
            await t.test('resources and prompts', async () => {
                const uris = (await gives('--method', 'resources/list')).resources.map((resource) => resource.uri);
                assert.ok(['note://main', 'memory://knowledge-graph', 'test://static-text'].every((uri) => uris.includes(uri)), `${uris}`);
                const { contents } = await gives('--method', 'resources/read', '--uri', 'note://named/x');
                assert.equal(contents[0].text, 'the note called x');
                const prompt = await gives('--method', 'prompts/get', '--prompt-name', 'sdk2_modern__visit', '--prompt-args', 'city=Lisbon');
                assert.match(prompt.messages[0].content.text, /Lisbon/);
            });
            await t.test('a tool that fails, a tool that does not exist', async () => {
                const failed = await run('--method', 'tools/call', '--tool-name', 'sdk2_modern__fail');
                assert.deepEqual([failed.code, failed.result.isError, failed.error.code], [5, true, 'tool_is_error']);
                const unknown = await run('--method', 'tools/call', '--tool-name', 'sdk2_modern__nothing');
                assert.deepEqual([unknown.code, unknown.error.code], [5, 'tool_not_found']);
            });
            await t.test('an MCP App', async () => {
                const { appInfo } = await gives('--advertise-apps', '--method', 'tools/call', '--tool-name', 'sdk2_modern__show-page', '--app-info');
                assert.deepEqual([appInfo.resourceUri, appInfo.resourceMimeType], ['ui://sdk2/page.html', 'text/html;profile=mcp-app']);
            });
            for (const [server, { simple }] of Object.entries(serverKinds)) {
                await t.test(server, async () => {
                    try {
                        const result = await gives('--method', 'tools/call', '--tool-name', `${server}__${simple.tool}`, '--tool-args-json', JSON.stringify(simple.args));
                        assert.match(result.content[0].text, simple.words);
                        table.set(client, server);
                    } catch (error) {
                        table.set(client, server, { error: error.message.split('\n')[0] });
                        throw error;
                    }
                });
            }
        });
    }
}

/** A client's row of README's table, with this Oriel's port and a token. */
function readmeRow(client, token) {
    const readme = fs.readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const row = readme.split('\n').find((line) => line.startsWith(`| ${client} |`));
    assert.ok(row, `README has a row for ${client}`);
    return row.replaceAll('127.0.0.1:7420', new URL(oriel.url).host).replaceAll('TOKEN', token);
}

for (const client of ['Claude Code', 'Cursor', 'VS Code', 'Claude Desktop']) {
    test(`what README says for ${client} connects`, async () => {
        const { stdout, code } = await oriel.command(['token', 'add', client.toLowerCase().replace(' ', '-')]);
        assert.equal(code, 0);
        const row = readmeRow(client, stdout.trim());
        const line = /http oriel (\S+) --header "([^"]+)"/.exec(row);
        let target;
        if (line) {
            target = [line[1], '--transport', 'http', '--header', line[2]];
        } else {
            const written = JSON.parse(/`(\{.*\})`/.exec(row)[1]);
            const entry = (written.mcpServers ?? written.servers).oriel;
            if (entry.url) entry.type ??= 'http'; // Cursor infers it
            const file = path.join(oriel.dir, 'readme.json');
            fs.writeFileSync(file, JSON.stringify({ mcpServers: { oriel: entry } }));
            target = ['--config', file, '--server', 'oriel'];
        }
        const { code: ended, result, stderr } = await inspector.run([...target, '--method', 'tools/call', '--tool-name', 'memory__read_graph']);
        assert.equal(ended, 0, stderr);
        assert.match(result.content[0].text, /entities/);
    });
}

test('the load generator, through Oriel and past it', async (t) => {
    const load = (target, era, tool) => inspector.run([...target, '--protocol-era', era, '--method', 'tools/call', '--tool-name', tool, '--tool-arg', 'message=hi',
                                                       '--load', '--load-requests', '300', '--load-concurrency', '10']);
    const direct = [servers.entries.everything_http.url, '--transport', 'http'];
    await load(direct, 'legacy', 'echo'); // Node compiles what is hot
    const runs = {
        direct: await load(direct, 'legacy', 'echo'),
        'through Oriel, legacy': await load(overHttp(oriel), 'legacy', 'everything_http__echo'),
        'through Oriel, modern': await load(overHttp(oriel), 'modern', 'everything_http__echo'),
    };
    for (const [name, { code, result, stderr }] of Object.entries(runs)) {
        assert.equal(code, 0, stderr);
        assert.deepEqual([result.ok, result.errors, result.toolErrors], [300, 0, 0]);
        const ratio = result.throughput / runs.direct.result.throughput;
        t.diagnostic(`${name}: ${result.throughput} calls/s (${ratio.toFixed(2)} of direct), p50 ${result.latencyMs.p50} ms, p99 ${result.latencyMs.p99} ms`);
    }
});

test('the table of pairings', (t) => {
    for (const line of table.lines()) t.diagnostic(line);
});
