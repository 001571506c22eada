import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectory } from './namespace.js';
import { run } from './process.js';

/** A certificate authority of OpenSSL: an index of what it has issued, in a directory of its own. */
export interface Authority {
  readonly name: string;
  /** PEM */
  readonly certificate: string;
  readonly directory: string;
  issue(options: LeafOptions): Promise<Leaf>;
  revoke(leaf: Leaf): Promise<void>;
  /** A new revocation list (PEM). */
  revocationList(): Promise<string>;
}

export interface LeafOptions {
  /** Becomes the common name, and a DNS name of the certificate. */
  readonly name: string;
  /** IP addresses of the certificate. */
  readonly addresses?: readonly string[];
  /** Valid until yesterday. */
  readonly expired?: boolean;
  /** Where the certificate says that revocation lists are. */
  readonly revocationListUrl?: string;
  /** Where the certificate says that an OCSP responder is. */
  readonly ocspUrl?: string;
  /** Signs OCSP answers for its authority. */
  readonly signsOcsp?: boolean;
}

/** A certificate with its key (PKCS #8), each PEM. */
export interface Leaf {
  readonly name: string;
  readonly certificate: string;
  readonly privateKey: string;
}

const CONFIGURATION = `
[ca]
default_ca = own
[own]
dir = .
database = index.txt
new_certs_dir = issued
certificate = ca.pem
private_key = ca.key
rand_serial = yes
crlnumber = crlnumber
default_md = sha256
default_days = 30
default_crl_days = 30
unique_subject = no
policy = any
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
[any]
commonName = supplied
`;

/** Keys are elliptic (P-256): made in no time. */
export async function createAuthority(name: string): Promise<Authority> {
  const directory = createDirectory('pki');
  const file = (path: string): string => join(directory, path);
  const read = (path: string): string => readFileSync(file(path), 'utf8');
  const openssl = (...args: readonly string[]): Promise<string> => run('openssl', args);
  /** `openssl ca` finds its files from where it runs. */
  const ca = (...args: readonly string[]): Promise<string> =>
    run('env', ['-C', directory, 'openssl', 'ca', '-config', 'ca.conf', '-batch', ...args]);

  mkdirSync(file('issued'));
  writeFileSync(file('index.txt'), '');
  writeFileSync(file('crlnumber'), '01\n');
  writeFileSync(file('ca.conf'), CONFIGURATION);
  await openssl(
    ...['req', '-x509', ...NEW_KEY, '-keyout', file('ca.key'), '-out', file('ca.pem')],
    ...['-subj', `/CN=${name}`, '-days', '30'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign,cRLSign'],
  );

  return {
    ...{ name, directory, certificate: read('ca.pem') },
    async issue(options) {
      const base = `${options.name}-${Math.random().toString(36).slice(2)}`;
      const [key, request, extensions, certificate] = ['key', 'csr', 'ext', 'pem'].map((suffix) =>
        file(`${base}.${suffix}`),
      ) as [string, string, string, string];
      writeFileSync(extensions, extensionText(options));
      const subject = `/CN=${options.name}`;
      await openssl('req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', subject);
      const validity = options.expired === true ? [day(-10), day(-1)] : [day(-1), day(30)];
      await ca(
        ...['-in', request, '-out', certificate, '-extfile', extensions, '-notext'],
        ...['-startdate', validity[0] ?? '', '-enddate', validity[1] ?? ''],
      );
      const { name: leafName } = options;
      return {
        name: leafName,
        certificate: readFileSync(certificate, 'utf8'),
        privateKey: readFileSync(key, 'utf8'),
      };
    },
    async revoke({ certificate }) {
      const revoked = file('revoked.pem');
      writeFileSync(revoked, certificate);
      await ca('-revoke', revoked);
    },
    async revocationList() {
      await ca('-gencrl', '-out', file('crl.pem'));
      return read('crl.pem');
    },
  };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function extensionText(options: LeafOptions): string {
  const { name, addresses = [], revocationListUrl, ocspUrl, signsOcsp } = options;
  const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)];
  return [
    'basicConstraints = CA:FALSE',
    'keyUsage = digitalSignature',
    `subjectAltName = ${names.join(',')}`,
    ...(signsOcsp === true ? ['extendedKeyUsage = OCSPSigning'] : []),
    ...(revocationListUrl === undefined
      ? []
      : [`crlDistributionPoints = URI:${revocationListUrl}`]),
    ...(ocspUrl === undefined ? [] : [`authorityInfoAccess = OCSP;URI:${ocspUrl}`]),
    '',
  ].join('\n');
}

/** A day from today as `openssl ca` reads it: YYMMDDHHMMSSZ. */
function day(offset: number): string {
  const date = new Date(Date.now() + offset * 86_400_000);
  return `${date.toISOString().slice(2, 10).replaceAll('-', '')}000000Z`;
}
