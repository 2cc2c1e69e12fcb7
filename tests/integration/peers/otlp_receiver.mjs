// SPDX-License-Identifier: GPL-3.0-or-later
// An OTLP receiver that shares no code with Oriel: @grpc/grpc-js and node:http for the transport, protobufjs code of
// @opentelemetry/otlp-transformer for the messages.
import http from 'node:http';
import zlib from 'node:zlib';
import { require } from './modules.mjs';

const grpc = require('@grpc/grpc-js');
const root = require('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const collector = root.opentelemetry.proto.collector;

const kinds = {
    traces: { request: collector.trace.v1.ExportTraceServiceRequest, service: 'opentelemetry.proto.collector.trace.v1.TraceService' },
    metrics: { request: collector.metrics.v1.ExportMetricsServiceRequest, service: 'opentelemetry.proto.collector.metrics.v1.MetricsService' },
    logs: { request: collector.logs.v1.ExportLogsServiceRequest, service: 'opentelemetry.proto.collector.logs.v1.LogsService' },
};

const plain = (type, bytes) => {
    const message = type.decode(bytes);
    const object = type.toObject(message, { longs: String, bytes: Buffer, arrays: true, objects: true, oneofs: false });
    return object;
};

/** A request of one signal, from protobuf. */
export const decodeRequest = (signal, bytes) => plain(kinds[signal].request, bytes);

/** The protobuf of a request of one signal; bytes are Buffers, 64-bit numbers texts. */
export const encodeRequest = (signal, object) => Buffer.from(kinds[signal].request.encode(kinds[signal].request.fromObject(object)).finish());

/** Every field of a request, those that are not set with their defaults; which member of a oneof is set is told beside it. */
export const wholeObject = (signal, bytes) =>
    kinds[signal].request.toObject(kinds[signal].request.decode(bytes), { longs: String, bytes: String, defaults: true, arrays: true, oneofs: true, json: true });

const idFields = new Set(['traceId', 'spanId', 'parentSpanId']);
const mapIds = (value, change) => {
    if (Array.isArray(value)) return value.map((one) => mapIds(one, change));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, idFields.has(key) ? change(one) : mapIds(one, change)]));
};

/** The OTLP JSON of a request in protobuf: ids in hexadecimal, else as proto3 has it. `enums`: String for their names. */
export const jsonOf = (signal, bytes, enums = undefined) => {
    const { request } = kinds[signal];
    const object = request.toObject(request.decode(bytes), { longs: String, bytes: String, enums, json: true });
    return mapIds(object, (base64) => Buffer.from(base64, 'base64').toString('hex'));
};

/** The protobuf of a request in OTLP JSON. */
export const protobufOf = (signal, json) => encodeRequest(signal, mapIds(json, (digits) => Buffer.from(digits, 'hex').toString('base64')));

/** Sends a request over gRPC; gives the bytes of the answer. */
export function exportOverGrpc(port, signal, bytes, host = '127.0.0.1') {
    const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
    const identity = (value) => value;
    return new Promise((resolve, reject) =>
        client.makeUnaryRequest(`/${kinds[signal].service}/Export`, identity, identity, bytes, (error, answer) => {
            client.close();
            if (error) reject(error);
            else resolve(answer);
        }),
    );
}

class Receiver {
    received = { traces: [], metrics: [], logs: [] };
    metadata = [];

    take(signal, bytes, metadata) {
        this.received[signal].push(plain(kinds[signal].request, bytes));
        this.metadata.push(metadata);
    }
    spans() {
        return this.received.traces.flatMap((request) => request.resourceSpans.flatMap((resource) =>
            resource.scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, resource: resource.resource, scope: scope.scope })))));
    }
    metrics() {
        return this.received.metrics.flatMap((request) => request.resourceMetrics.flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics)));
    }
    logs() {
        return this.received.logs.flatMap((request) => request.resourceLogs.flatMap((resource) => resource.scopeLogs.flatMap((scope) => scope.logRecords)));
    }
}

export async function startHttpReceiver(script = {}) {
    const receiver = new Receiver();
    receiver.answers = script.answers ?? []; // statuses for the first requests
    const server = http.createServer((request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const scripted = receiver.answers.shift();
            if (scripted) {
                response.writeHead(scripted.status, scripted.headers ?? {});
                response.end();
                return;
            }
            let body = Buffer.concat(chunks);
            if (request.headers['content-encoding'] === 'gzip') body = zlib.gunzipSync(body);
            const signal = request.url.split('/').at(-1);
            if (request.headers['content-type'] === 'application/json') {
                receiver.received[signal].push(JSON.parse(body));
                receiver.metadata.push(request.headers);
                response.writeHead(200, { 'Content-Type': 'application/json' });
                response.end('{}');
                return;
            }
            receiver.take(signal, body, request.headers);
            response.writeHead(200, { 'Content-Type': 'application/x-protobuf' });
            response.end();
        });
    });
    await new Promise((resolve) => server.listen(script.port ?? 0, '127.0.0.1', resolve));
    receiver.port = server.address().port;
    receiver.stop = () => new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
    });
    return receiver;
}

export async function startGrpcReceiver() {
    const receiver = new Receiver();
    const server = new grpc.Server();
    const identity = (value) => value;
    for (const [signal, kind] of Object.entries(kinds)) {
        const definition = { Export: { path: `/${kind.service}/Export`, requestStream: false, responseStream: false, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity } };
        server.addService(definition, {
            Export: (call, callback) => {
                receiver.take(signal, call.request, call.metadata.getMap());
                callback(null, Buffer.alloc(0));
            },
        });
    }
    receiver.port = await new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))));
    receiver.stop = async () => server.forceShutdown();
    return receiver;
}

export const attribute = (holder, key) => {
    const found = holder.attributes.find((entry) => entry.key === key);
    if (!found) return undefined;
    const value = found.value;
    return value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue ?? value;
};
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
