import type {
  CertificateAuthentication,
  IpsecConnection,
  PresharedKey,
} from '../../model/remote-connection.js';
import type { Secret } from '../../model/secret.js';
import { formatIp } from '../../net/ip.js';
import type { TunnelSpec } from '../port.js';

/** A tunnel that charon holds: all but PPTP. */
export interface IpsecTunnelSpec extends TunnelSpec {
  readonly connection: IpsecConnection;
}

export function isIpsecTunnel(spec: TunnelSpec): spec is IpsecTunnelSpec {
  return spec.connection.type !== 'pptp';
}

/** What a tunnel authenticates by, every file of it read. */
export type ReadCredential = PresharedKey | ReadCertificate;

/** All texts are PEM. */
export interface ReadCertificate extends Pick<
  CertificateAuthentication,
  'method' | 'revocationLists' | 'revocation'
> {
  /** Our certificate; those between it and its authority may follow. */
  readonly certificate: string;
  readonly privateKey: Secret;
  readonly certificateAuthorities: readonly string[];
}

/** Who the gateway says it is: never its transit address, which the peer has not heard of. */
export function localIdentity({ connection }: IpsecTunnelSpec): string {
  return connection.localIdentity ?? formatIp(connection.sourceAddress);
}

/** Who the peer must be; undefined: anybody that authenticates. */
export function remoteIdentity({ connection }: IpsecTunnelSpec): string | undefined {
  if (connection.remoteIdentity !== undefined) return connection.remoteIdentity;
  return connection.destinationAddress && formatIp(connection.destinationAddress);
}
