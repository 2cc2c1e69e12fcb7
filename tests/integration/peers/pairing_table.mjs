// SPDX-License-Identifier: GPL-3.0-or-later
// What came of each pairing, as a table of clients against servers for the test's output and for docs/mcp.md.
export class PairingTable {
    #rows = new Map();
    #notes = [];

    /** `note`: what this pairing cannot do and why, if anything; `error`: why it failed. */
    set(client, server, { note = '', error } = {}) {
        if (!this.#rows.has(client)) this.#rows.set(client, new Map());
        this.#rows.get(client).set(server, error ? `FAILED: ${error}` : note ? `ok (${this.#number(note)})` : 'ok');
    }
    #number(note) {
        if (!this.#notes.includes(note)) this.#notes.push(note);
        return this.#notes.indexOf(note) + 1;
    }
    /** Markdown, one server a row. */
    lines() {
        const clients = [...this.#rows.keys()];
        const servers = [...new Set(clients.flatMap((client) => [...this.#rows.get(client).keys()]))];
        return [
            `| server | ${clients.join(' | ')} |`,
            `|---|${clients.map(() => '---|').join('')}`,
            ...servers.map((server) => `| ${server} | ${clients.map((client) => this.#rows.get(client).get(server) ?? '–').join(' | ')} |`),
            ...this.#notes.map((note, index) => `(${index + 1}) ${note}`),
        ];
    }
}
