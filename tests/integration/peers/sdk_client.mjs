// SPDX-License-Identifier: GPL-3.0-or-later
// The official TypeScript SDK client, with the handlers of the capabilities that it declares.
import { load } from './modules.mjs';
import { bin } from './oriel.mjs';

const { Client } = await load('@modelcontextprotocol/sdk/dist/esm/client/index.js');
const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js');
const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/dist/esm/client/stdio.js');
export const types = await load('@modelcontextprotocol/sdk/dist/esm/types.js');

export const everything = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };

/** A client that answers with its own name; `asked` counts what it was asked, by method. */
export function makeClient(name, capabilities = {}) {
    const client = new Client({ name, version: '1' }, { capabilities });
    client.asked = {};
    const count = (method, result) => async () => {
        client.asked[method] = (client.asked[method] ?? 0) + 1;
        return result;
    };
    if (capabilities.sampling)
        client.setRequestHandler(types.CreateMessageRequestSchema, count('sampling', { role: 'assistant', model: 'test', content: { type: 'text', text: `sampled by ${name}` } }));
    if (capabilities.elicitation)
        client.setRequestHandler(types.ElicitRequestSchema, count('elicitation', { action: 'accept', content: { name } }));
    if (capabilities.roots)
        client.setRequestHandler(types.ListRootsRequestSchema, count('roots', { roots: [{ uri: `file:///${name}`, name }] }));
    return client;
}

export async function overHttp(oriel, name, capabilities, route = '') {
    const client = makeClient(name, capabilities);
    await client.connect(new StreamableHTTPClientTransport(new URL(`${oriel.url}${route}`)));
    return client;
}

export async function overBridge(oriel, name, capabilities) {
    const client = makeClient(name, capabilities);
    await client.connect(new StdioClientTransport({
        command: bin, args: ['bridge', '--data-dir', oriel.dataDir, '--config', oriel.configPath], env: oriel.env, stderr: 'inherit',
    }));
    return client;
}

export const toolNames = async (client) => (await client.listTools()).tools.map((tool) => tool.name);
export const textOf = (result) => result.content.map((part) => part.text ?? '').join('\n');
