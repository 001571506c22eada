import type { X509Certificate } from 'node:crypto';
import type { IpsecConnection } from '../../model/remote-connection.js';
import { isKept, type Secret } from '../../model/secret.js';
import { readCertificates, readPrivateKey } from './pem.js';
import { finding, type Report } from './report.js';

/** The certificate that the gateway shows, and its key. */
export function checkOwnCertificate(
  connection: IpsecConnection,
  credential: { readonly certificate: string; readonly privateKey: Secret },
  report: Report,
): void {
  const field = 'authentication/certificate';
  const keyField = 'authentication/privateKey';
  const { refuse, warn } = speaker(connection, report);

  const leaf = checkOneCertificate(connection, field, credential.certificate, report);
  if (leaf !== undefined) {
    const [begin, end] = validityOf(leaf);
    if (end < Date.now())
      refuse(
        field,
        `The certificate of connection ${connection.id} has expired (${leaf.validTo}); push a new one.`,
      );
    if (begin > Date.now())
      warn(
        field,
        `The certificate of connection ${connection.id} is not valid yet (${leaf.validFrom}), so the peer will refuse it until then; check the clocks, or push one that is.`,
      );
  }

  if (isKept(credential.privateKey)) return;
  const key = readPrivateKey(credential.privateKey.reveal());
  if (key === undefined)
    refuse(
      keyField,
      `The private key of connection ${connection.id} cannot be read; give it in PEM, without a passphrase.`,
    );
  else if (leaf?.checkPrivateKey(key) === false)
    refuse(
      keyField,
      `The private key of connection ${connection.id} does not belong to its certificate; push the two that were made together.`,
    );
}

/** A certificate that may have signed the peer's. */
export function checkAuthorityCertificate(
  connection: IpsecConnection,
  field: string,
  text: string,
  report: Report,
): void {
  const authority = checkOneCertificate(connection, field, text, report);
  if (authority === undefined) return;
  const { refuse, warn } = speaker(connection, report);
  const name = nameOf(authority);
  if (!authority.ca)
    refuse(
      field,
      `The certificate ${name} that connection ${connection.id} is to trust is of no authority (CA:TRUE is missing); give the one that signs the peer's.`,
    );
  if (validityOf(authority)[1] < Date.now())
    warn(
      field,
      `The certificate authority ${name} of connection ${connection.id} has expired (${authority.validTo}), so it vouches for no peer any more; push its new certificate.`,
    );
}

function checkOneCertificate(
  connection: IpsecConnection,
  field: string,
  text: string,
  report: Report,
): X509Certificate | undefined {
  const certificates = readCertificates(text);
  const { refuse } = speaker(connection, report);
  if (certificates?.length === 1) return certificates[0];
  if (certificates === undefined || certificates.length === 0)
    refuse(
      field,
      `This certificate of connection ${connection.id} cannot be read; give it in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.`,
    );
  else
    refuse(
      field,
      `There are ${certificates.length} certificates in this one text of connection ${connection.id}; give one here, and those that signed it under certificateAuthorities.`,
    );
  return undefined;
}

/** Begin and end in milliseconds since 1970. */
function validityOf({ validFrom, validTo }: X509Certificate): [number, number] {
  return [Date.parse(validFrom), Date.parse(validTo)];
}

/** On one line, which Node's text of a distinguished name is not. */
function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function speaker(connection: IpsecConnection, report: Report) {
  const say = (field: string, message: string) =>
    finding(connection, field, 'invalidCertificate', message);
  return {
    refuse: (field: string, message: string): void => report.error(say(field, message)),
    warn: (field: string, message: string): void => report.warn(say(field, message)),
  };
}
