import { generate } from 'selfsigned';

/** PEM */
export interface MadeCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate that signs itself. */
export async function makeCertificate(
  commonName: string,
  from = new Date('2020-01-01T00:00:00Z'),
  to = new Date('2050-01-01T00:00:00Z'),
): Promise<MadeCertificate> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    notBeforeDate: from,
    notAfterDate: to,
    algorithm: 'sha256',
  });
  return { certificate: made.cert, privateKey: made.private };
}

/** Not a real list: what is between the lines is charon's business. */
export function revocationList(bytes: number): string {
  const base64 = Buffer.alloc(bytes, 0x30).toString('base64');
  return `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`;
}
