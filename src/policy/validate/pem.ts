import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** The certificates that a PEM text holds, in its order; undefined when one of them is none. */
export function readCertificates(text: string): X509Certificate[] | undefined {
  try {
    return blocks(text, 'CERTIFICATE').map(({ pem }) => new X509Certificate(pem));
  } catch {
    return undefined;
  }
}

/** Undefined when the text is no private key, or an encrypted one. */
export function readPrivateKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    // The error could quote the key.
    return undefined;
  }
}

/** Whether a PEM text is one revocation list by its looks: Node has nothing that reads them. */
export function isRevocationList(text: string): boolean {
  const [list, ...others] = blocks(text, 'X509 CRL');
  return list !== undefined && others.length === 0 && isDerSequence(list.der);
}

interface PemBlock {
  readonly pem: string;
  readonly der: Buffer;
}

/** The parts of a text between the lines that PEM puts around them (RFC 7468). */
function blocks(text: string, label: string): PemBlock[] {
  const pattern = new RegExp(
    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`,
    'g',
  );
  return [...text.matchAll(pattern)].map(([pem, base64 = '']) => ({
    pem,
    der: Buffer.from(base64, 'base64'),
  }));
}

const SEQUENCE = 0x30;
const LONG_LENGTH = 0x80;

/** Whether bytes are one SEQUENCE of DER from the first to the last (X.690, 8.1.3 and 8.9). */
function isDerSequence(der: Buffer): boolean {
  const [tag, length = 0] = der;
  if (tag !== SEQUENCE) return false;
  if (length < LONG_LENGTH) return der.length === 2 + length;
  const size = length - LONG_LENGTH;
  if (size < 1 || size > 4 || der.length < 2 + size) return false;
  return der.length === 2 + size + der.readUIntBE(2, size);
}
