// SPDX-License-Identifier: GPL-3.0-or-later
// An MCP server on stdio with the OpenTelemetry SDK and no configuration of its own for it. A call is a SERVER span with the
// context of `_meta` as its parent, a span for the work within, and a log record. The tool `environment` gives its OTEL_*,
// TRACE*, B3 and X_B3_* variables.
import { createInterface } from 'node:readline';
import { require } from './modules.mjs';

const { NodeSDK } = require('@opentelemetry/sdk-node');
const { ROOT_CONTEXT, SpanKind, propagation, trace } = require('@opentelemetry/api');
const { SeverityNumber, logs } = require('@opentelemetry/api-logs');

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer('instrumented-server');

const tools = [
    { name: 'work', inputSchema: { type: 'object' } },
    { name: 'environment', inputSchema: { type: 'object' } },
];

function call({ name, _meta = {} }) {
    const parent = propagation.extract(ROOT_CONTEXT, _meta);
    const span = tracer.startSpan(`tools/call ${name}`, { kind: SpanKind.SERVER }, parent);
    const within = trace.setSpan(parent, span);
    tracer.startSpan('look it up', {}, within).end();
    logs.getLogger('instrumented-server').emit({ severityNumber: SeverityNumber.INFO, body: `worked on ${name}`, context: within });
    span.end();
    const seen = Object.fromEntries(Object.entries(process.env).filter(([key]) => /^(OTEL_|TRACE|B3$|X_B3_)/.test(key)));
    return { content: [{ type: 'text', text: JSON.stringify(seen) }] };
}

const answers = {
    initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'instrumented', version: '1' } }),
    'tools/list': () => ({ tools }),
    'tools/call': call,
    ping: () => ({}),
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
    const message = JSON.parse(line);
    if (message.id === undefined) return;
    const answer = answers[message.method];
    const reply = answer ? { result: answer(message.params ?? {}) } : { error: { code: -32601, message: 'unknown method' } };
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...reply })}\n`);
});
lines.on('close', () => sdk.shutdown().finally(() => process.exit(0)));
