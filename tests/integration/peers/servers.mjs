// SPDX-License-Identifier: GPL-3.0-or-later
// The real servers of the pairings: how each is started behind Oriel, the tools it must show, and what a client does with it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { modules } from './modules.mjs';
import { startServer } from './oriel.mjs';
import { freePort } from './ports.mjs';

const package_ = (name) => path.join(modules, '@modelcontextprotocol', name, 'dist/index.js');
const sdk2Server = path.join(path.dirname(fileURLToPath(import.meta.url)), 'sdk2_server.mjs');
export const conformanceServer = process.env.ORIEL_CONFORMANCE_SERVER ?? path.resolve('build/release/bin/oriel-conformance-server');

/** A server process that prints the address it listens at. */
async function listening(program, args) {
    const found = (output) => /listening on (http:\S+)/.exec(output)?.[1];
    const process_ = await startServer(program, args, {}, found);
    return { ...process_, url: found(process_.output()) };
}

async function everythingOverHttp(mode, route) {
    const port = await freePort();
    const process_ = await startServer(process.execPath, [package_('server-everything'), mode], { PORT: String(port) }, (out) => /listening|port/i.test(out));
    return { ...process_, url: `http://127.0.0.1:${port}${route}` };
}

const subscriptionId = 'io.modelcontextprotocol/subscriptionId';
const stdio = (program, ...args) => () => ({ entry: { command: program, args } });
const overHttp = (start, type = 'http') => async () => {
    const running = await start();
    return { entry: { type, url: running.url }, stop: running.stop };
};

const common = {
    async progress(cell, tool, args, first) {
        // The SDK forgets the token with the answer: what comes in the same chunk is not told.
        let seen = [];
        for (let tries = 0; tries < 5 && seen.length === 0; ++tries) {
            seen = [];
            await cell.call(tool, args, { onprogress: (progress) => seen.push(progress.progress) });
        }
        assert.equal(seen[0], first, `progress ${seen}`);
    },
    async cancel(cell, tool, args) {
        const abort = new AbortController();
        await assert.rejects(cell.call(tool, args, { signal: abort.signal, onprogress: () => abort.abort('enough') }));
    },
    async unknownTool(cell) {
        const said = await cell.call('no-such-tool', {}).then((result) => result, (error) => error);
        assert.ok(said.code === -32602 || said.isError, `an unknown tool: ${JSON.stringify(said)}`);
    },
    async prompt(cell, name, args, words) {
        assert.ok((await cell.own.names('prompts')).names.includes(name));
        assert.match(JSON.stringify(await cell.own.client.getPrompt({ name, arguments: args })), words);
    },
    async completion(cell, ref, argument, value) {
        const { completion } = await cell.own.client.complete({ ref, argument });
        assert.ok(completion.values.includes(value), `${completion.values}`);
    },
    async read(cell, uri, words) {
        const { contents } = await cell.own.read(uri);
        assert.equal(contents[0].uri, uri);
        assert.match(contents[0].text, words);
    },
    /** A change of `uri` that `change` makes is told to who listens. */
    async updates(cell, uri, change) {
        const end = await cell.own.listen(uri);
        const updated = cell.own.heard.updated.next((params) => params.uri === uri);
        await change();
        const params = await updated;
        assert.equal(subscriptionId in (params._meta ?? {}), cell.own.isModern, 'a session has no subscription id');
        await end();
    },
    async log(cell, tool, args, matches) {
        const options = await cell.whole.logOptions('debug');
        cell.whole.heard.message.clear();
        const heard = cell.whole.heard.message.next(matches);
        await cell.call(tool, args, options);
        assert.match((await heard).logger, new RegExp(`^${cell.server}`));
    },
};

const everythingTools = [
    'echo', 'get-annotated-message', 'get-env', 'get-resource-links', 'get-resource-reference', 'get-roots-list', 'get-structured-content', 'get-sum',
    'get-tiny-image', 'gzip-file-as-resource', 'simulate-research-query', 'toggle-simulated-logging', 'toggle-subscriber-updates',
    'trigger-elicitation-request', 'trigger-long-running-operation', 'trigger-sampling-request',
];

