// SPDX-License-Identifier: GPL-3.0-or-later
// The hand-over kit of `oriel export-stack`.
import fs from 'node:fs';
import path from 'node:path';
import { command } from './oriel.mjs';

/** Writes the kit into `folder` with a configuration of its own, which lies in `dir`, and no running Oriel. */
export function exportStack(dir, folder, config = {}, extra = []) {
    const file = path.join(dir, 'config.json');
    fs.writeFileSync(file, JSON.stringify(config));
    return command(['export-stack', folder, '--config', file, '--data-dir', path.join(dir, 'data'), ...extra]);
}

/** Every query of the dashboards, with Grafana's variables replaced. */
export function dashboardQueries(folder) {
    return ['gateway', 'opentelemetry-gateway'].flatMap((name) => {
        const board = JSON.parse(fs.readFileSync(path.join(folder, 'grafana/dashboards', `${name}.json`), 'utf8'));
        return board.panels.flatMap((panel) => panel.targets.map((target) => target.expr.replaceAll('$__rate_interval', '1m').replaceAll('$server', '.*')));
    });
}
