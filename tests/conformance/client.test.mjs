// SPDX-License-Identifier: GPL-3.0-or-later
// The client half of the official suites: Oriel's own connection to a server and its way of signing in, as the program
// oriel-conformance-client. What may fail is in expected-failures.yaml.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedFailuresOf, runClientSuite } from './suites.mjs';

// Extensions that Oriel does not have; no revision requires them, and the suites run them without counting.
const lacking = /^auth\/(dpop|dpop-nonce|wif-jwt-bearer)$/;
// What the suites do not count either, but Oriel has it.
const besides = /^(auth\/(client-credentials-basic|client-credentials-jwt|enterprise-managed-authorization)|json-schema-2020-12-preservation)$/;

const runs = [
    { suite: 'conformance-0.1', args: ['--suite', 'all'], required: 26, isRequired: () => true },
    { suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'], required: 18, isRequired: (name) => !lacking.test(name) && !besides.test(name) },
    { suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'], required: 32, isRequired: (name) => !lacking.test(name) && !besides.test(name) },
];

for (const { suite, args, required, isRequired } of runs) {
    test(`Oriel as a client passes ${suite} ${args.join(' ')}`, async (t) => {
        const run = await runClientSuite(suite, args);
        const counted = run.scenarios.filter(({ name }) => isRequired(name));
        const tried = run.scenarios.filter(({ name }) => isRequired(name) || besides.test(name));
        const failed = tried.filter((scenario) => scenario.failed > 0).map(({ name }) => name);
        const passed = counted.filter((scenario) => scenario.failed === 0).length;
        t.diagnostic(`| ${suite} ${args.join(' ')} | ${passed} of ${counted.length} scenarios | ${run.passed} passed, ${run.failed} failed, ${run.warned} warnings |`);
        for (const scenario of run.scenarios)
            t.diagnostic(`| ${scenario.name} | ${scenario.passed} passed, ${scenario.failed} failed, ${scenario.warnings} warnings${isRequired(scenario.name) ? '' : ' | not required'} |`);
        assert.equal(counted.length, required, run.text);
        const expected = expectedFailuresOf('client').filter((name) => counted.some((scenario) => scenario.name === name));
        assert.deepEqual(failed.sort(), expected.sort(), run.text + run.reasons);
        assert.equal(run.warned, 0, run.text + run.reasons);
    });
}
