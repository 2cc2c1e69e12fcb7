// SPDX-License-Identifier: GPL-3.0-or-later
// The compose file of the hand-over kit as Docker Compose's own loader reads it: by its schema, and with what its parts say of each other.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missing, runProgram } from './peers/go_programs.mjs';
import { exportStack } from './peers/stack.mjs';

describe("the kit's compose file", { skip: missing('compose') }, () => {
    let dir;
    let stack;
    let project;
    const file = () => path.join(stack, 'compose.yaml');

    before(async () => {
        dir = fs.mkdtempSync(path.join(os.tmpdir(), 'oriel-compose-'));
        stack = path.join(dir, 'stack');
        const written = await exportStack(dir, stack);
        assert.equal(written.code, 0, written.stderr);
        const loaded = runProgram('compose', [file()]);
        assert.equal(loaded.status, 0, loaded.output);
        project = JSON.parse(loaded.output);
    });
    after(() => fs.rmSync(dir, { recursive: true, force: true }));

    test('it has the six programs of the kit, each of one stated version', () => {
        assert.deepEqual(Object.keys(project.services).sort(), ['grafana', 'jaeger', 'loki', 'otel-collector', 'prometheus', 'tempo']);
        for (const { image } of Object.values(project.services)) assert.match(image, /^[a-z/-]+:v?\d+\.\d+\.\d+$/);
    });

    test('what it mounts was written, and may not be written to', () => {
        const mounts = Object.values(project.services).flatMap(({ volumes = [] }) => volumes).filter(({ type }) => type === 'bind');
        assert.ok(mounts.length >= 6, `${mounts.length}`);
        for (const { source, read_only: readOnly } of mounts) assert.deepEqual([source, fs.existsSync(source), readOnly], [source, true, true]);
        for (const { file: secret } of Object.values(project.secrets)) assert.ok(fs.existsSync(secret), secret);
    });

    test('every port is on the loopback and used once', () => {
        const ports = Object.values(project.services).flatMap(({ ports: published = [] }) => published);
        for (const { host_ip: address, published } of ports) assert.equal(address, '127.0.0.1', published);
        const numbers = ports.map(({ published }) => published);
        assert.equal(new Set(numbers).size, numbers.length, `${numbers}`);
    });

    test('a volume that is not declared would be refused', () => {
        const broken = path.join(stack, 'broken.yaml');
        fs.writeFileSync(broken, fs.readFileSync(file(), 'utf8').replace('- loki-data:/loki', '- lost-data:/loki'));
        const loaded = runProgram('compose', [broken]);
        assert.equal(loaded.status, 1);
        assert.match(loaded.output, /lost-data/);
    });
});
