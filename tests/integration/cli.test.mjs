// SPDX-License-Identifier: GPL-3.0-or-later
// The command line as a person and a script use it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { Oriel, command, demoServer, initialize, post, until } from './peers/oriel.mjs';

test('--version and --help need no display and no data directory', async () => {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
    const version = await command(['--version'], { env });
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^oriel \d+\.\d+\.\d+/);
    assert.equal((await command(['--help'], { env })).code, 0);
    assert.equal((await command(['audit', '--help'], { env })).code, 0);
});

test('bad usage ends with 2 and says what was expected', async () => {
    for (const args of [['--no-such-option'], ['--port', '70000'], ['--screenshot', 'overview'], ['audit'], ['token', 'add']]) {
        const result = await command(args);
        assert.equal(result.code, 2, args.join(' '));
        assert.notEqual(result.stderr, '');
    }
});

test('global options stand before or after the subcommand', async () => {
    const oriel = await Oriel.start();
    try {
        for (const args of [['--config', oriel.configPath, 'config', 'path'], ['config', 'path', '--config', oriel.configPath]]) {
            const result = await command(args, { env: oriel.env });
            assert.equal(result.code, 0);
            assert.match(result.stdout, new RegExp(path.basename(oriel.configPath)));
        }
    } finally {
        await oriel.stop();
    }
});

test('a taken explicit port is an error with its own exit code that names the holder', async () => {
    const holder = net.createServer();
    await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const oriel = await Oriel.start();
    try {
        const result = await command(['--headless', '--port', String(holder.address().port), '--data-dir', path.join(oriel.dir, 'second'), '--config', oriel.configPath]);
        assert.equal(result.code, 3);
        assert.match(result.stderr, /port/i);
        assert.match(result.stderr, new RegExp(String(process.pid)), 'the holder is this process');
    } finally {
        await oriel.stop();
        holder.close();
    }
});

test('a second Oriel of the same data directory is refused and names the first', async () => {
    const oriel = await Oriel.start();
    try {
        const result = await oriel.command(['--headless', '--port', '0']);
        assert.notEqual(result.code, 0);
        assert.match(result.stderr, new RegExp(String(oriel.process.pid)));
    } finally {
        await oriel.stop();
    }
});

test('config check tells every problem with its place and what was expected', async () => {
    const oriel = await Oriel.start();
    try {
        const file = path.join(oriel.dir, 'broken.json');
        fs.writeFileSync(file, '{\n  // a comment is fine\n  "gateway": {"port": "abc", "sepparator": "."},\n  "mcpServers": {"x": {"args": 1}},\n}\n');
        const result = await command(['config', 'check', file], { env: oriel.env });
        assert.equal(result.code, 1);
        assert.match(result.stderr, /broken\.json:3:\d+: gateway\.port: expected an integer from 0 to 65535, found "abc"/);
        assert.match(result.stderr, /gateway\.sepparator: unknown key; did you mean "gateway\.separator"\?/);
        assert.match(result.stderr, /broken\.json:4:\d+: mcpServers\.x/);
        fs.writeFileSync(file, JSON.stringify({ mcpServers: { a: { command: 'x' } } }));
        assert.equal((await command(['config', 'check', file], { env: oriel.env })).code, 0);
    } finally {
        await oriel.stop();
    }
});

test('a configuration is taken over while running; a broken one leaves the last good one in force', async () => {
    const oriel = await Oriel.start({ config: { mcpServers: {} } });
    try {
        oriel.writeConfig({ mcpServers: { demo: { command: demoServer } } });
        await until(async () => (await oriel.json('/api/v1/status')).serversReady === 1, 20000, 'the new server');
        oriel.writeConfig('{"mcpServers": {');
        const status = await until(async () => {
            const now = await oriel.json('/api/v1/status');
            return now.configError && now;
        });
        assert.match(status.configError, /config\.json:1:\d+/);
        assert.equal(status.serversReady, 1, 'the server goes on');
        oriel.writeConfig({ mcpServers: { demo: { command: demoServer, enabled: false } } });
        await until(async () => (await oriel.json('/api/v1/status')).serversEnabled === 0);
    } finally {
        await oriel.stop();
    }
});

test('config import shows what clients have and takes it over on request', async () => {
    const oriel = await Oriel.start();
    try {
        fs.mkdirSync(path.join(oriel.dir, '.cursor'));
        fs.writeFileSync(path.join(oriel.dir, '.cursor/mcp.json'), JSON.stringify({
            mcpServers: { files: { command: 'npx', args: ['-y', 'some-server'], env: { GITHUB_TOKEN: 'not-a-real-secret-value', LEVEL: '${env:LEVEL}' } } },
        }));
        const shown = await oriel.command(['config', 'import']);
        assert.equal(shown.code, 0, shown.stderr);
        assert.match(shown.stdout, /\+ files +npx -y some-server/);
        assert.match(shown.stdout, /secret: env\.GITHUB_TOKEN/);
        assert.doesNotMatch(shown.stdout, /not-a-real-secret-value/);
        assert.doesNotMatch(fs.readFileSync(oriel.configPath, 'utf8'), /some-server/);
        const applied = await oriel.command(['config', 'import', '--apply', '--move-secrets']);
        assert.equal(applied.code, 0, applied.stderr);
        const text = fs.readFileSync(oriel.configPath, 'utf8');
        assert.match(text, /\$\{vault:files\.GITHUB_TOKEN\}/);
        assert.match(text, /\$\{LEVEL\}/);
        assert.doesNotMatch(text, /not-a-real-secret-value/);
    } finally {
        await oriel.stop();
    }
});

