import { NvgateError } from '../../errors.js';
import type { IpsecAuthentication } from '../../model/remote-connection.js';
import { Secret } from '../../model/secret.js';
import type { ViciInput } from '../vici/message.js';
import { certificatesDer, revocationListsDer } from './pem.js';
import {
  localIdentity,
  remoteIdentity,
  type IpsecTunnelSpec,
  type ReadCertificate,
  type ReadCredential,
} from './tunnel.js';

/** A VICI command and what goes with it. */
export interface ViciRequest {
  readonly command: 'load-shared' | 'load-key' | 'load-cert';
  readonly message: ViciInput;
}

/** What an authentication names by files, read. Rejects as `readFile` does. */
export async function readCredential(
  authentication: IpsecAuthentication,
  readFile: (path: string) => Promise<string>,
): Promise<ReadCredential> {
  if (authentication.method === 'psk') return authentication;
  const { method, credential, certificateAuthorities, revocationLists, revocation } =
    authentication;
  const own =
    'certificate' in credential
      ? credential
      : {
          certificate: await readFile(credential.certificateFile),
          privateKey: new Secret(await readFile(credential.privateKeyFile)),
        };
  const authorities: string[] = [];
  for (const authority of certificateAuthorities)
    authorities.push(
      'certificate' in authority
        ? authority.certificate
        : await readFile(authority.certificateFile),
    );
  return { ...own, method, certificateAuthorities: authorities, revocationLists, revocation };
}

/**
 * What charon must have been given before a connection of this name is of use. The PSK has the
 * connection's name as its id: `unload-shared` takes it back. Certificates are in `loadConn` too,
 * which says what the connection uses and trusts; here they are said for after a `clear-creds`,
 * which takes those of all connections.
 * @throws NvgateError `invalidCertificate`
 */
export function credentials(
  spec: IpsecTunnelSpec,
  name: string,
  credential: ReadCredential,
): readonly ViciRequest[] {
  if (credential.method === 'certificate') return certificateRequests(credential);
  return [
    {
      command: 'load-shared',
      message: {
        id: name,
        type: 'IKE',
        data: credential.secret.reveal(),
        // Both: a peer may share one key with us from one source address and another from the next.
        owners: [localIdentity(spec), remoteIdentity(spec) ?? '%any'],
      },
    },
  ];
}

function certificateRequests(credential: ReadCertificate): ViciRequest[] {
  return [
    { command: 'load-key', message: { type: 'any', data: credential.privateKey.reveal() } },
    ...certificatesDer(credential.certificate).map((data) =>
      certificate({ type: 'X509', flag: 'NONE', data }),
    ),
    ...credential.certificateAuthorities
      .flatMap(certificatesDer)
      .map((data) => certificate({ type: 'X509', flag: 'CA', data })),
    ...credential.revocationLists
      .flatMap(revocationListsDer)
      .map((data) => certificate({ type: 'X509_CRL', data: sendable(data) })),
  ];
}

function certificate(message: ViciInput): ViciRequest {
  return { command: 'load-cert', message };
}

/** A VICI value has a length of two bytes. */
function sendable(revocationList: Uint8Array): Uint8Array {
  if (revocationList.byteLength > 0xffff)
    throw new NvgateError(
      'invalidCertificate',
      `A revocation list has ${revocationList.byteLength} bytes; at most 65535 fit. Let the certificates name where it is fetched (CRL distribution point) or an OCSP responder.`,
    );
  return revocationList;
}
