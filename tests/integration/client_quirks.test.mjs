// SPDX-License-Identifier: GPL-3.0-or-later
// What widely used clients do at the start, message by message as they were seen to do it, over HTTP and over the bridge. Each has to end with
// a client that can call a tool.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BridgePipe } from './peers/bridge_pipe.mjs';
import { Oriel, post } from './peers/oriel.mjs';
import { startServers } from './peers/servers.mjs';

let servers;
let oriel;

before(async () => {
    servers = await startServers(['sdk2_legacy', 'sdk2_modern']);
    oriel = await Oriel.start({ config: { mcpServers: servers.entries } });
    await oriel.ready();
});
after(async () => {
    await oriel?.stop();
    await servers?.stop();
});

/** A client over HTTP that keeps what the session gave it and adds the headers that its messages need. */
class HttpPeer {
    headers = {};
    async send(message) {
        const meta = message.params?._meta ?? {};
        const version = meta['io.modelcontextprotocol/protocolVersion'];
        const named = message.params?.name && { 'Mcp-Name': message.params.name };
        const answer = await post(oriel.url, message, version ? { 'MCP-Protocol-Version': version, 'Mcp-Method': message.method, ...named } : this.headers);
        if (answer.headers.has('mcp-session-id'))
            this.headers = { 'Mcp-Session-Id': answer.headers.get('mcp-session-id'), 'MCP-Protocol-Version': answer.body.result.protocolVersion };
        return answer.body;
    }
    ask(id, method, params) {
        return this.send({ jsonrpc: '2.0', id, method, ...(params && { params }) });
    }
    async end() {}
}

const ways = [['HTTP', () => new HttpPeer()], ['the bridge', () => new BridgePipe(oriel)]];
const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
const modern = (capabilities = {}) => ({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'quirky', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
});
const opening = (protocolVersion, name, capabilities = {}) => ({ protocolVersion, capabilities, clientInfo: { name, version: '1' } });

async function callsTool(peer, _meta) {
    const { result } = await peer.ask('list', 'tools/list', _meta ? { _meta } : undefined);
    assert.equal(result.nextCursor, undefined, 'one page, since some clients read no other');
    assert.ok(result.tools.some(({ name }) => name === 'sdk2_legacy__echo') && result.tools.some(({ name }) => name === 'sdk2_modern__echo'));
    for (const name of ['sdk2_legacy__echo', 'sdk2_modern__echo']) {
        const answer = await peer.ask(`call ${name}`, 'tools/call', { name, arguments: { message: 'hello' }, ...(_meta && { _meta }) });
        assert.equal(answer.result.content[0].text, 'Echo: hello', JSON.stringify(answer));
        if (_meta) assert.equal(answer.result.resultType, 'complete');
    }
    return result.tools;
}

for (const [way, connect] of ways) {
    const quirk = (name, use) => test(`${name}, over ${way}`, async () => {
        const peer = connect();
        try {
            await use(peer);
        } finally {
            await peer.end();
        }
    });

    quirk('logging/setLevel before notifications/initialized (VS Code)', async (peer) => {
        await peer.ask(1, 'initialize', opening('2025-11-25', 'Visual Studio Code', { roots: { listChanged: true }, sampling: {}, elicitation: {} }));
        assert.deepEqual((await peer.ask(2, 'logging/setLevel', { level: 'debug' })).result, {});
        await peer.send(initialized);
        await callsTool(peer);
    });

    quirk('initialize of 2025-06-18 and no discovery (Codex)', async (peer) => {
        const { result } = await peer.ask(0, 'initialize', opening('2025-06-18', 'codex-mcp-client', { elicitation: {} }));
        assert.equal(result.protocolVersion, '2025-06-18');
        await peer.send(initialized);
        await callsTool(peer);
    });

    quirk('server/discover first, then stateless (Claude Code)', async (peer) => {
        const { result } = await peer.ask(0, 'server/discover', { _meta: modern() });
        assert.ok(result.supportedVersions.includes('2026-07-28'));
        await callsTool(peer, modern());
    });

    quirk('server/discover first, then initialize all the same (Copilot in VS Code)', async (peer) => {
        assert.ok((await peer.ask(0, 'server/discover', { _meta: modern() })).result);
        assert.equal((await peer.ask(1, 'initialize', opening('2025-11-25', 'copilot'))).result.protocolVersion, '2025-11-25');
        await peer.send(initialized);
        await callsTool(peer);
    });

    quirk('server/discover without _meta is an unknown method, and initialize is the way on', async (peer) => {
        const refused = await peer.ask(0, 'server/discover');
        assert.ok([-32600, -32601].includes(refused.error.code) || refused.error.code === -32000, JSON.stringify(refused));
        assert.equal((await peer.ask(1, 'initialize', opening('2025-11-25', 'claude-code'))).result.protocolVersion, '2025-11-25');
        await peer.send(initialized);
        await callsTool(peer);
    });

    quirk('server/discover of a revision that is not known names those that are', async (peer) => {
        const _meta = { ...modern(), 'io.modelcontextprotocol/protocolVersion': '2027-03-01' };
        const { error } = await peer.ask(0, 'server/discover', { _meta });
        assert.equal(error.code, -32022, JSON.stringify(error));
        assert.ok(error.data.supported.includes('2026-07-28'));
        await callsTool(peer, modern());
    });

    quirk('initialize of 2026-07-28 is answered with the newest revision that has it', async (peer) => {
        assert.equal((await peer.ask(1, 'initialize', opening('2026-07-28', 'claude-ai'))).result.protocolVersion, '2025-11-25');
        await peer.send(initialized);
        await callsTool(peer);
    });

    quirk('MCP Apps are offered and shown (Claude Desktop)', async (peer) => {
        const apps = { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } } };
        await peer.ask(1, 'initialize', opening('2025-11-25', 'claude-ai', apps));
        await peer.send(initialized);
        const shown = await callsTool(peer);
        const { result } = await peer.ask(2, 'resources/read', { uri: 'ui://sdk2/page.html' });
        assert.deepEqual([result.contents[0].uri, result.contents[0].mimeType], ['ui://sdk2/page.html', 'text/html;profile=mcp-app']);
        for (const tools of [shown, await callsTool(peer, modern(apps))]) {
            for (const server of ['sdk2_legacy', 'sdk2_modern']) {
                const { _meta } = tools.find(({ name }) => name === `${server}__show-page`);
                assert.deepEqual(_meta.ui, { resourceUri: 'ui://sdk2/page.html' });
            }
        }
    });

    quirk('tools/list before notifications/initialized (hasty clients)', async (peer) => {
        await peer.ask(1, 'initialize', opening('2025-11-25', 'hasty'));
        await callsTool(peer);
    });
}
