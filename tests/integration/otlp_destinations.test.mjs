// SPDX-License-Identifier: GPL-3.0-or-later
// Destinations by preset and by authorization: signatures checked by another implementation of SigV4, tokens of real token
// endpoints and commands, client certificates of a real TLS server, Zipkin's JSON, zstd, redirects.
import assert from 'node:assert/strict';
import { generateKeyPairSync, createVerify } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from './peers/certificates.mjs';
import { require } from './peers/modules.mjs';
import { attribute, decodeRequest, startGrpcReceiver } from './peers/otlp_receiver.mjs';
import { Oriel, demoServer, initialize, post, until } from './peers/oriel.mjs';

const aws4 = require('aws4');
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-destinations-'));
const certificates = makeCertificates(folder);
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const aws = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: 'session-token-1' };
const servers = [];
let oriel;
let grpc;
let signed;
let withCertificate;
let zipkin;
let compressed;
let google;
let googleTokens;
let entra;
let entraTokens;
let redirecting;
let redirectedTo;

/** A server that keeps each request with its body and answers as it is told; `tls` are options of node:https. */
async function collect(answer = () => [200], tls) {
    const requests = [];
    const handle = (request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const seen = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks), peer: request.socket.getPeerCertificate?.().subject?.CN };
            requests.push(seen);
            const [status, headers = {}, body = ''] = answer(seen, requests.length - 1);
            response.writeHead(status, headers).end(body);
        });
    };
    const server = tls ? https.createServer(tls, handle) : http.createServer(handle);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return { requests, base: `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}` };
}

const traces = (collector, decode = (body) => body) => collector.requests.filter((request) => request.url.endsWith('/v1/traces')).map((request) => decodeRequest('traces', decode(request.body)));

before(async () => {
    grpc = await startGrpcReceiver();
    signed = await collect();
    zipkin = await collect(() => [202]);
    compressed = await collect();
    let googleCount = 0;
    googleTokens = await collect(() => [200, { 'Content-Type': 'application/json' }, JSON.stringify({ access_token: `google-${++googleCount}`, expires_in: 3599 })]);
    google = await collect();
    let entraCount = 0;
    entraTokens = await collect(() => [200, { 'Content-Type': 'application/json' }, JSON.stringify({ access_token: `entra-${++entraCount}`, expires_in: 3599 })]);
    entra = await collect((request) => [request.headers.authorization === 'Bearer entra-1' ? 401 : 200]);
    redirectedTo = await collect();
    redirecting = await collect(() => [307, { Location: `${redirectedTo.base}/v1/traces` }]);
    const serviceAccount = { type: 'service_account', project_id: 'p-1', private_key_id: 'kid-1', private_key: privateKey, client_email: 'oriel@p-1.iam.example', token_uri: `${googleTokens.base}/token` };
    const destinations = [
        { name: 'aws', preset: 'aws', fields: { region: 'eu-central-1', access_key_id: aws.accessKeyId, secret_access_key: aws.secretAccessKey, session_token: aws.sessionToken, log_group: 'my-group', log_stream: 'one' }, endpoint: signed.base },
        { name: 'zipkin', protocol: 'zipkin', endpoint: zipkin.base },
        { name: 'honeycomb', preset: 'honeycomb', fields: { host: 'api.honeycomb.io', api_key: 'hc-key' }, endpoint: compressed.base, compression: 'zstd' },
        { name: 'gcp', preset: 'gcp', fields: { project: 'p-1', service_account_key: JSON.stringify(serviceAccount) }, endpoint: google.base, signals: ['traces'] },
        { name: 'azure', preset: 'azure-otlp', fields: { tenant: 'tenant-1', client_id: 'client-1', client_secret: 'client-secret-1' }, endpoint: entra.base, signals: ['traces'], auth: { tokenUrl: `${entraTokens.base}/token` } },
        { name: 'command', protocol: 'grpc', endpoint: `http://127.0.0.1:${grpc.port}`, signals: ['traces'], auth: { kind: 'command', command: [process.execPath, '-e', 'process.stdout.write("from-a-command")'] } },
        { name: 'redirect', endpoint: redirecting.base, signals: ['traces'] },
        { name: 'misspelt', preset: 'datadig', fields: { api_key: 'very-secret-1' } },
        { name: 'incomplete', preset: 'datadog', fields: { api_key: 'very-secret-2' } },
    ];
    if (certificates) {
        const read = (file) => fs.readFileSync(file);
        withCertificate = await collect(() => [200], { cert: read(certificates.serverCert), key: read(certificates.serverKey), ca: read(certificates.ca), requestCert: true, rejectUnauthorized: true });
        destinations.push({ name: 'tls', endpoint: withCertificate.base, signals: ['traces'], caFile: certificates.ca, certFile: certificates.clientCert, keyFile: certificates.clientKey });
        destinations.push({ name: 'stranger', endpoint: withCertificate.base, signals: ['traces'], caFile: certificates.ca });
    }
    oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } }, telemetry: { serviceName: 'oriel-under-test', metricInterval: 300, spanInterval: 100, destinations } } });
    await oriel.ready();
    const opened = await post(oriel.url, initialize());
    const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
    await post(oriel.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'hello' } } }, headers);
    await post(oriel.url, { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'demo__log_burst', arguments: { count: 2 } } }, headers);
});
after(async () => {
    await oriel?.stop();
    await grpc?.stop();
    for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    }
    fs.rmSync(folder, { recursive: true, force: true });
});

