// SPDX-License-Identifier: GPL-3.0-or-later
// One Export request of each signal in which every field of every message of OTLP 1.x is set, as protobufjs objects: bytes are
// Buffers, 64-bit numbers texts. Beside whole items stand those that only differ in what they leave out.

const text = (key, stringValue) => ({ key, value: { stringValue } });
const bytes = (hex) => Buffer.from(hex, 'hex');
const traceId = bytes('0102030405060708090a0b0c0d0e0f10');
const otherTraceId = bytes('f1f2f3f4f5f6f7f8f9fafbfcfdfeff00');
const spanId = bytes('1112131415161718');
const otherSpanId = bytes('2122232425262728');

/** Every kind of value there is, zero values and an attribute without a key among them. */
const everyValue = () => [
    text('text', 'grüße \u0000 end'),
    text('text.empty', ''),
    { key: 'yes', value: { boolValue: true } },
    { key: 'no', value: { boolValue: false } },
    { key: 'int', value: { intValue: '-9223372036854775808' } },
    { key: 'int.large', value: { intValue: '9007199254740993' } },
    { key: 'int.zero', value: { intValue: '0' } },
    { key: 'double', value: { doubleValue: 0.1 } },
    { key: 'double.whole', value: { doubleValue: 3 } },
    { key: 'double.tiny', value: { doubleValue: 5e-324 } },
    { key: 'double.nan', value: { doubleValue: NaN } },
    { key: 'double.infinite', value: { doubleValue: -Infinity } },
    { key: 'bytes', value: { bytesValue: bytes('00ff7f80fbef') } },
    { key: 'bytes.empty', value: { bytesValue: Buffer.alloc(0) } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, {}, { arrayValue: { values: [] } }, { bytesValue: bytes('01') }] } } },
    { key: 'map', value: { kvlistValue: { values: [text('inner', 'b'), { key: 'deeper', value: { kvlistValue: { values: [{ key: 'flag', value: { boolValue: true } }] } } }] } } },
    { key: 'list.empty', value: { arrayValue: { values: [] } } },
    { key: 'map.empty', value: { kvlistValue: { values: [] } } },
    { key: 'nothing', value: {} },
    text('', 'an attribute without a key'),
];

const resource = (service) => ({
    attributes: [text('service.name', service), ...everyValue()],
    droppedAttributesCount: 1,
    entityRefs: [
        { schemaUrl: 'https://opentelemetry.io/schemas/entity', type: 'service', idKeys: ['service.name', 'text'], descriptionKeys: ['int', 'yes'] },
        { type: 'host', idKeys: ['text'] },
    ],
});
const scope = { name: 'whole', version: '1.2', attributes: everyValue(), droppedAttributesCount: 2 };

const span = {
    traceId,
    spanId,
    traceState: 'vendor=one,other=two',
    parentSpanId: otherSpanId,
    flags: 0x301,
    name: 'whole span',
    kind: 4,
    startTimeUnixNano: '1700000000000000001',
    endTimeUnixNano: '1700000000000000002',
    attributes: everyValue(),
    droppedAttributesCount: 3,
    events: [{ timeUnixNano: '1700000000000000003', name: 'event', attributes: everyValue(), droppedAttributesCount: 4 }, { name: 'bare' }],
    droppedEventsCount: 5,
    links: [{ traceId: otherTraceId, spanId: otherSpanId, traceState: 'link=three', attributes: everyValue(), droppedAttributesCount: 6, flags: 0x101 }, { traceId, spanId }],
    droppedLinksCount: 7,
    status: { message: 'it failed', code: 2 },
};
/** Beyond every limit that an SDK has for its own spans. */
const largeSpan = {
    traceId,
    spanId: bytes('3132333435363738'),
    name: 'large span',
    attributes: Array.from({ length: 300 }, (_, i) => text(`key.${i}`, 'v')),
    events: Array.from({ length: 200 }, (_, i) => ({ name: `event ${i}`, attributes: i === 0 ? Array.from({ length: 150 }, (_, j) => text(`e.${j}`, 'v')) : [] })),
    links: Array.from({ length: 200 }, () => ({ traceId, spanId, attributes: [] })),
};
const bareSpan = { traceId, spanId: bytes('4142434445464748') };
const spans = [span, largeSpan, bareSpan, ...[0, 1, 2, 3, 5].map((kind) => ({ ...bareSpan, spanId: bytes(`51525354555657${58 + kind}`), kind, status: { code: kind % 3, message: 'said' } }))];

