import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from './namespace.js';
import type { Authority, Leaf } from './pki.js';
import { eventually, start, tryRun, type Background } from './process.js';

/** What an authority says of its certificates, over HTTP in a namespace. */
export interface RevocationServer {
  /** Requests that came, one a line. */
  requests(): string;
  stop(): Promise<void>;
}

/** Serves what is in a file at each request. */
const SERVER = String.raw`
const http = require('node:http');
const { readFileSync } = require('node:fs');
const [address, port, file] = process.argv.slice(1);
http.createServer((request, response) => {
  console.log(request.method + ' ' + request.url);
  response.setHeader('content-type', 'application/pkix-crl');
  response.end(readFileSync(file));
}).listen(Number(port), address, () => console.log('ready'));
`;

/** Serves the authority's revocation list as it is then (DER, RFC 5280 section 4.2.1.13). */
export async function serveRevocationList(
  namespace: Namespace,
  authority: Authority,
  address: string,
  port: number,
): Promise<RevocationServer> {
  const file = join(authority.directory, 'served.crl');
  writeFileSync(file, pemToDer(await authority.revocationList()));
  const args = ['-e', SERVER, address, String(port), file];
  const server = start(process.execPath, args, { namespace });
  await server.until((self) => self.stdout().includes('ready'));
  return handle(server, () => server.stdout());
}

/**
 * An OCSP responder (RFC 6960) that knows what the authority has issued and revoked by then. The
 * authority must issue nothing while it runs: OpenSSL reads the index again, but half an index too.
 */
export async function serveOcsp(
  namespace: Namespace,
  authority: Authority,
  signer: Leaf,
  port: number,
): Promise<RevocationServer> {
  const file = (name: string): string => join(authority.directory, name);
  writeFileSync(file('ocsp.pem'), signer.certificate);
  writeFileSync(file('ocsp.key'), signer.privateKey);
  const server = start(
    'openssl',
    [
      ...['ocsp', '-port', String(port), '-index', file('index.txt'), '-CA', file('ca.pem')],
      ...['-rsigner', file('ocsp.pem'), '-rkey', file('ocsp.key'), '-ndays', '1', '-text'],
    ],
    { namespace },
  );
  await eventually('the OCSP responder listens', async () => {
    const { stdout } = await tryRun('ss', ['-Hltn', `sport = :${port}`], { namespace });
    return stdout !== '' || undefined;
  });
  return handle(server, () => server.stdout() + server.stderr());
}

function handle(server: Background, requests: () => string): RevocationServer {
  return {
    requests,
    stop: async () => {
      await server.stop();
    },
  };
}

function pemToDer(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----.*-----/g, ''), 'base64');
}
