import { createHash } from 'node:crypto';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import type { RemoteConnection } from '../../model/remote-connection.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import { isIpv6, type IpAddress } from '../../net/ip.js';
import type { TunnelLink } from '../kernel-object.js';
import type { DomainView } from './domain-view.js';
import { externalMtu, type Environment } from './environment.js';

/** Where in a routing domain's namespace a remote connection is, and how the kernel knows it. */
export interface TunnelDevice {
  /** Linux device, at most 15 characters. */
  readonly name: string;
  /** if_id of an XFRM interface; absent where the device is none. 1..2^32-1 */
  readonly interfaceId?: number;
}

/** All IKEv2 connections of a routing domain: the one device of strongSwan's kernel-libipsec. */
export const USER_SPACE_DEVICE = 'ipsec0';

const TUNNEL_LINK = 'ike-';

/** Whether a device of this name is an XFRM interface of ours, as opposed to what daemons make. */
export function isTunnelLink(name: string): boolean {
  return name.startsWith(TUNNEL_LINK);
}

/**
 * The device of a connection has its name from the connection's id alone: it is found again
 * whatever else the policy has.
 */
export function tunnelDevice(
  ipsec: IpsecDataPath | undefined,
  { id, type }: Pick<RemoteConnection, 'id' | 'type'>,
): TunnelDevice {
  const hash = createHash('sha256').update(id).digest();
  const digits = hash.toString('hex', 0, 5);
  if (type !== 'ikev2') return { name: `ppp-${digits}` };
  if (ipsec !== 'kernel') return { name: USER_SPACE_DEVICE };
  return { name: TUNNEL_LINK + digits, interfaceId: hash.readUInt32BE(5) || 1 };
}

/**
 * The most that ESP puts between the IP headers: UDP 8 (RFC 3948), SPI and sequence number 8,
 * IV 16, padding and trailer 17, ICV 32; in whole words.
 */
const ESP_OVERHEAD = 84;
const IP_HEADER = { ipv4: 20, ipv6: 40 };

/** The XFRM interfaces of a routing domain: where the kernel does ESP, one for each IKEv2 connection. */
export function* tunnelLinks(
  environment: Environment,
  view: DomainView,
): Generator<TunnelLink & { readonly owner: PolicyRef }> {
  for (const connection of view.domain.connections.values()) {
    if (connection.type !== 'ikev2') continue;
    const { name, interfaceId } = tunnelDevice(environment.ipsec, connection);
    if (interfaceId === undefined) continue;
    yield {
      kind: 'tunnelLink',
      domain: view.id,
      name,
      interfaceId,
      mtu: externalMtu(environment, [connection]) - espOverhead(connection.sourceAddress),
      owner: policyRef.connection(view.id, connection.id),
    };
  }
}

/** Inner packets are cut, or refused with ICMP, before ESP makes them too long. */
function espOverhead(outer: IpAddress): number {
  return ESP_OVERHEAD + (isIpv6(outer) ? IP_HEADER.ipv6 : IP_HEADER.ipv4);
}
