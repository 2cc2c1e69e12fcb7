// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates of an authority of the test's own, made by the openssl command.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Files in `folder`: an authority, a server for 127.0.0.1 and a client, each as NAME.pem and NAME.key. Null without openssl. */
export function makeCertificates(folder) {
    const file = (name) => path.join(folder, name);
    const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
        openssl('version');
    } catch {
        return null;
    }
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test authority', '-keyout', file('ca.key'), '-out', file('ca.pem'));
    for (const [name, extension] of [['server', 'subjectAltName=IP:127.0.0.1'], ['client', 'extendedKeyUsage=clientAuth']]) {
        fs.writeFileSync(file(`${name}.ext`), `${extension}\n`);
        openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`));
        openssl('x509', '-req', '-days', '2', '-in', file(`${name}.csr`), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`));
    }
    return { ca: file('ca.pem'), serverCert: file('server.pem'), serverKey: file('server.key'), clientCert: file('client.pem'), clientKey: file('client.key') };
}
