// SPDX-License-Identifier: GPL-3.0-or-later
// A small server on the official SDK 2.x: `node sdk2_server.mjs legacy|modern|dual stdio|http`. Over HTTP it prints its address. Each
// feature that a gateway has to carry is one tool, resource or prompt; tools that ask the client are written once, as SDK 2.x has it,
// and the SDK turns them into input_required or into requests of the server by the era that is spoken.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { load } from './modules.mjs';

const sdk = await load('@modelcontextprotocol/server/dist/index.mjs');
const { StdioServerTransport, serveStdio } = await load('@modelcontextprotocol/server/dist/stdio.mjs');
const { z } = await load('zod/index.js');
const { McpServer, ResourceTemplate, acceptedContent, completable, inputRequired, inputResponse } = sdk;

const [era, transport] = process.argv.slice(2);
const text = (words) => ({ content: [{ type: 'text', text: words }] });

/** What outlives a request: over HTTP the SDK makes a server object for each one of 2026-07-28. */
const world = { note: 'first words', extraTools: 0, cancelled: 0, listeners: new Set(), released: () => {} };
const publish = (...event) => world.listeners.forEach((hear) => hear(...event));
const stateCodec = sdk.createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)), ttlSeconds: 600 });

function registerTools(server) {
    server.registerTool('echo', { description: 'Says it again', inputSchema: z.object({ message: z.string() }) }, ({ message }) => text(`Echo: ${message}`));
    server.registerTool('add', {
        description: 'Adds', inputSchema: z.object({ a: z.number(), b: z.number() }), outputSchema: z.object({ sum: z.number() }),
    }, ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }));
    server.registerTool('steps', { description: 'Tells how far it is', inputSchema: z.object({ count: z.number() }) }, async ({ count }, ctx) => {
        const progressToken = ctx.mcpReq._meta?.progressToken;
        for (let step = 1; step <= count && progressToken !== undefined; ++step)
            await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: step, total: count, message: `step ${step}` } });
        // SDK clients drop progress that is read together with the answer, so the answer waits until the client has seen it all.
        if (progressToken !== undefined) await new Promise((resolve) => (world.released = resolve));
        return text(`${count} steps`);
    });
    server.registerTool('release', { description: 'Lets steps end', inputSchema: z.object({}) }, () => (world.released(), text('released')));
    server.registerTool('wait', { description: 'Ends when it is cancelled', inputSchema: z.object({}) }, async (_, ctx) => {
        const progressToken = ctx.mcpReq._meta?.progressToken;
        if (progressToken !== undefined) await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        await new Promise((resolve) => ctx.mcpReq.signal.addEventListener('abort', resolve));
        world.cancelled += 1;
        return text('cancelled');
    });
    server.registerTool('cancelled-count', { description: 'How many waits were cancelled', inputSchema: z.object({}) }, () => text(String(world.cancelled)));
    server.registerTool('talk', { description: 'Logs', inputSchema: z.object({ level: z.string(), words: z.string() }) }, async ({ level, words }, ctx) => {
        await ctx.mcpReq.log(level, words);
        return text('said');
    });
    server.registerTool('fail', { description: 'Fails', inputSchema: z.object({}) }, () => ({ ...text('it did not work'), isError: true }));
    server.registerTool('write-note', { description: 'Changes note://main', inputSchema: z.object({ words: z.string() }) }, async ({ words }) => {
        world.note = words;
        publish('updated', 'note://main');
        return text('written');
    });
    server.registerTool('learn', { description: 'Adds a tool', inputSchema: z.object({}) }, async () => {
        world.extraTools += 1;
        publish('tools');
        return text('learned');
    });
    server.registerTool('show-page', { description: 'An MCP App', inputSchema: z.object({}), _meta: { ui: { resourceUri: 'ui://sdk2/page.html' } } }, () => text('shown'));
    for (let extra = 1; extra <= world.extraTools; ++extra) registerExtra(server, extra);
}

function registerExtra(server, number) {
    return server.registerTool(`learned-${number}`, { description: 'Was learned', inputSchema: z.object({}) }, () => text(`learned ${number}`));
}

const nameSchema = z.object({ name: z.string() });

function registerAskingTools(server) {
    server.registerTool('ask-name', { description: 'Asks for a name', inputSchema: z.object({}) }, (_, ctx) => {
        const view = inputResponse(ctx.mcpReq.inputResponses, 'who');
        if (view.kind === 'elicit' && view.action !== 'accept') return text(`no name: ${view.action}`);
        const given = acceptedContent(ctx.mcpReq.inputResponses, 'who', nameSchema);
        if (given) return text(`Hello ${given.name}`);
        return inputRequired({ inputRequests: { who: inputRequired.elicit({ message: 'Your name?', requestedSchema: nameSchema }) } });
    });
    server.registerTool('ask-model', { description: 'Asks the model', inputSchema: z.object({ question: z.string() }) }, ({ question }, ctx) => {
        const view = inputResponse(ctx.mcpReq.inputResponses, 'words');
        if (view.kind === 'sampling') return text(`The model says ${view.result.content.text}`);
        return inputRequired({ inputRequests: { words: inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens: 50 }) } });
    });
    server.registerTool('ask-roots', { description: 'Asks for the roots', inputSchema: z.object({}) }, (_, ctx) => {
        const view = inputResponse(ctx.mcpReq.inputResponses, 'roots');
        if (view.kind === 'roots') return text(view.roots.map((root) => root.uri).join(' '));
        return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
    });
    server.registerTool('ask-all', { description: 'Asks three things at once, then one more', inputSchema: z.object({}) }, async (_, ctx) => {
        const state = ctx.mcpReq.requestState();
        if (state) {
            const last = acceptedContent(ctx.mcpReq.inputResponses, 'last', nameSchema);
            return text(`${state.name} | ${state.words} | ${state.roots} | ${last?.name}`);
        }
        const given = acceptedContent(ctx.mcpReq.inputResponses, 'who', nameSchema);
        const words = inputResponse(ctx.mcpReq.inputResponses, 'words');
        const roots = inputResponse(ctx.mcpReq.inputResponses, 'roots');
        if (given && words.kind === 'sampling' && roots.kind === 'roots') {
            return inputRequired({
                inputRequests: { last: inputRequired.elicit({ message: 'One more name?', requestedSchema: nameSchema }) },
                requestState: await stateCodec.mint({ name: given.name, words: words.result.content.text, roots: roots.roots.length }),
            });
        }
        return inputRequired({
            inputRequests: {
                who: inputRequired.elicit({ message: 'Your name?', requestedSchema: nameSchema }),
                words: inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: 'Say something' } }], maxTokens: 50 }),
                roots: inputRequired.listRoots(),
            },
        });
    });
}