const everything = {
    tools: everythingTools,
    simple: { tool: 'echo', args: { message: 'through Oriel' }, words: /through Oriel/ },
    async use(cell) {
        assert.match(await cell.say('echo', { message: 'through Oriel' }), /Echo: through Oriel/);
        assert.match(await cell.say('get-sum', { a: 2, b: 40 }), /42/);
        const weather = await cell.call('get-structured-content', { location: 'New York' });
        assert.deepEqual(JSON.parse(weather.content[0].text), weather.structuredContent);
        assert.ok((await cell.call('get-tiny-image')).content.some((part) => part.type === 'image'));
        assert.ok((await cell.call('get-resource-links', { count: 2 })).content.some((part) => part.type === 'resource_link'));
        await common.progress(cell, 'trigger-long-running-operation', { duration: 0.1, steps: 2 }, 1);
        await common.cancel(cell, 'trigger-long-running-operation', { duration: 60, steps: 6000 });
        await common.unknownTool(cell);
        assert.ok((await cell.call('get-sum', { a: 'no number' })).isError, 'invalid arguments');
        assert.match(await cell.say('trigger-sampling-request', { prompt: 'hello', maxTokens: 10 }), /sampled words/);
        assert.match(await cell.say('trigger-elicitation-request'), /Ada/);
        assert.match(await cell.say('get-roots-list'), /file:\/\/\/project/);
        await common.prompt(cell, 'args-prompt', { city: 'Dresden' }, /Dresden/);
        await common.completion(cell, { type: 'ref/prompt', name: 'completable-prompt' }, { name: 'department', value: 'E' }, 'Engineering');
        await common.read(cell, 'demo://resource/dynamic/text/3', /./);
        const { entries } = await cell.own.names('resources');
        await common.updates(cell, entries[0].uri, () => cell.call('toggle-subscriber-updates'));
        await cell.call('toggle-subscriber-updates');
        // It logs at its own pace and not while it works on a call: a client of 2026-07-28 has no place to hear that.
        if (cell.whole.isModern) return 'no log messages outside calls in 2026-07-28';
        await common.log(cell, 'toggle-simulated-logging', {}, () => true);
        await cell.call('toggle-simulated-logging');
        return '';
    },
};

const filesystem = {
    tools: ['create_directory', 'directory_tree', 'edit_file', 'get_file_info', 'list_allowed_directories', 'list_directory', 'list_directory_with_sizes',
        'move_file', 'read_file', 'read_media_file', 'read_multiple_files', 'read_text_file', 'search_files', 'write_file'],
    async start(dir) {
        return { entry: { command: process.execPath, args: [package_('server-filesystem'), dir] } };
    },
    simple: { tool: 'list_allowed_directories', args: {}, words: /oriel-pairings/ },
    async use(cell, dir) {
        const file = path.join(dir, 'written.txt');
        const words = `written by ${cell.client}: ä€😀`;
        await cell.call('write_file', { path: file, content: words });
        assert.equal(fs.readFileSync(file, 'utf8'), words);
        assert.equal(await cell.say('read_text_file', { path: file }), words);
        await cell.call('edit_file', { path: file, edits: [{ oldText: 'written', newText: 'edited' }] });
        assert.match(fs.readFileSync(file, 'utf8'), /^edited by/);
        await cell.call('move_file', { source: file, destination: path.join(dir, 'moved.txt') });
        assert.match(await cell.say('list_directory', { path: dir }), /\[FILE\] moved\.txt/);
        fs.rmSync(path.join(dir, 'moved.txt'));
        const outside = await cell.call('read_text_file', { path: '/etc/hostname' });
        assert.ok(outside.isError, 'outside of what is allowed');
        await common.unknownTool(cell);
        return '';
    },
};

