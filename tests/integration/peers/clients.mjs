// SPDX-License-Identifier: GPL-3.0-or-later
// The official SDK clients behind one face, so that a test says what is done and not with which SDK. Each answers a server's questions
// with the same words: sampling "sampled words", "Ada" for what a form requires, one root file:///project.
import { load } from './modules.mjs';
import { bin } from './oriel.mjs';

const one = {
    ...(await load('@modelcontextprotocol/sdk/dist/esm/client/index.js')),
    ...(await load('@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js')),
    ...(await load('@modelcontextprotocol/sdk/dist/esm/client/stdio.js')),
    types: await load('@modelcontextprotocol/sdk/dist/esm/types.js'),
};
const two = { ...(await load('@modelcontextprotocol/client/dist/index.mjs')), ...(await load('@modelcontextprotocol/client/dist/stdio.mjs')) };

const allCapabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };
const usualAnswers = {
    'sampling/createMessage': () => ({ role: 'assistant', model: 'test-model', content: { type: 'text', text: 'sampled words' } }),
    'elicitation/create': ({ params }) => ({ action: 'accept', ...(params.mode !== 'url' && { content: Object.fromEntries((params.requestedSchema.required ?? []).map((name) => [name, 'Ada'])) }) }),
    'roots/list': () => ({ roots: [{ uri: 'file:///project', name: 'project' }] }),
};

/** Says "the next one that matches" about a stream of notifications; what came before nobody asked is kept. */
class Heard {
    #kept = [];
    #waiting = [];
    #method;
    constructor(method) {
        this.#method = method;
    }
    push(params) {
        const index = this.#waiting.findIndex(({ matches }) => matches(params));
        if (index < 0) this.#kept.push(params);
        else this.#waiting.splice(index, 1)[0].resolve(params);
    }
    next(matches = () => true) {
        const index = this.#kept.findIndex(matches);
        if (index >= 0) return Promise.resolve(this.#kept.splice(index, 1)[0]);
        return new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`no ${this.#method} within 20 s`)), 20000);
            this.#waiting.push({ matches, resolve: (params) => (clearTimeout(late), resolve(params)) });
        });
    }
    clear() {
        this.#kept.length = 0;
    }
}

/** A connected client. `era` is what was agreed: 'legacy' or 'modern'. */
class PeerClient {
    heard = {
        updated: new Heard('notifications/resources/updated'),
        toolsChanged: new Heard('notifications/tools/list_changed'),
        message: new Heard('notifications/message'),
    };
    asked = []; ///< the methods that servers asked for, in order

