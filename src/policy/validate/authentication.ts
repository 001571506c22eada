import { isAbsolute } from 'node:path';
import type { CertificateAuthentication, IpsecConnection } from '../../model/remote-connection.js';
import { isKept } from '../../model/secret.js';
import { checkAuthorityCertificate, checkOwnCertificate } from './certificates.js';
import { isRevocationList } from './pem.js';
import { finding, type Report } from './report.js';

/** What a value of a VICI message holds. */
const MOST_BYTES = 65_535;

/** A pre-shared key that is shorter can be guessed by who has seen the authentication. */
const WISE_SECRET_LENGTH = 20;

/** The pre-shared key or the certificates of an IPsec connection. Files are read where they are used. */
export function checkAuthentication(connection: IpsecConnection, report: Report): void {
  const { authentication } = connection;
  if (authentication.method === 'certificate')
    checkCertificates(connection, authentication, report);
  else if (!isKept(authentication.secret))
    checkPresharedKey(connection, authentication.secret.reveal(), report);
}

function checkPresharedKey(connection: IpsecConnection, secret: string, report: Report): void {
  const field = 'authentication/secret';
  if (secret === '')
    report.error(
      finding(
        connection,
        field,
        'invalidValue',
        `The pre-shared key of connection ${connection.id} is empty; give one of at least ${WISE_SECRET_LENGTH} random characters.`,
      ),
    );
  else if (secret.length < WISE_SECRET_LENGTH)
    report.warn(
      finding(
        connection,
        field,
        'insecureConnection',
        `The pre-shared key of connection ${connection.id} has fewer than ${WISE_SECRET_LENGTH} characters, so it may be guessed; choose a longer one.`,
      ),
    );
  checkSize(connection, field, secret, report);
}

function checkCertificates(
  connection: IpsecConnection,
  authentication: CertificateAuthentication,
  report: Report,
): void {
  const { credential, certificateAuthorities, revocationLists } = authentication;
  if ('certificate' in credential) {
    checkSize(connection, 'authentication/certificate', credential.certificate, report);
    if (!isKept(credential.privateKey))
      checkSize(connection, 'authentication/privateKey', credential.privateKey.reveal(), report);
    checkOwnCertificate(connection, credential, report);
  } else {
    checkFile(connection, 'authentication/certificateFile', credential.certificateFile, report);
    checkFile(connection, 'authentication/privateKeyFile', credential.privateKeyFile, report);
  }

  const seen = { certificateAuthorities: 0, certificateAuthorityFiles: 0 };
  for (const authority of certificateAuthorities)
    // The document has a list for each of the two kinds.
    if ('certificate' in authority) {
      const field = `authentication/certificateAuthorities/${seen.certificateAuthorities++}`;
      checkSize(connection, field, authority.certificate, report);
      checkAuthorityCertificate(connection, field, authority.certificate, report);
    } else {
      const field = `authentication/certificateAuthorityFiles/${seen.certificateAuthorityFiles++}`;
      checkFile(connection, field, authority.certificateFile, report);
    }

  for (const [at, list] of revocationLists.entries()) {
    const field = `authentication/revocationLists/${at}`;
    checkSize(connection, field, list, report);
    if (!isRevocationList(list))
      report.error(
        finding(
          connection,
          field,
          'invalidCertificate',
          `This revocation list of connection ${connection.id} cannot be read; give one in PEM, from -----BEGIN X509 CRL----- to -----END X509 CRL-----.`,
        ),
      );
  }
}

function checkSize(connection: IpsecConnection, field: string, text: string, report: Report): void {
  if (Buffer.byteLength(text) > MOST_BYTES)
    report.error(
      finding(
        connection,
        field,
        'limitExceeded',
        `Connection ${connection.id} has more than ${MOST_BYTES} bytes in ${field}, the most that strongSwan takes; give a shorter one.`,
      ),
    );
}

function checkFile(connection: IpsecConnection, field: string, path: string, report: Report): void {
  if (!isAbsolute(path) || /\p{Cc}/u.test(path))
    report.error(
      finding(
        connection,
        field,
        'invalidValue',
        `Connection ${connection.id} has no absolute path in ${field}; write where the file is on the gateway, beginning with a slash.`,
      ),
    );
}
