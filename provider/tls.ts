import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { messageOf, NvgateError } from '../src/errors.js';

/** PEM texts of a server certificate and its key. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const YEARS = 10;

/** Addresses to listen on that are none to connect to. */
const UNSPECIFIED: readonly string[] = ['0.0.0.0', '::'];

/**
 * The certificate of the provider API where the operator brings none: from `tls/cert.pem` and
 * `tls/key.pem` of the state directory, self-made at the first start (EC P-256, 10 years, for
 * localhost, this host's name and the addresses given). Clients are given `cert.pem` to trust.
 *
 * @param addresses what the API listens on; a wildcard address adds nothing
 * @throws NvgateError `configInvalid` when the files hold something else; errors of the file system
 */
export async function loadCertificate(
  stateDirectory: string,
  addresses: readonly string[],
): Promise<ServerCertificate> {
  const directory = join(stateDirectory, 'tls');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const certPath = join(directory, 'cert.pem');
  const keyPath = join(directory, 'key.pem');
  const found = await readPair(certPath, keyPath);
  if (found !== undefined) return found;

  const made = await makeCertificate(addresses);
  // The key first: a certificate without its key would look like the operator's own.
  await writeWhole(keyPath, made.key);
  await writeWhole(certPath, made.cert);
  return made;
}

async function readPair(certPath: string, keyPath: string): Promise<ServerCertificate | undefined> {
  const cert = await readIfThere(certPath);
  if (cert === undefined) return undefined;
  const key = await readIfThere(keyPath);
  const wrong = key === undefined ? `${keyPath} is missing` : pairProblem(cert, key);
  if (key === undefined || wrong !== undefined)
    throw new NvgateError(
      'configInvalid',
      `${certPath} cannot be used: ${wrong ?? ''}. Mend it, or delete it to have certificate and key made anew.`,
    );
  return { cert, key };
}

function pairProblem(cert: string, key: string): string | undefined {
  try {
    const matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return matches ? undefined : 'the key is that of another certificate';
  } catch (error) {
    return messageOf(error);
  }
}

async function makeCertificate(addresses: readonly string[]): Promise<ServerCertificate> {
  const notAfterDate = new Date();
  notAfterDate.setUTCFullYear(notAfterDate.getUTCFullYear() + YEARS);
  const names = new Set(['localhost', hostname(), '127.0.0.1', '::1', ...addresses]);
  const altNames = [...names]
    .filter((name) => !UNSPECIFIED.includes(name))
    .map((name) =>
      isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
    );
  const pems = await generate([{ name: 'commonName', value: 'nvgate provider API' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert: pems.cert, key: pems.private };
}

/** Written beside and then renamed: after a crash the file is there whole or not at all. */
async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await rm(beside, { force: true });
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