    constructor(sdk, client, capabilities, answers) {
        this.sdk = sdk;
        this.client = client;
        for (const [method, schema, heard] of [
            ['notifications/resources/updated', 'ResourceUpdatedNotificationSchema', this.heard.updated],
            ['notifications/tools/list_changed', 'ToolListChangedNotificationSchema', this.heard.toolsChanged],
            ['notifications/message', 'LoggingMessageNotificationSchema', this.heard.message],
        ]) client.setNotificationHandler(sdk === one ? one.types[schema] : method, (note) => heard.push(note.params ?? {}));
        for (const [method, schema, capability] of [
            ['sampling/createMessage', 'CreateMessageRequestSchema', 'sampling'],
            ['elicitation/create', 'ElicitRequestSchema', 'elicitation'],
            ['roots/list', 'ListRootsRequestSchema', 'roots'],
        ]) {
            if (!capabilities[capability]) continue;
            client.setRequestHandler(sdk === one ? one.types[schema] : method, async (request) => {
                this.asked.push(method);
                return (answers[method] ?? usualAnswers[method])(request);
            });
        }
    }
    get era() {
        return this.sdk === one ? 'legacy' : this.client.getProtocolEra();
    }
    get isModern() {
        return this.era === 'modern';
    }
    call(name, args = {}, { _meta, ...options } = {}) {
        const params = { name, arguments: args, ...(_meta && { _meta }) };
        return this.sdk === one ? this.client.callTool(params, undefined, options) : this.client.callTool(params, options);
    }
    /** The texts of a call's result. */
    async say(name, args, options) {
        const result = await this.call(name, args, options);
        return result.content.map((part) => part.text ?? '').join('\n');
    }
    async names(kind) {
        const lists = { tools: 'listTools', prompts: 'listPrompts', resources: 'listResources', resourceTemplates: 'listResourceTemplates' };
        const result = await this.client[lists[kind]](undefined, this.sdk === two ? { cacheMode: 'refresh' } : undefined);
        return { names: result[kind].map((entry) => entry.name), entries: result[kind], hasMore: result.nextCursor !== undefined };
    }
    read(uri) {
        return this.client.readResource({ uri }, this.sdk === two ? { cacheMode: 'refresh' } : undefined);
    }
    /** Listens to the changes of one resource and of the tools, as the era has it; gives how to end it. */
    async listen(uri) {
        this.heard.updated.clear();
        this.heard.toolsChanged.clear();
        if (!this.isModern) {
            await this.client.subscribeResource({ uri });
            return () => this.client.unsubscribeResource({ uri });
        }
        const subscription = await this.client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
        return () => subscription.close();
    }
    /** What makes log messages of `level` come with a call: nothing but the level for a session, a member of `_meta` otherwise. */
    async logOptions(level) {
        if (this.isModern) return { _meta: { 'io.modelcontextprotocol/logLevel': level } };
        await this.client.setLoggingLevel(level);
        return {};
    }
    close() {
        return this.client.close();
    }
}

/** What a client that starts a command is configured with. */
export function bridgeParameters(oriel, server) {
    const only = server ? ['--server', server] : [];
    return { command: bin, args: ['bridge', '--data-dir', oriel.dataDir, '--config', oriel.configPath, ...only], env: oriel.env, stderr: 'inherit' };
}

const transports = {
    HTTP: (sdk, { oriel, server }) => {
        const url = new URL(server ? `${oriel.url}/${server}` : oriel.url);
        return new sdk.StreamableHTTPClientTransport(url, oriel.token && { requestInit: { headers: { Authorization: `Bearer ${oriel.token}` } } });
    },
    bridge: (sdk, { oriel, server }) => new sdk.StdioClientTransport(bridgeParameters(oriel, server)),
};

function makeClient(sdk, mode, capabilities) {
    const info = { name: sdk === one ? 'sdk-1.32' : 'sdk-2.4', version: '1' };
    if (sdk === one) return new sdk.Client(info, { capabilities });
    return new sdk.Client(info, { capabilities, versionNegotiation: { mode: mode === 'modern' ? { pin: '2026-07-28' } : mode } });
}

async function connect(sdk, mode, transport, to, { capabilities = allCapabilities, answers = {} } = {}) {
    const client = new PeerClient(sdk, makeClient(sdk, mode, capabilities), capabilities, answers);
    await client.client.connect(transports[transport](sdk, to));
    return client;
}

const kinds = [[one, 'SDK 1.32', 'legacy'], [two, 'SDK 2.4 legacy', 'legacy'], [two, 'SDK 2.4 auto', 'auto'], [two, 'SDK 2.4 modern', 'modern']];
/**
 * {name, era, connect({oriel, server?}, {capabilities?, answers?})} for each SDK, each way to negotiate a version, each way in. `era` is
 * what it has to end in at Oriel; `server` leads to that server's own route; `answers` replaces usual ones, by method.
 */
export const sdkClients = ['HTTP', 'bridge'].flatMap((transport) => kinds.map(([sdk, label, mode]) => ({
    name: `${label}, ${transport}`,
    era: mode === 'legacy' ? 'legacy' : 'modern',
    connect: (to, options) => connect(sdk, mode, transport, to, options),
})));