const memory = {
    tools: ['add_observations', 'create_entities', 'create_relations', 'delete_entities', 'delete_observations', 'delete_relations', 'open_nodes', 'read_graph', 'search_nodes'],
    async start(dir) {
        return { entry: { command: process.execPath, args: [package_('server-memory')], env: { MEMORY_FILE_PATH: path.join(dir, 'memory.jsonl') } } };
    },
    simple: { tool: 'read_graph', args: {}, words: /entities/ },
    async use(cell, dir) {
        const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote'] }, { name: 'Engine', entityType: 'machine', observations: [] }];
        const uri = (await cell.own.names('resources')).entries[0].uri;
        await common.updates(cell, uri, () => cell.call('create_entities', { entities }));
        await cell.call('create_relations', { relations: [{ from: 'Ada', to: 'Engine', relationType: 'programs' }] });
        const { structuredContent: graph } = await cell.call('read_graph');
        assert.deepEqual(graph, { entities, relations: [{ from: 'Ada', to: 'Engine', relationType: 'programs' }] });
        assert.match(fs.readFileSync(path.join(dir, 'memory.jsonl'), 'utf8'), /programs/);
        assert.match(await cell.say('search_nodes', { query: 'machine' }), /Engine/);
        await common.read(cell, uri, /programs/);
        await cell.call('delete_entities', { entityNames: ['Ada', 'Engine'] });
        assert.deepEqual((await cell.call('read_graph')).structuredContent, { entities: [], relations: [] });
        await common.unknownTool(cell);
        return '';
    },
};

const sdk2 = (era, transport) => ({
    tools: ['add', 'ask-all', 'ask-model', 'ask-name', 'ask-roots', 'cancelled-count', 'echo', 'fail', 'learn', 'release', 'show-page', 'steps', 'talk', 'wait', 'write-note'],
    start: transport === 'stdio' ? stdio(process.execPath, sdk2Server, era, 'stdio') : overHttp(() => listening(process.execPath, [sdk2Server, era, 'http'])),
    simple: { tool: 'echo', args: { message: 'through Oriel' }, words: /through Oriel/ },
    async use(cell) {
        assert.equal(await cell.say('echo', { message: 'through Oriel' }), 'Echo: through Oriel');
        assert.deepEqual((await cell.call('add', { a: 2, b: 40 })).structuredContent, { sum: 42 });
        const seen = [];
        let released;
        const onprogress = ({ progress }) => {
            seen.push(progress);
            if (progress === 3) released = cell.call('release');
        };
        assert.equal(await cell.say('steps', { count: 3 }, { onprogress }), '3 steps');
        await released;
        assert.deepEqual(seen, [1, 2, 3]);
        const before = Number(await cell.say('cancelled-count'));
        await common.cancel(cell, 'wait', {});
        await cell.until(async () => Number(await cell.say('cancelled-count')) === before + 1, 'the server to hear that it is cancelled');
        await common.unknownTool(cell);
        assert.deepEqual([await cell.say('fail'), (await cell.call('fail')).isError], ['it did not work', true]);
        assert.equal(await cell.say('ask-model', { question: 'q' }), 'The model says sampled words');
        assert.equal(await cell.say('ask-name'), 'Hello Ada');
        assert.equal(await cell.say('ask-roots'), 'file:///project');
        assert.equal(await cell.say('ask-all'), 'Ada | sampled words | 1 | Ada');
        await common.log(cell, 'talk', { level: 'info', words: `said to ${cell.client}` }, ({ data }) => data === `said to ${cell.client}`);
        await common.prompt(cell, 'visit', { city: 'Lisbon' }, /Lisbon/);
        await common.completion(cell, { type: 'ref/prompt', name: 'visit' }, { name: 'city', value: 'D' }, 'Dresden');
        await common.read(cell, 'note://named/x', /the note called x/);
        await common.updates(cell, 'note://main', () => cell.call('write-note', { words: `for ${cell.client}` }));
        await common.read(cell, 'note://main', new RegExp(`for ${cell.client}`));
        const end = await cell.own.listen('note://main');
        const changed = cell.own.heard.toolsChanged.next();
        const known = (await cell.own.names('tools')).names.length;
        await cell.call('learn');
        await changed;
        await cell.until(async () => (await cell.own.names('tools')).names.length === known + 1, 'the learned tool');
        await end();
        return '';
    },
});

