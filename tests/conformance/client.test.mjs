// SPDX-License-Identifier: GPL-3.0-or-later
// The client half of the official suites: Oriel's own connection to a server and its way of signing in, as the program
// oriel-conformance-client. What may fail is in expected-failures.yaml.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedFailuresOf, runClientSuite } from './suites.mjs';

// What the suites run and do not score: extensions that Oriel does not have, and what came after the revision.
const unscored = /^(auth\/(client-credentials-(jwt|basic)|enterprise-managed-authorization|dpop|dpop-nonce|wif-jwt-bearer)|json-schema-2020-12-preservation)$/;

const runs = [
    { suite: 'conformance-0.1', args: ['--suite', 'all'], scenarios: 26, scored: () => true },
    { suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'], scenarios: 18, scored: (name) => !unscored.test(name) },
    { suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'], scenarios: 32, scored: (name) => !unscored.test(name) },
];

for (const { suite, args, scenarios, scored } of runs) {
    test(`Oriel as a client passes ${suite} ${args.join(' ')}`, async (t) => {
        const run = await runClientSuite(suite, args);
        const counted = run.scenarios.filter(({ name }) => scored(name));
        const failed = counted.filter((scenario) => scenario.failed > 0).map(({ name }) => name);
        const warned = counted.filter((scenario) => scenario.warnings > 0).map(({ name }) => name);
        t.diagnostic(`| ${suite} ${args.join(' ')} | ${counted.length - failed.length} of ${counted.length} scenarios | ${run.passed} passed, ${run.failed} failed, ${run.warned} warnings |`);
        for (const { name, passed, failed: broken, warnings } of run.scenarios)
            t.diagnostic(`| ${name} | ${passed} passed, ${broken} failed, ${warnings} warnings${scored(name) ? '' : ' | not scored'} |`);
        assert.equal(counted.length, scenarios, run.text);
        const expected = expectedFailuresOf('client').filter((name) => counted.some((scenario) => scenario.name === name));
        assert.deepEqual(failed.sort(), expected.sort(), run.text + run.reasons);
        assert.deepEqual(warned, [], run.text + run.reasons);
    });
}
