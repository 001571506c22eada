import { NvgateError, type Problem } from '../../src/errors.js';
import type {
  CertificateAuthentication,
  IpsecAuthentication,
} from '../../src/model/remote-connection.js';
import type {
  CertificateAuthenticationDocument,
  IpsecAuthenticationDocument,
} from '../ipsec-schemas.js';
import { readText, type Fields } from './reading.js';
import { readSecret } from './secret.js';
import { isObject } from './shape.js';

const PATH = '/authentication';

/** @param value of the field `authentication` of a connection with IPsec, its shape checked */
export function readIpsecAuthentication(
  value: unknown,
  problems: Problem[],
): IpsecAuthentication | undefined {
  if (!isObject(value)) return undefined;
  return value['method'] === 'certificate'
    ? readCertificateAuthentication(value, problems)
    : { method: 'psk', secret: readSecret(value['secret']) };
}

function readCertificateAuthentication(
  fields: Fields,
  problems: Problem[],
): CertificateAuthentication | undefined {
  const credential = readCredential(fields, problems);
  const certificateAuthorities = readAuthorities(fields, problems);
  const { revocationLists = [], revocation = 'relaxed' } =
    fields as CertificateAuthenticationDocument;
  return (
    credential && {
      method: 'certificate',
      credential,
      certificateAuthorities,
      revocationLists,
      revocation,
    }
  );
}

/** Certificate and key come both in the document or both from files of the gateway. */
function readCredential(
  fields: Fields,
  problems: Problem[],
): CertificateAuthentication['credential'] | undefined {
  const { certificate, privateKey } = fields;
  const certificateFile = readFilePath(fields, 'certificateFile', problems);
  const privateKeyFile = readFilePath(fields, 'privateKeyFile', problems);
  const report = (field: string, code: 'invalidValue' | 'missingField', message: string): void => {
    problems.push({ path: `${PATH}/${field}`, code, message });
  };
  if (fields['certificateFile'] === undefined && certificate === undefined)
    report(
      'certificate',
      'missingField',
      'The gateway’s certificate is missing. Add "certificate" (PEM), or "certificateFile" and "privateKeyFile".',
    );
  else if (fields['certificateFile'] === undefined) {
    if (fields['privateKeyFile'] !== undefined)
      report(
        'privateKeyFile',
        'invalidValue',
        'Goes with certificateFile. Push the key of "certificate" as "privateKey".',
      );
  } else if (certificate !== undefined || privateKey !== undefined)
    report(
      'certificateFile',
      'invalidValue',
      'The certificate comes from a file and from the document. Leave "certificate" and "privateKey" out, or the two files.',
    );
  else if (fields['privateKeyFile'] === undefined)
    report(
      'privateKeyFile',
      'missingField',
      '"privateKeyFile" is missing. Add the path of the key of "certificateFile".',
    );
  if (certificateFile !== undefined && privateKeyFile !== undefined)
    return { certificateFile, privateKeyFile };
  return typeof certificate === 'string'
    ? { certificate, privateKey: readSecret(privateKey) }
    : undefined;
}

function readAuthorities(
  fields: Fields,
  problems: Problem[],
): CertificateAuthentication['certificateAuthorities'] {
  const { certificateAuthorities: texts = [], certificateAuthorityFiles: files = [] } = fields;
  if (!Array.isArray(texts) || !Array.isArray(files)) return [];
  if (texts.length + files.length === 0)
    problems.push({
      path: `${PATH}/certificateAuthorities`,
      code: 'missingField',
      message:
        'No authority is named that may have signed the peer’s certificate. Add one to "certificateAuthorities" (PEM) or "certificateAuthorityFiles".',
    });
  return [
    ...texts.map((certificate: string) => ({ certificate })),
    ...files.flatMap((text: unknown, index) => {
      const path = `${PATH}/certificateAuthorityFiles/${index}`;
      const certificateFile = readText(problems, path, parseFilePath, text);
      return certificateFile === undefined ? [] : [{ certificateFile }];
    }),
  ];
}

function readFilePath(
  fields: Fields,
  name: 'certificateFile' | 'privateKeyFile',
  problems: Problem[],
): string | undefined {
  return readText(problems, `${PATH}/${name}`, parseFilePath, fields[name]);
}

/** @throws NvgateError `invalidValue` */
function parseFilePath(text: string): string {
  if (!text.startsWith('/') || text.includes('\0'))
    throw new NvgateError(
      'invalidValue',
      'Is not an absolute path. Name a file on the gateway, for example /etc/nvgate/vpn/gateway.pem.',
    );
  return text;
}

/** Without secrets and private keys. */
export function formatIpsecAuthentication(
  authentication: IpsecAuthentication,
): IpsecAuthenticationDocument {
  if (authentication.method === 'psk') return { method: 'psk' };
  const { credential, certificateAuthorities, revocationLists, revocation } = authentication;
  const texts = certificateAuthorities.flatMap((one) =>
    'certificate' in one ? [one.certificate] : [],
  );
  const files = certificateAuthorities.flatMap((one) =>
    'certificateFile' in one ? [one.certificateFile] : [],
  );
  return {
    method: 'certificate',
    ...('certificate' in credential
      ? { certificate: credential.certificate }
      : {
          certificateFile: credential.certificateFile,
          privateKeyFile: credential.privateKeyFile,
        }),
    ...(texts.length > 0 && { certificateAuthorities: texts }),
    ...(files.length > 0 && { certificateAuthorityFiles: files }),
    ...(revocationLists.length > 0 && { revocationLists: [...revocationLists] }),
    revocation,
  };
}