/** Our own server of each revision: what one revision has and the other not is where translation goes wrong. */
const conformance = (era, transport) => ({
    tools: ['test_simple_text', 'test_image_content', 'test_tool_with_progress', 'test_error_handling', 'test_sampling', 'test_list_roots'],
    start: transport === 'stdio' ? stdio(conformanceServer, '--era', era)
        : overHttp(() => listening(conformanceServer, ['--era', era, '--http', '0']), transport),
    simple: { tool: 'test_simple_text', args: {}, words: /simple text response/ },
    async use(cell) {
        assert.match(await cell.say('test_simple_text'), /simple text response/);
        assert.ok((await cell.call('test_image_content')).content.some((part) => part.type === 'image'));
        await common.progress(cell, 'test_tool_with_progress', {}, 0);
        assert.ok((await cell.call('test_error_handling')).isError);
        await common.unknownTool(cell);
        assert.match(await cell.say('test_sampling', { prompt: 'hello' }), /sampled words/);
        assert.match(await cell.say('test_list_roots'), /file:\/\/\/project/);
        if (cell.toolNames.includes('test_elicitation')) assert.match(await cell.say('test_elicitation', { message: 'Who?' }), /Ada/);
        await common.prompt(cell, 'test_prompt_with_arguments', { arg1: 'one', arg2: 'two' }, /two/);
        await common.read(cell, 'test://static-text', /./);
        await common.read(cell, 'test://template/17/data', /17/);
        await common.updates(cell, 'test://watched-resource', () => cell.call('test_trigger_resource_update'));
        return era === '2024-11-05' || era === '2025-03-26' ? 'no elicitation before 2025-06-18' : '';
    },
});

/** Name behind Oriel → how to start it, the tools it must show, what to do with it. */
export const serverKinds = {
    everything: { ...everything, start: stdio(process.execPath, package_('server-everything'), 'stdio') },
    everything_http: { ...everything, start: overHttp(() => everythingOverHttp('streamableHttp', '/mcp')) },
    everything_sse: { ...everything, start: overHttp(() => everythingOverHttp('sse', '/sse'), 'sse') },
    filesystem,
    memory,
    sdk2_legacy: sdk2('legacy', 'stdio'),
    sdk2_legacy_http: sdk2('legacy', 'http'),
    sdk2_modern: sdk2('modern', 'stdio'),
    sdk2_modern_http: sdk2('modern', 'http'),
    sdk2_dual: sdk2('dual', 'stdio'),
    ours_2024_11_05: conformance('2024-11-05', 'sse'),
    ours_2025_03_26: conformance('2025-03-26', 'stdio'),
    ours_2025_06_18: conformance('2025-06-18', 'http'),
    ours_2025_11_25: conformance('2025-11-25', 'stdio'),
    ours_2026_07_28: conformance('2026-07-28', 'http'),
    ours_dual: conformance('dual', 'http'),
};

/** All of them, running. `entries` goes into Oriel's configuration; `stop` ends those over HTTP. */
export async function startServers(names = Object.keys(serverKinds)) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-pairings-'));
    const started = await Promise.all(names.map(async (name) => [name, await serverKinds[name].start(dir)]));
    return {
        dir,
        entries: Object.fromEntries(started.map(([name, { entry }]) => [name, entry])),
        async stop() {
            await Promise.all(started.map(([, { stop }]) => stop?.()));
            fs.rmSync(dir, { recursive: true, force: true });
        },
    };
}