test('traces and audit rows are there after a restart and without a running Oriel', async () => {
    const oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } } } });
    try {
        const opened = await post(oriel.url, initialize());
        const headers = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') };
        await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'demo__quick_echo', arguments: { text: 'kept' } } }, headers);
        const before = await until(async () => (await oriel.json('/api/v1/traces?filter=tool%3Dquick_echo')).traces[0]);
        oriel.process.kill('SIGTERM');
        await oriel.exited;
        const offline = await oriel.command(['traces', 'export', '--filter', 'tool=quick_echo']);
        assert.equal(offline.code, 0, offline.stderr);
        assert.match(offline.stdout, new RegExp(before.traceId));
        const nowhere = await oriel.command(['traces', 'export', '--output', '/dev/full']);
        assert.equal(nowhere.code, 1, nowhere.stderr);
        assert.match(nowhere.stderr, /cannot be written: No space left on device/);
        assert.equal((await oriel.command(['audit', 'verify'])).code, 0);
        const csv = await oriel.command(['audit', 'export', '--format', 'csv']);
        assert.equal(csv.stdout.trim().split('\n').length, 2);
        await oriel.run(['--headless', '--port', '0', '--no-auth']);
        await until(async () => (await oriel.json('/api/v1/traces?filter=tool%3Dquick_echo')).traces.some((trace) => trace.traceId === before.traceId));
        const online = await oriel.command(['traces', 'export', '--filter', 'tool=quick_echo']);
        assert.match(online.stdout, new RegExp(before.traceId));
    } finally {
        await oriel.stop();
    }
});

test('what works without a running Oriel works after one was killed', async () => {
    const oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } } } });
    try {
        const opened = await post(oriel.url, initialize());
        await post(oriel.url, { jsonrpc: '2.0', id: 2, method: 'ping' }, { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') });
        const [{ traceId }] = await until(async () => {
            const { traces } = await oriel.json('/api/v1/traces');
            return traces.length >= 2 && traces;
        });
        const output = path.relative(process.cwd(), path.join(oriel.dir, 'traces.jsonl'));
        const online = await oriel.command(['traces', 'export', '--output', output]);
        assert.equal(online.code, 0, online.stderr);
        assert.match(fs.readFileSync(output, 'utf8'), new RegExp(traceId));

        await oriel.kill();
        assert.ok(fs.existsSync(path.join(oriel.dataDir, 'runtime.json')), 'it is left behind');
        for (const args of [['token', 'add', 'later'], ['doctor'], ['traces', 'export', '--output', output]]) {
            const done = await oriel.command(args);
            assert.doesNotMatch(done.stderr, /running Oriel/, args.join(' '));
            assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}${done.stdout}`);
        }
    } finally {
        await oriel.stop();
    }
});

test('the bridge starts Oriel when none runs', async () => {
    const oriel = await Oriel.start({ config: { mcpServers: { demo: { command: demoServer } } } });
    try {
        oriel.process.kill('SIGTERM');
        await oriel.exited;
        const lines = [initialize(), { jsonrpc: '2.0', method: 'notifications/initialized' }].map((line) => JSON.stringify(line)).join('\n') + '\n';
        const { spawn } = await import('node:child_process');
        const { bin } = await import('./peers/oriel.mjs');
        const bridge = spawn(bin, ['bridge', '--port', '0', '--data-dir', oriel.dataDir, '--config', oriel.configPath], { env: oriel.env });
        let out = '';
        bridge.stdout.on('data', (chunk) => (out += chunk));
        bridge.stdin.write(lines);
        await until(() => /"serverInfo"/.test(out), 20000, 'the answer to initialize');
        bridge.stdin.end();
        await new Promise((resolve) => bridge.once('exit', resolve));
        const { pid } = JSON.parse(fs.readFileSync(path.join(oriel.dataDir, 'runtime.json'), 'utf8'));
        process.kill(pid, 'SIGTERM');
        await until(() => !fs.existsSync(path.join(oriel.dataDir, 'runtime.json')));
    } finally {
        await oriel.stop();
    }
});

test('doctor says what is wrong and what to do', async () => {
    const oriel = await Oriel.start({ config: { mcpServers: { broken: { command: 'no-such-program-of-this-test' } } } });
    try {
        const found = await until(async () => {
            const result = await oriel.command(['doctor']);
            return /no-such-program-of-this-test/.test(result.stdout) && result;
        });
        assert.equal(found.code, 1);
        assert.match(found.stdout, /problem +server broken: .*not found/i);
    } finally {
        await oriel.stop();
    }
});
