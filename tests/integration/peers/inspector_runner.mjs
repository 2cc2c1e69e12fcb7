// SPDX-License-Identifier: GPL-3.0-or-later
// The Inspector's command line many times over in one process, since Node needs a second to read it: a line in is the arguments of one
// run, a line out is {code, stdout, stderr} of it.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { runCli, handleError } = await import(pathToFileURL(process.argv[2]).href);
const answer = process.stdout.write.bind(process.stdout);

/** process.exit() where the Inspector ends itself. */
class Exit extends Error {}

async function run(args) {
    const kept = { exit: process.exit, stdout: process.stdout.write, stderr: process.stderr.write };
    const written = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
        process[stream].write = (chunk, encoding, done) => {
            written[stream] += chunk;
            (typeof encoding === 'function' ? encoding : done)?.();
            return true;
        };
    }
    let code = 0;
    process.exitCode = undefined;
    process.exit = (given) => {
        code = given ?? 0;
        throw new Exit();
    };
    try {
        await runCli(['node', 'mcp-inspector', ...args]).catch(handleError);
    } catch (error) {
        if (!(error instanceof Exit)) throw error;
    } finally {
        process.exit = kept.exit;
        for (const stream of ['stdout', 'stderr']) process[stream].write = kept[stream];
    }
    return { code: code || process.exitCode || 0, ...written };
}

for await (const line of createInterface({ input: process.stdin })) answer(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
process.exit(0);
