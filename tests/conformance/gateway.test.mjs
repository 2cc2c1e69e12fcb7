// SPDX-License-Identifier: GPL-3.0-or-later
// The official suites through the gateway: clients and servers of either era, over stdio and HTTP. What fails there and not
// directly is explained in docs/mcp.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Oriel } from '../integration/peers/oriel.mjs';
import { runSuite, serverProgram, startServer } from './suites.mjs';

const legacy = [
    { suite: 'conformance-0.1', args: ['--suite', 'active'] },
    { suite: 'conformance-0.1', args: ['--suite', 'all'] },
    { suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'] },
];
const modern = [{ suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'] }];

// Mcp-Param headers towards clients are not done yet; the suite does not score them.
const unscored = /^http-custom-header-server-validation/;
// A legacy server asks one question after the other, under no name, and of a task only once it has begun.
const untranslatable = ['input-required-result-basic-elicitation', 'input-required-result-multiple-input-requests', 'tasks-mrtr-composition'];

const runs = [
    ...legacy.map((run) => ({ client: '2025-11-25', server: '2025-11-25', ...run, failing: [] })),
    ...legacy.map((run) => ({ client: '2025-11-25', server: '2026-07-28', ...run, failing: [] })),
    ...modern.map((run) => ({ client: '2026-07-28', server: '2026-07-28', ...run, failing: [] })),
    ...modern.map((run) => ({ client: '2026-07-28', server: '2025-11-25', ...run, failing: untranslatable })),
    { client: '2025-11-25', server: '2025-11-25', connection: 'per-client', ...legacy[2], failing: [] },
    ...modern.map((run) => ({ client: '2026-07-28', server: '2025-11-25', connection: 'per-client', ...run, failing: untranslatable })),
];

for (const transport of ['stdio', 'http']) {
    for (const { client, server, connection = 'shared', suite, args, failing } of runs) {
        test(`client ${client}, server ${server} over ${transport}, ${connection}: ${suite} ${args.join(' ')}`, async (t) => {
            const fixture = transport === 'http' ? await startServer(server) : null;
            const entry = fixture ? { type: 'http', url: fixture.url } : { command: serverProgram, args: ['--era', server] };
            const oriel = await Oriel.start({ config: { mcpServers: { fixture: { ...entry, connection } } } });
            try {
                await oriel.ready();
                const run = await runSuite(suite, `${oriel.url}/fixture`, args);
                t.diagnostic(`| ${client} | ${server} | ${transport} | ${suite} ${args.join(' ')} | ${run.passed} passed, ${run.failed} failed |`);
                const failed = run.scenarios.filter((scenario) => scenario.failed > 0 && !unscored.test(scenario.name)).map((scenario) => scenario.name);
                assert.deepEqual(failed.sort(), [...failing].sort(), run.text);
                assert.ok(run.scenarios.length >= 30, 'the scenarios ran');
            } finally {
                await oriel.stop();
                await fixture?.stop();
            }
        });
    }
}
