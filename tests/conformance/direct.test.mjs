// SPDX-License-Identifier: GPL-3.0-or-later
// The official suites against the conformance server itself, without a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSuite, startServer } from './suites.mjs';

const runs = [
    { era: '2025-11-25', suite: 'conformance-0.1', args: ['--suite', 'active'], scenarios: 30, checks: 40 },
    { era: '2025-11-25', suite: 'conformance-0.1', args: ['--suite', 'all'], scenarios: 32, checks: 47 },
    { era: '2025-11-25', suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'], scenarios: 33, checks: 84 },
    { era: '2026-07-28', suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'], scenarios: 50, checks: 196 },
    { era: 'dual', suite: 'conformance-0.1', args: ['--suite', 'all'], scenarios: 32, checks: 47 },
    { era: 'dual', suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'], scenarios: 33, checks: 84 },
    { era: 'dual', suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'], scenarios: 50, checks: 196 },
    { era: '2025-06-18', suite: 'conformance-0.1', args: ['--suite', 'active'], scenarios: 30, checks: 40 },
    { era: '2025-03-26', suite: 'conformance-0.1', args: ['--suite', 'active'], scenarios: 30, checks: 40 },
];

for (const { era, suite, args, scenarios, checks } of runs) {
    test(`a server of ${era} passes ${suite} ${args.join(' ')}`, async (t) => {
        const server = await startServer(era);
        try {
            const run = await runSuite(suite, server.url, args);
            t.diagnostic(`${era} | ${suite} ${args.join(' ')} | ${run.scenarios.length} scenarios | ${run.passed} passed, ${run.failed} failed`);
            assert.equal(run.failed, 0, run.text);
            assert.equal(run.exitCode, 0, run.text);
            assert.deepEqual(run.warnings, []);
            assert.equal(run.scenarios.length, scenarios, 'every scenario ran');
            assert.equal(run.passed, checks, 'every check was made');
        } finally {
            await server.stop();
        }
    });
}
