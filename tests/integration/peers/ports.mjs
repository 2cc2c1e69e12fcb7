// SPDX-License-Identifier: GPL-3.0-or-later
// Ports for servers that must be told theirs.
import fs from 'node:fs';
import net from 'node:net';

/** Below what the system gives to connections and to servers that ask for any port: nobody gets one of these by chance. */
const first = 15000;
const count = Math.max(1000, firstEphemeral() - first);

function firstEphemeral() {
    try {
        return Number.parseInt(fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
    } catch {
        return 32768;
    }
}

function listen(where) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(undefined));
        server.listen(where, () => resolve(server));
    });
}

/** A name that one process has at a time and that goes with it; on macOS there is none. */
async function claim(port) {
    if (process.platform === 'darwin') return true;
    const name = `oriel-test-port-${port}`;
    const claimed = await listen({ path: process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : `\0${name}` });
    claimed?.unref();
    return claimed !== undefined;
}

/** A port of the loopback that is this process's until it ends: no other test is given it, and no connection takes it. */
export async function freePort() {
    for (let tries = 0; tries < 1000; ++tries) {
        const port = first + Math.floor(Math.random() * count);
        if (!(await claim(port))) continue;
        // As servers on every address would find it.
        const probe = await listen({ port, host: '0.0.0.0' });
        if (!probe) continue;
        await new Promise((resolve) => probe.close(resolve));
        return port;
    }
    throw new Error('no free port was found');
}