test('the presets follow their published schema', () => {
    const Ajv = require('ajv/dist/2020').default;
    const data = JSON.parse(fs.readFileSync(path.join(root, 'resources/presets/providers.json')));
    const schema = JSON.parse(fs.readFileSync(path.join(root, 'resources/presets/providers.schema.json')));
    const validate = new Ajv({ strict: false, formats: { regex: true } }).compile(schema);
    assert.ok(validate(data), JSON.stringify(validate.errors));
    data.presets[1].surprise = true;
    assert.ok(!validate(data), 'what the schema does not know is refused');
});

for (const [signal, service] of [['traces', 'xray'], ['metrics', 'monitoring'], ['logs', 'logs']]) {
    test(`another implementation of SigV4 makes the same signature for ${signal}`, async () => {
        const request = await until(() => signed.requests.find((entry) => entry.url === `/v1/${signal}`));
        const names = /SignedHeaders=([^,]+)/.exec(request.headers.authorization)[1].split(';');
        for (const name of ['host', 'x-amz-date', 'x-amz-security-token', 'content-type', 'content-encoding']) assert.ok(names.includes(name), name);
        const headers = Object.fromEntries(names.map((name) => [name, request.headers[name]]));
        const again = aws4.sign({ service, region: 'eu-central-1', method: 'POST', host: request.headers.host, path: request.url, headers: { ...headers }, body: request.body, extraHeadersToIgnore: { 'content-length': true } }, aws);
        assert.equal(request.headers.authorization, again.headers.Authorization);
        assert.equal(request.headers['x-amz-security-token'], aws.sessionToken);
        assert.equal(request.headers['content-encoding'], 'gzip');
        assert.ok(decodeRequest(signal, zlib.gunzipSync(request.body)));
        assert.equal(request.headers['x-aws-log-group'], signal === 'logs' ? 'my-group' : undefined);
    });
}

test('a service account gets a token by a signed assertion, and the project stands in each resource', async () => {
    const [request] = await until(() => google.requests.length > 0 && google.requests);
    assert.equal(request.headers.authorization, 'Bearer google-1');
    const form = new URLSearchParams(googleTokens.requests[0].body.toString());
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head, claims, signature] = form.get('assertion').split('.');
    assert.deepEqual(JSON.parse(Buffer.from(head, 'base64url')), { alg: 'RS256', typ: 'JWT', kid: 'kid-1' });
    const said = JSON.parse(Buffer.from(claims, 'base64url'));
    assert.equal(said.iss, 'oriel@p-1.iam.example');
    assert.equal(said.aud, `${googleTokens.base}/token`);
    assert.equal(said.scope, 'https://www.googleapis.com/auth/cloud-platform');
    assert.ok(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url'));
    const decoded = traces(google, zlib.gunzipSync)[0];
    assert.ok(decoded.resourceSpans.length > 0);
    for (const group of decoded.resourceSpans) {
        assert.equal(attribute(group.resource, 'gcp.project_id'), 'p-1');
        assert.equal(attribute(group.resource, 'service.name'), 'oriel-under-test');
    }
    assert.equal(googleTokens.requests.length, 1, 'one token serves all');
});

test('a token that the backend refuses is fetched anew, once', async () => {
    await until(() => entra.requests.some((request) => request.headers.authorization === 'Bearer entra-2'));
    const form = new URLSearchParams(entraTokens.requests[0].body.toString());
    assert.deepEqual(Object.fromEntries(form), { grant_type: 'client_credentials', client_id: 'client-1', client_secret: 'client-secret-1', scope: 'https://monitor.azure.com/.default' });
    assert.equal(entra.requests.filter((request) => request.headers.authorization === 'Bearer entra-1').length, 1);
    assert.equal(entraTokens.requests.length, 2);
});

