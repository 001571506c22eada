import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Device, Sysctl } from '../kernel-object.js';

/**
 * Where a setting belongs: `domain` and `gateway` to a namespace as a whole; `vnet` and `ext` to
 * that device in a routing domain; `extPeer` to the far end of an `ext` and `external` to an
 * external device, both in the gateway's namespace.
 */
export type SysctlScope = 'domain' | 'gateway' | 'vnet' | 'ext' | 'extPeer' | 'external';

export interface SysctlSetting {
  readonly scope: SysctlScope;
  /** Below /proc/sys; `{device}` stands for the device's name. */
  readonly name: string;
  readonly value: string;
  /** Only where something of IPv6 passes: it changes how the whole namespace treats IPv6. */
  readonly onlyWithIpv6?: true;
}

/** Every setting that the gateway ever makes. Nothing else under /proc/sys is touched. */
export const SYSCTLS: readonly SysctlSetting[] = [
  // A routing domain is a router and nothing else.
  { scope: 'domain', name: 'net/ipv4/ip_forward', value: '1' },
  { scope: 'domain', name: 'net/ipv6/conf/all/forwarding', value: '1' },
  // It has no sockets worth looking for before each packet is routed.
  { scope: 'domain', name: 'net/ipv4/ip_early_demux', value: '0' },

  // Packets between two subnets of a routing domain come and go by vnet, which looks to the kernel
  // like a detour worth a redirect. Hosts in different subnets must not get one. The kernel sends
  // unless both are 0.
  { scope: 'domain', name: 'net/ipv4/conf/all/send_redirects', value: '0' },
  { scope: 'vnet', name: 'net/ipv4/conf/{device}/send_redirects', value: '0' },

  // decap has already checked the source against the records (N12), which is stricter; the kernel's
  // check would refuse a VM behind a router VM and asymmetric connections. The larger value counts.
  { scope: 'domain', name: 'net/ipv4/conf/all/rp_filter', value: '0' },
  { scope: 'vnet', name: 'net/ipv4/conf/{device}/rp_filter', value: '0' },
  { scope: 'ext', name: 'net/ipv4/conf/{device}/rp_filter', value: '0' },

  // Devices of tunnels are made by VPN daemons. Of a pair of tunnels to one site the peer may use
  // the other one than the gateway.
  { scope: 'domain', name: 'net/ipv4/conf/default/send_redirects', value: '0' },
  { scope: 'domain', name: 'net/ipv4/conf/default/rp_filter', value: '0' },

  // Only the policy gives a routing domain its routes and addresses: no router advertisement is
  // heeded, no link-local address is made, and an address serves at once instead of a second later.
  { scope: 'vnet', name: 'net/ipv6/conf/{device}/accept_ra', value: '0' },
  { scope: 'vnet', name: 'net/ipv6/conf/{device}/addr_gen_mode', value: '1' },
  { scope: 'vnet', name: 'net/ipv6/conf/{device}/dad_transmits', value: '0' },
  { scope: 'ext', name: 'net/ipv6/conf/{device}/accept_ra', value: '0' },
  { scope: 'ext', name: 'net/ipv6/conf/{device}/addr_gen_mode', value: '1' },
  { scope: 'ext', name: 'net/ipv6/conf/{device}/dad_transmits', value: '0' },

  // In the gateway's own namespace IPv4 is forwarded between these devices only; what else the
  // machine has keeps its setting. IPv6 has no such switch per device.
  { scope: 'extPeer', name: 'net/ipv4/conf/{device}/forwarding', value: '1' },
  { scope: 'external', name: 'net/ipv4/conf/{device}/forwarding', value: '1' },
  { scope: 'gateway', name: 'net/ipv6/conf/all/forwarding', value: '1', onlyWithIpv6: true },

  // Answers for external addresses at once; the default waits up to 0.8 s for the true owner.
  { scope: 'external', name: 'net/ipv4/neigh/{device}/proxy_delay', value: '0' },
  {
    scope: 'external',
    name: 'net/ipv6/neigh/{device}/proxy_delay',
    value: '0',
    onlyWithIpv6: true,
  },
  { scope: 'external', name: 'net/ipv6/conf/{device}/proxy_ndp', value: '1', onlyWithIpv6: true },
];

/** The settings of a scope as they apply to a routing domain, its devices or the gateway's devices. */
export function domainSysctls(
  scope: 'domain' | 'vnet' | 'ext' | 'extPeer',
  domain: RoutingDomainId,
): Sysctl[] {
  const place = scope === 'extPeer' ? 'gateway' : domain;
  return SYSCTLS.filter((setting) => setting.scope === scope).map(({ name, value }) => {
    const device = domainDevice(scope, domain);
    return { kind: 'sysctl', place, name, value, ...(device === undefined ? {} : { device }) };
  });
}

/** The settings of the gateway's namespace, or of one external device in it. */
export function gatewaySysctls(externalDevice: string | undefined, withIpv6: boolean): Sysctl[] {
  const scope: SysctlScope = externalDevice === undefined ? 'gateway' : 'external';
  return SYSCTLS.filter(
    (setting) => setting.scope === scope && (withIpv6 || setting.onlyWithIpv6 !== true),
  ).map(({ name, value }) => ({
    kind: 'sysctl',
    place: 'gateway',
    name,
    value,
    ...(externalDevice === undefined
      ? {}
      : { device: { kind: 'configured', name: externalDevice } }),
  }));
}

function domainDevice(
  scope: 'domain' | 'vnet' | 'ext' | 'extPeer',
  domain: RoutingDomainId,
): Device | undefined {
  switch (scope) {
    case 'domain':
      return undefined;
    case 'vnet':
    case 'ext':
      return { kind: 'domain', device: scope };
    case 'extPeer':
      return { kind: 'peer', domain, device: 'ext' };
  }
}
