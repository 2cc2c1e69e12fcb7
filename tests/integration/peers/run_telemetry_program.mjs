// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs telemetry_program.mjs to its end with these variables; gives {traceId, errors}. */
export function runTelemetryProgram(env) {
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [fileURLToPath(new URL('telemetry_program.mjs', import.meta.url))], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        let errors = '';
        child.stdout.on('data', (chunk) => (output += chunk));
        child.stderr.on('data', (chunk) => (errors += chunk));
        child.once('error', reject);
        child.once('close', (code) => (code === 0 ? resolve({ traceId: output.trim(), errors }) : reject(new Error(errors))));
    });
}