function registerResources(server) {
    const page = 'text/html;profile=mcp-app';
    server.registerResource('page', 'ui://sdk2/page.html', { mimeType: page }, (uri) => ({ contents: [{ uri: uri.href, mimeType: page, text: '<p>A page</p>' }] }));
    server.registerResource('main', 'note://main', { mimeType: 'text/plain' }, (uri) => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: world.note }] }));
    server.registerResource('named', new ResourceTemplate('note://named/{name}', { list: undefined }), { mimeType: 'text/plain' },
        (uri, { name }) => ({ contents: [{ uri: uri.href, text: `the note called ${name}` }] }));
}

function registerPrompts(server) {
    const cities = ['Dresden', 'Dublin', 'Lisbon'];
    const city = completable(z.string(), (value) => cities.filter((name) => name.startsWith(value)));
    server.registerPrompt('visit', { description: 'A visit', argsSchema: z.object({ city }) }, (args) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Plan a visit to ${args.city}` } }],
    }));
}

function makeServer() {
    const server = new McpServer({ name: 'sdk2-peer', version: '2.4.0' }, {
        capabilities: { logging: {}, tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: {} },
        instructions: 'A peer on SDK 2.x.',
        requestState: { verify: stateCodec.verify },
    });
    registerTools(server);
    registerAskingTools(server);
    registerResources(server);
    registerPrompts(server);
    return server;
}

/** A server object of one legacy session or of one pipe: it hears what the world publishes. */
function connectedServer(isModern) {
    const server = makeServer();
    const subscribed = new Set();
    server.server.setRequestHandler('resources/subscribe', ({ params }) => (subscribed.add(params.uri), {}));
    server.server.setRequestHandler('resources/unsubscribe', ({ params }) => (subscribed.delete(params.uri), {}));
    const hear = (what, uri) => {
        if (what === 'tools') registerExtra(server, world.extraTools);
        else if (isModern || subscribed.has(uri)) void server.server.sendResourceUpdated({ uri });
    };
    world.listeners.add(hear);
    server.server.onclose = () => world.listeners.delete(hear);
    return server;
}

async function serveHttp(answer) {
    const listener = http.createServer(async (request, response) => {
        const aborting = new AbortController();
        response.once('close', () => aborting.abort());
        const hasBody = request.method !== 'GET' && request.method !== 'DELETE';
        const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
        const given = new Request(`http://127.0.0.1${request.url}`, {
            method: request.method, headers, signal: aborting.signal, ...(hasBody && { body: Readable.toWeb(request), duplex: 'half' }),
        });
        const made = await answer(given);
        response.writeHead(made.status, Object.fromEntries(made.headers));
        response.flushHeaders();
        if (made.body) Readable.fromWeb(made.body).on('error', () => response.destroy()).pipe(response);
        else response.end();
    });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    console.log(`listening on http://127.0.0.1:${listener.address().port}/mcp`);
}

function modernHandler() {
    const handler = sdk.createMcpHandler(makeServer, { legacy: 'reject' });
    world.listeners.add((what, uri) => (what === 'tools' ? handler.notify.toolsChanged() : handler.notify.resourceUpdated(uri)));
    return handler.fetch;
}

function legacyHandler() {
    const sessions = new Map();
    return async (request) => {
        const known = sessions.get(request.headers.get('mcp-session-id'));
        if (known) return known.handleRequest(request);
        if (request.headers.has('mcp-session-id')) return new Response('', { status: 404 });
        const session = new sdk.WebStandardStreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            onsessioninitialized: (id) => void sessions.set(id, session),
            onsessionclosed: (id) => void sessions.delete(id),
        });
        await connectedServer(false).connect(session);
        return session.handleRequest(request);
    };
}

function dualHandler() {
    const [legacy, modern] = [legacyHandler(), modernHandler()];
    return async (request) => ((await sdk.isLegacyRequest(request)) ? legacy(request) : modern(request));
}

const handlers = { legacy: legacyHandler, modern: modernHandler, dual: dualHandler };
if (transport === 'http') await serveHttp(handlers[era]());
else if (era === 'legacy') await connectedServer(false).connect(new StdioServerTransport());
else serveStdio(({ era: spoken }) => connectedServer(spoken === 'modern'), { legacy: era === 'dual' ? 'serve' : 'reject' });
