import { X509Certificate } from 'node:crypto';
import { NvgateError } from '../../errors.js';

/**
 * The certificates of a PEM text as DER, in their order; at least one.
 * @throws NvgateError `invalidCertificate`
 */
export function certificatesDer(pem: string): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...rest] = blocks(pem, 'CERTIFICATE').map((der) => {
    try {
      return new Uint8Array(new X509Certificate(der).raw);
    } catch (error) {
      throw new NvgateError(
        'invalidCertificate',
        'A certificate could not be read. Give X.509 in PEM form.',
        { cause: error },
      );
    }
  });
  if (first === undefined)
    throw new NvgateError(
      'invalidCertificate',
      'There is no certificate. Give PEM text with a line "-----BEGIN CERTIFICATE-----".',
    );
  return [first, ...rest];
}

/**
 * The certificate revocation lists of a PEM text as DER; at least one.
 * @throws NvgateError `invalidCertificate`
 */
export function revocationListsDer(pem: string): readonly Uint8Array[] {
  const lists = blocks(pem, 'X509 CRL');
  if (lists.length === 0)
    throw new NvgateError(
      'invalidCertificate',
      'There is no revocation list. Give PEM text with a line "-----BEGIN X509 CRL-----".',
    );
  return lists;
}

/** What stands between the lines of that label (RFC 7468); text around the blocks is explanation. */
function blocks(pem: string, label: string): Uint8Array[] {
  const block = new RegExp(
    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`,
    'g',
  );
  return [...pem.matchAll(block)].map(
    ([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')),
  );
}