const exemplars = [
    { filteredAttributes: everyValue(), timeUnixNano: '1700000000000000004', asInt: '-9007199254740993', spanId, traceId },
    { timeUnixNano: '1700000000000000005', asDouble: 0.25 },
    { timeUnixNano: '1700000000000000006', asInt: '0' },
];
const point = { attributes: everyValue(), startTimeUnixNano: '1700000000000000007', timeUnixNano: '1700000000000000008', flags: 0x100 };
const noValue = { attributes: [text('gone', 'yes')], timeUnixNano: '1700000000000000009', flags: 1 };
const distribution = { ...point, count: '18446744073709551615', sum: -0.5, min: -2, max: 0, exemplars };
const unsummed = { timeUnixNano: '1700000000000000010', count: '3' };

const numbers = [
    { ...point, asInt: '9223372036854775807', exemplars },
    { ...point, asInt: '9007199254740993' },
    { ...point, asInt: '0' },
    { ...point, asDouble: 0 },
    { ...point, asDouble: NaN },
    noValue,
];
const about = (name) => ({ name, description: `what ${name} counts`, unit: 'By', metadata: [text('prometheus.type', 'unknown'), ...everyValue()] });
const metrics = [
    { ...about('whole.gauge'), gauge: { dataPoints: numbers } },
    { ...about('whole.sum'), sum: { dataPoints: numbers, aggregationTemporality: 2, isMonotonic: true } },
    { ...about('whole.delta'), sum: { dataPoints: numbers, aggregationTemporality: 1 } },
    {
        ...about('whole.histogram'),
        histogram: {
            dataPoints: [{ ...distribution, bucketCounts: ['1', '18446744073709551614', '0'], explicitBounds: [-1, 0] }, { ...unsummed, bucketCounts: ['1', '2'], explicitBounds: [0] }, unsummed, noValue],
            aggregationTemporality: 1,
        },
    },
    {
        ...about('whole.exponential'),
        exponentialHistogram: {
            dataPoints: [
                { ...distribution, scale: -3, zeroCount: '5', positive: { offset: -7, bucketCounts: ['1', '18446744073709551615'] }, negative: { offset: 9, bucketCounts: ['0', '2'] }, zeroThreshold: 0.001 },
                { ...unsummed, positive: { offset: 4, bucketCounts: [] }, negative: { offset: 0, bucketCounts: ['3'] } },
                noValue,
            ],
            aggregationTemporality: 2,
        },
    },
    { ...about('whole.summary'), summary: { dataPoints: [{ ...point, count: '4', sum: 2.5, quantileValues: [{ quantile: 0, value: -1 }, { quantile: 0.99, value: 7 }] }, noValue] } },
    { name: 'whole.unspecified', histogram: { dataPoints: [unsummed] } },
];

const log = {
    timeUnixNano: '1700000000000000011',
    observedTimeUnixNano: '1700000000000000012',
    severityNumber: 18,
    severityText: 'ERROR2',
    body: { kvlistValue: { values: everyValue() } },
    attributes: everyValue(),
    droppedAttributesCount: 8,
    flags: 1,
    traceId,
    spanId,
    eventName: 'whole.event',
};
const logs = [
    log,
    { observedTimeUnixNano: '1700000000000000013', body: { stringValue: 'without a time of its own' } },
    { observedTimeUnixNano: '1700000000000000014', body: { bytesValue: bytes('00ff') }, severityNumber: 24 },
    { observedTimeUnixNano: '1700000000000000015', body: { stringValue: '' } },
    { observedTimeUnixNano: '1700000000000000016', attributes: Array.from({ length: 300 }, (_, i) => text(`key.${i}`, 'v')) },
];

/** The three requests of a program that calls itself `service`; two scopes in each, of which the second has no name. */
export const wholeRequests = (service) => {
    const inScopes = (name, items) => [{ scope, schemaUrl: 'https://opentelemetry.io/schemas/scope', [name]: items }, { scope: { version: '0' }, [name]: items.slice(-1) }];
    const group = { resource: resource(service), schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' };
    return {
        traces: { resourceSpans: [{ ...group, scopeSpans: inScopes('spans', spans) }] },
        metrics: { resourceMetrics: [{ ...group, scopeMetrics: inScopes('metrics', metrics) }] },
        logs: { resourceLogs: [{ ...group, scopeLogs: inScopes('logRecords', logs) }] },
    };
};