test("a command's token is the metadata of gRPC", async () => {
    await until(() => grpc.spans().length > 0);
    assert.ok(grpc.metadata.every((entry) => entry.authorization === 'Bearer from-a-command'));
});

test('zstd is what the zstd program reads', async (context) => {
    const request = await until(() => compressed.requests.find((entry) => entry.url === '/v1/traces'));
    assert.equal(request.headers['content-encoding'], 'zstd');
    assert.equal(request.headers['x-honeycomb-team'], 'hc-key');
    assert.equal(request.headers['x-honeycomb-dataset'], undefined);
    const plain = zlib.zstdDecompressSync ? zlib.zstdDecompressSync(request.body) : spawnSync('zstd', ['-dc'], { input: request.body }).stdout;
    if (!plain?.length) return context.skip('neither this Node nor this machine has zstd');
    assert.ok(decodeRequest('traces', plain).resourceSpans.length > 0);
});

test("Zipkin gets spans in the shape of its version 2", async () => {
    const spans = await until(() => {
        const all = zipkin.requests.flatMap((request) => JSON.parse(request.body));
        return all.some((span) => span.name === 'tools/call demo__quick_echo') && all;
    });
    assert.ok(zipkin.requests.every((request) => request.url === '/api/v2/spans' && request.headers['content-type'] === 'application/json'));
    const known = new Set(['traceId', 'id', 'parentId', 'name', 'kind', 'timestamp', 'duration', 'localEndpoint', 'remoteEndpoint', 'annotations', 'tags']);
    for (const span of spans) {
        for (const key of Object.keys(span)) assert.ok(known.has(key), key);
        assert.match(span.traceId, /^[0-9a-f]{32}$/);
        assert.match(span.id, /^[0-9a-f]{16}$/);
        if (span.parentId) assert.match(span.parentId, /^[0-9a-f]{16}$/);
        if (span.kind) assert.ok(['CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'].includes(span.kind));
        assert.ok(Number.isSafeInteger(span.timestamp) && Math.abs(span.timestamp / 1000 - Date.now()) < 600_000, 'microseconds');
        assert.ok(Number.isSafeInteger(span.duration) && span.duration >= 1);
        assert.equal(span.localEndpoint.serviceName, 'oriel-under-test');
        for (const value of Object.values(span.tags)) assert.equal(typeof value, 'string');
        for (const annotation of span.annotations ?? []) assert.ok(Number.isSafeInteger(annotation.timestamp) && typeof annotation.value === 'string');
    }
    const server = spans.find((span) => span.name === 'tools/call demo__quick_echo');
    assert.equal(server.kind, 'SERVER');
    const client = spans.find((span) => span.kind === 'CLIENT' && span.traceId === server.traceId);
    assert.ok(spans.some((span) => span.id === client.parentId && span.traceId === client.traceId), 'the parent is there');
});

test('a server that asks for a certificate gets the one of the destination', async (context) => {
    if (!certificates) return context.skip('openssl is not installed');
    const request = await until(() => withCertificate.requests[0]);
    assert.equal(request.peer, 'client');
    assert.ok(traces(withCertificate).length > 0);
    await doctor(/destination stranger\b.*waiting, retry/);
});

/** What `oriel doctor` says, once it says this. */
async function doctor(pattern) {
    let report = '';
    await until(async () => {
        const { stdout, stderr } = await oriel.command(['doctor']);
        report = stdout + stderr;
        return pattern.test(report);
    }, 20000, `${pattern} in the report`).catch((error) => assert.fail(`${error.message}\n${report}`));
    return report;
}

test('redirects, unknown presets and missing fields are explained, and nothing secret is told', async () => {
    const report = await doctor(/redirects are not followed/);
    assert.equal(redirectedTo.requests.length, 0);
    assert.match(report, /there is no preset "datadig"/);
    assert.match(report, /Datadog needs the Site/);
    for (const secret of ['very-secret-1', 'very-secret-2', aws.secretAccessKey, 'client-secret-1', 'google-1', 'entra-2', 'from-a-command', 'hc-key']) {
        assert.ok(!report.includes(secret), secret);
        assert.ok(!oriel.stderr.includes(secret) && !oriel.stdout.includes(secret), secret);
    }
});
