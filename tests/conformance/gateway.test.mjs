// SPDX-License-Identifier: GPL-3.0-or-later
// The official suites through the gateway: clients and servers of either era, over stdio and HTTP. What fails there and not
// directly is explained in docs/mcp.md, which holds the table that is printed at the end.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Oriel } from '../integration/peers/oriel.mjs';
import { runSuite, serverProgram, startServer } from './suites.mjs';

const suites = {
    active: { suite: 'conformance-0.1', args: ['--suite', 'active'] },
    all: { suite: 'conformance-0.1', args: ['--suite', 'all'] },
    legacy: { suite: 'conformance-0.2', args: ['--requirements', '2025-11-25'] },
    modern: { suite: 'conformance-0.2', args: ['--requirements', '2026-07-28'] },
};

// What the suite calls required of 2026-07-28; the others it only looks at.
const required = (name) => !/^(tasks-|json-schema-2020-12$|http-header-validation$|http-custom-header-server-validation$)/.test(name);
// A legacy server gives its question no name, and the scenario wants a certain one (another one warns of the same); and it asks of a
// task only once that has begun.
const untranslatable = {
    failing: ['input-required-result-basic-elicitation', 'tasks-mrtr-composition'],
    warnings: [/^sep-2322-ignore-unexpected-params: /],
};

// Over a connection of its client's own, a legacy server knows itself what was not declared, and says so in its own way, which is not
// the error of 2026-07-28.
const ownWords = { ...untranslatable, failing: [...untranslatable.failing, 'server-stateless'] };

// Checks made. A suite makes one more where the server closes its stream early and the client comes back for the answer: only a
// server of 2025-11-25 over HTTP does that.
const pairs = [
    { client: '2025-11-25', server: '2025-11-25', transport: 'http', checks: { active: 40, all: 47, legacy: 84 } },
    { client: '2025-11-25', server: '2025-11-25', transport: 'stdio', checks: { active: 40, all: 46, legacy: 83 } },
    { client: '2025-11-25', server: '2026-07-28', transport: 'http', checks: { active: 40, all: 46, legacy: 83 } },
    { client: '2025-11-25', server: '2026-07-28', transport: 'stdio', checks: { active: 40, all: 46, legacy: 83 } },
    { client: '2026-07-28', server: '2026-07-28', transport: 'http', scenarios: 37 },
    { client: '2026-07-28', server: '2026-07-28', transport: 'stdio', scenarios: 37 },
    { client: '2026-07-28', server: '2025-11-25', transport: 'http', scenarios: 36, ...untranslatable },
    { client: '2026-07-28', server: '2025-11-25', transport: 'stdio', scenarios: 36, ...untranslatable },
    { client: '2025-11-25', server: '2025-11-25', transport: 'http', connection: 'per-client', checks: { legacy: 84 } },
    { client: '2025-11-25', server: '2025-11-25', transport: 'stdio', connection: 'per-client', checks: { legacy: 83 } },
    { client: '2026-07-28', server: '2025-11-25', transport: 'http', connection: 'per-client', scenarios: 35, ...ownWords },
    { client: '2026-07-28', server: '2025-11-25', transport: 'stdio', connection: 'per-client', scenarios: 35, ...ownWords },
];

const rows = [];
after(() => {
    const table = ['| client | server | to the server | suite | scenarios | checks |', '|---|---|---|---|---|---|'];
    for (const row of rows) table.push(`| ${row.client} | ${row.server} | ${row.transport}${row.connection ? `, ${row.connection}` : ''} | ${row.suite} | ${row.scenarios} | ${row.checks} |`);
    console.log(table.join('\n'));
});

async function through({ server, transport, connection = 'shared' }, suite, args) {
    const fixture = transport === 'http' ? await startServer(server) : null;
    const entry = fixture ? { type: 'http', url: fixture.url } : { command: serverProgram, args: ['--era', server] };
    const oriel = await Oriel.start({ config: { mcpServers: { fixture: { ...entry, connection } } } });
    try {
        await oriel.ready();
        return await runSuite(suite, `${oriel.url}/fixture`, args);
    } finally {
        await oriel.stop();
        await fixture?.stop();
    }
}

for (const pair of pairs) {
    const names = Object.keys(pair.checks ?? { modern: 0 });
    for (const name of names) {
        const { suite, args } = suites[name];
        test(`client ${pair.client}, server ${pair.server} over ${pair.transport}${pair.connection ? `, ${pair.connection}` : ''}: ${suite} ${args.join(' ')}`, async () => {
            const run = await through(pair, suite, args);
            const scored = run.scenarios.filter((scenario) => name !== 'modern' || required(scenario.name));
            const passing = scored.filter((scenario) => scenario.failed === 0).length;
            rows.push({ ...pair, suite: `${suite} ${args.join(' ')}`, scenarios: `${passing} of ${scored.length}`, checks: `${run.passed} passed, ${run.failed} failed` });
            const failed = run.scenarios.filter((scenario) => scenario.failed > 0).map((scenario) => scenario.name);
            assert.deepEqual(failed.sort(), [...(pair.failing ?? [])].sort(), run.text);
            const unexpected = run.warnings.filter((warning) => !pair.warnings?.some((known) => known.test(warning)));
            assert.deepEqual(unexpected, [], 'what the suite only warns of');
            if (name === 'modern') {
                assert.equal(scored.length, 37, 'every required scenario ran');
                assert.equal(passing, pair.scenarios);
            } else {
                assert.equal(run.failed, 0, run.text);
                assert.equal(run.passed, pair.checks[name], `every check was made\n${run.text}`);
            }
        });
    }
}
