// SPDX-License-Identifier: GPL-3.0-or-later
// An MCP server that wants an access token, and the authorization server that gives it: discovery, registration, codes bound to
// PKCE and redirect address, rotating refresh tokens. What it does not like is in `complaints`.
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

const read = async (request) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    return text;
};

const json = (response, status, value, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
};

function listen(handler) {
    const server = http.createServer((request, response) => {
        handler(request, response, new URL(request.url, 'http://127.0.0.1')).catch((error) => {
            response.writeHead(500).end(String(error));
        });
    });
    return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => resolve(server));
    });
}

export class GuardedServer {
    static async start() {
        const guarded = new GuardedServer();
        Object.assign(guarded, { complaints: [], codes: new Map(), refresh: new Map(), valid: new Set(), seen: [], signIns: 0, refreshes: 0 });
        guarded.issuerServer = await listen((...all) => guarded.authorize(...all));
        guarded.issuer = `http://127.0.0.1:${guarded.issuerServer.address().port}`;
        guarded.mcpServer = await listen((...all) => guarded.serve(...all));
        guarded.url = `http://127.0.0.1:${guarded.mcpServer.address().port}/mcp`;
        return guarded;
    }

    async stop() {
        for (const server of [this.issuerServer, this.mcpServer]) {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        }
    }

    /** What was given out is worth nothing any more; with `all` neither are the refresh tokens. */
    revoke(all = false) {
        this.valid.clear();
        if (all) this.refresh.clear();
    }

    tokens(response) {
        const access = randomBytes(16).toString('hex');
        const refresh = randomBytes(16).toString('hex');
        this.valid.add(access);
        this.refresh.set(refresh, true);
        json(response, 200, { access_token: access, token_type: 'Bearer', expires_in: 3600, refresh_token: refresh });
    }

    async authorize(request, response, url) {
        if (url.pathname === '/.well-known/oauth-authorization-server') {
            json(response, 200, {
                issuer: this.issuer,
                authorization_endpoint: `${this.issuer}/authorize`,
                token_endpoint: `${this.issuer}/token`,
                registration_endpoint: `${this.issuer}/register`,
                response_types_supported: ['code'],
                code_challenge_methods_supported: ['S256'],
                token_endpoint_auth_methods_supported: ['none'],
                authorization_response_iss_parameter_supported: true,
            });
        } else if (url.pathname === '/register') {
            const asked = JSON.parse(await read(request));
            this.redirectUri = asked.redirect_uris[0];
            json(response, 201, { client_id: 'oriel-test', redirect_uris: asked.redirect_uris, token_endpoint_auth_method: 'none' });
        } else if (url.pathname === '/authorize') {
            const query = url.searchParams;
            if (query.get('redirect_uri') !== this.redirectUri) this.complaints.push('another redirect address than registered');
            if (query.get('code_challenge_method') !== 'S256') this.complaints.push('no PKCE');
            if (query.get('resource') !== this.url) this.complaints.push(`resource ${query.get('resource')}`);
            const code = randomBytes(8).toString('hex');
            this.codes.set(code, query.get('code_challenge'));
            const back = new URL(query.get('redirect_uri'));
            back.searchParams.set('code', code);
            back.searchParams.set('state', query.get('state'));
            back.searchParams.set('iss', this.issuer);
            this.signIns++;
            response.writeHead(302, { Location: back.href }).end();
        } else if (url.pathname === '/token') {
            const form = new URLSearchParams(await read(request));
            if (form.get('resource') !== this.url) this.complaints.push('token request without resource');
            if (form.get('grant_type') === 'refresh_token') {
                if (!this.refresh.delete(form.get('refresh_token'))) return json(response, 400, { error: 'invalid_grant' });
                this.refreshes++;
                return this.tokens(response);
            }
            const challenge = this.codes.get(form.get('code'));
            this.codes.delete(form.get('code'));
            const verified = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
            if (challenge === undefined || challenge !== verified) return json(response, 400, { error: 'invalid_grant' });
            this.tokens(response);
        } else {
            json(response, 404, {});
        }
    }

    async serve(request, response, url) {
        if (url.pathname === '/.well-known/oauth-protected-resource/mcp') {
            return json(response, 200, { resource: this.url, authorization_servers: [this.issuer] });
        }
        if (url.pathname !== '/mcp') return json(response, 404, {});
        const text = await read(request);
        this.seen.push({ method: request.method, headers: request.headers, text });
        const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
        if (!this.valid.has(token)) {
            const where = this.url.replace('/mcp', '/.well-known/oauth-protected-resource/mcp');
            return json(response, 401, { error: 'invalid_token' }, { 'WWW-Authenticate': `Bearer resource_metadata="${where}"` });
        }
        if (request.method !== 'POST') return json(response, 405, {});
        const message = JSON.parse(text);
        const result = {
            initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'guarded', version: '1' } },
            'tools/list': { tools: [{ name: 'whoami', inputSchema: { type: 'object' } }] },
            'tools/call': { content: [{ type: 'text', text: 'you' }] },
        }[message.method];
        if (message.id === undefined) return response.writeHead(202).end();
        if (result === undefined) return json(response, 200, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no such method' } });
        json(response, 200, { jsonrpc: '2.0', id: message.id, result });
    }
}
