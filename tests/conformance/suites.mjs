// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the conformance server and runs the official suites, as pinned in tests/support/node, against a URL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { modules, node22 } from '../integration/peers/modules.mjs';

export const serverProgram = process.env.ORIEL_CONFORMANCE_SERVER ?? path.resolve('build/release/bin/oriel-conformance-server');
export const expectedFailures = path.join(path.dirname(fileURLToPath(import.meta.url)), 'expected-failures.yaml');

/** The server over HTTP on a port of its own choice; `stop` ends it. */
export async function startServer(era) {
    const child = spawn(serverProgram, ['--era', era, '--http', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    const url = await new Promise((resolve, reject) => {
        createInterface({ input: child.stderr }).on('line', (line) => {
            const found = /^listening on (http:\S+)$/.exec(line);
            if (found) resolve(found[1]);
        });
        child.once('error', reject);
        exited.then(([code]) => reject(new Error(`the conformance server ended with ${code}`)));
    });
    return {
        url,
        async stop() {
            child.kill();
            await exited;
        },
    };
}

export const clientProgram = process.env.ORIEL_CONFORMANCE_CLIENT ?? path.resolve('build/release/bin/oriel-conformance-client');

/** Runs `suite` ('conformance-0.1' or 'conformance-0.2') as a test of the server at `url` and reads its summary. */
export function runSuite(suite, url, args) {
    return run(suite, ['server', '--url', url, ...args]);
}

/** The same as a test of oriel-conformance-client, which the suite starts once for each scenario. */
export function runClientSuite(suite, args) {
    return run(suite, ['client', '--command', clientProgram, ...args]);
}

/** The scenarios of one kind in expected-failures.yaml. */
export function expectedFailuresOf(kind) {
    const section = new RegExp(`^${kind}:\\n((?: +(?:- |#).*\\n)*)`, 'm').exec(fs.readFileSync(expectedFailures, 'utf8'));
    return [...(section?.[1] ?? '').matchAll(/^ +- (\S+)/gm)].map(([, name]) => name);
}

async function run(suite, args) {
    const results = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-conformance-'));
    try {
        const program = path.join(modules, suite, 'dist/index.js');
        const child = spawn(node22(), [program, ...args, '-o', results, '--expected-failures', expectedFailures], {
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        const [exitCode] = await once(child, 'close');
        const scenarios = [...text.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed(?:, (\d+) warnings)?/gm)].map(([, name, passed, failed, warnings]) => ({
            name,
            passed: Number(passed),
            failed: Number(failed),
            warnings: Number(warnings ?? 0),
        }));
        const total = /^Total: (\d+) passed, (\d+) failed(?:, (\d+) warnings)?/m.exec(text) ?? [];
        return {
            exitCode,
            scenarios,
            passed: Number(total[1]),
            failed: Number(total[2]),
            warned: Number(total[3] ?? 0),
            text,
            warnings: checksIn(results, 'WARNING'),
            reasons: checksIn(results, 'FAILURE').concat(checksIn(results, 'WARNING')).join('\n'),
        };
    } finally {
        fs.rmSync(results, { recursive: true, force: true });
    }
}

/** The checks of one status. What a suite only warns of counts as passed in its total; it is a SHOULD that was not done. */
function checksIn(folder, status) {
    const files = fs.readdirSync(folder, { recursive: true }).filter((name) => path.basename(name) === 'checks.json');
    return files.flatMap((name) =>
        JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
            .filter((check) => check.status === status)
            .map((check) => `${check.id}: ${check.errorMessage ?? ''}`)
    );
}
