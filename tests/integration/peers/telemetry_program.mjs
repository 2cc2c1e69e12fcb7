// SPDX-License-Identifier: GPL-3.0-or-later
// A program with the OpenTelemetry SDK, told by OTEL_* variables alone where to send: two spans, a log record and three metrics.
// Prints the id of its trace.
import { require } from './modules.mjs';

const { NodeSDK } = require('@opentelemetry/sdk-node');
const { SpanKind, SpanStatusCode, context, metrics, trace } = require('@opentelemetry/api');
const { SeverityNumber, logs } = require('@opentelemetry/api-logs');

const sdk = new NodeSDK();
sdk.start();

const tracer = trace.getTracer('program', '1.2.3');
const parent = tracer.startSpan('parent work', { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET', tries: 2, ratio: 0.5, flags: [true, false] } });
const within = trace.setSpan(context.active(), parent);
const child = tracer.startSpan('child work', { kind: SpanKind.CLIENT, links: [{ context: parent.spanContext() }] }, within);
child.addEvent('asked', { password: 'hidden-value-123' });
child.setStatus({ code: SpanStatusCode.ERROR, message: 'the backend said no' });
child.end();
parent.end();

logs.getLogger('program').emit({ severityNumber: SeverityNumber.WARN, severityText: 'warning', body: `said by ${process.env.OTEL_SERVICE_NAME}`, attributes: { room: 'kitchen' }, context: within });

const meter = metrics.getMeter('program');
meter.createCounter('program.notes', { unit: '{note}' }).add(3, { kind: 'text' });
meter.createHistogram('program.duration', { unit: 's' }).record(0.25);
meter.createObservableGauge('program.load').addCallback((result) => result.observe(0.75));

await sdk.shutdown();
process.stdout.write(`${parent.spanContext().traceId}\n`);
