import { createHmac } from 'node:crypto';
import { ConnectionId } from '../../model/connection.js';
import type { MainMode } from '../../model/ipsec.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import { formatIp, isIpv4 } from '../../net/ip.js';
import { encodeMessage, type ViciInput } from '../vici/message.js';
import { child } from './child.js';
import { credentials } from './credentials.js';
import { safeLifeTime } from './life-time.js';
import { certificatesDer } from './pem.js';
import { ikeProposal } from './proposals.js';
import {
  localIdentity,
  remoteIdentity,
  type IpsecTunnelSpec,
  type ReadCredential,
} from './tunnel.js';

/** What the name of a connection in charon says. */
export interface ConnectionName {
  readonly id: ConnectionId;
  /** 8 hexadecimal digits */
  readonly digest: string;
}

/** charon's name of a connection and of its one child: `office@1c2f03ab`. */
export function connectionName(id: ConnectionId, digest: string): string {
  return `${id}@${digest}`;
}

/** undefined: not a name of ours. */
export function parseConnectionName(name: string): ConnectionName | undefined {
  const match = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})@([0-9a-f]{8})$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { id: ConnectionId(match[1]), digest: match[2] };
}

/**
 * Changes with anything that charon is told of the tunnel, secrets included: what is loaded under
 * another name is out of date. Keyed, so that names give no hint of the secrets; the key must stay
 * the same as long as the charon runs.
 * @throws NvgateError as `loadConn` and `credentials` do
 */
export function connectionDigest(
  spec: IpsecTunnelSpec,
  credential: ReadCredential,
  dataPath: IpsecDataPath,
  key: Uint8Array,
): string {
  const hmac = createHmac('sha256', key);
  hmac.update(encodeMessage(loadConn(spec, 'digest', credential, dataPath)));
  for (const { command, message } of credentials(spec, 'digest', credential))
    hmac.update(encodeMessage({ command, message }));
  return hmac.digest('hex').slice(0, 8);
}

/**
 * The `load-conn` message. charon neither initiates nor retries by itself.
 * @throws NvgateError `unsupportedAlgorithm` or `invalidCertificate`
 */
export function loadConn(
  spec: IpsecTunnelSpec,
  name: string,
  credential: ReadCredential,
  dataPath: IpsecDataPath,
): ViciInput {
  const { connection } = spec;
  const mayMove = connection.type === 'ikev2' && connection.peerAddressMayChange;
  return {
    [name]: {
      version: connection.type === 'ikev2' ? '2' : '1',
      // Also a transit address: the peer's packets have it by the time charon sees them, and no
      // address of the tenant side can be talked to.
      local_addrs: [formatIp(spec.localAddress)],
      remote_addrs: remoteAddresses(spec, mayMove),
      proposals: [ikeProposal(connection.mainMode)],
      ...ikeLifeTime(connection.mainMode),
      dpd_delay: `${connection.deadPeerDetectionSeconds}s`,
      ...(connection.type === 'l2tp' && {
        dpd_timeout: `${connection.deadPeerDetectionSeconds + IKEV1_DPD_PATIENCE}s`,
      }),
      keyingtries: '1',
      unique: 'replace',
      mobike: mayMove ? 'yes' : 'no',
      // User space ESP passes through UDP only (RFC 3948): charon pretends to see a NAT.
      encap: dataPath === 'userSpace' ? 'yes' : 'no',
      ...authentication(spec, credential),
      children: { [name]: child(spec, dataPath) },
    },
  };
}

/** Seconds for which IKEv1, whose dead peer detection has no retransmissions, asks in vain. */
const IKEV1_DPD_PATIENCE = 27;

/** The first that is an address is called; each may call us. */
function remoteAddresses(spec: IpsecTunnelSpec, mayMove: boolean): readonly string[] {
  const { destinationAddress } = spec.connection;
  const any = isIpv4(spec.localAddress) ? '0.0.0.0/0' : '::/0';
  if (destinationAddress === undefined) return [any];
  return [formatIp(destinationAddress), ...(mayMove ? [any] : [])];
}

function ikeLifeTime({ saLifeTimeSeconds, reauthenticate }: MainMode): ViciInput {
  const { renew, spread, end } = safeLifeTime(saLifeTimeSeconds);
  return {
    rekey_time: reauthenticate ? '0s' : `${renew}s`,
    reauth_time: reauthenticate ? `${renew}s` : '0s',
    rand_time: `${spread}s`,
    over_time: `${end - renew}s`,
  };
}

/** Identities are always said: by default each end takes what it likes. */
function authentication(spec: IpsecTunnelSpec, credential: ReadCredential): ViciInput {
  const local = { id: localIdentity(spec) };
  const remote = { id: remoteIdentity(spec) ?? '%any' };
  if (credential.method === 'psk')
    return {
      send_certreq: 'no',
      local: { ...local, auth: 'psk' },
      remote: { ...remote, auth: 'psk' },
    };
  return {
    send_certreq: 'yes',
    send_cert: 'always',
    local: { ...local, auth: 'pubkey', certs: [certificatesDer(credential.certificate)[0]] },
    remote: {
      ...remote,
      auth: 'pubkey',
      cacerts: credential.certificateAuthorities.flatMap(certificatesDer),
      revocation: credential.revocation,
    },
  };
}
