import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { SYSCTLS } from '../compile/sysctl.js';
import type { KernelObject, Sysctl } from '../kernel-object.js';
import { linuxDevice, type NetworkContext } from './context.js';
import type { PlaceState } from './read-place.js';

/** A sysctl without its value. */
export type SysctlName = Omit<Sysctl, 'value'>;

/** What is looked at in a routing domain: all that the compiler may ask for. */
export function domainSysctls(domain: RoutingDomainId): SysctlName[] {
  return SYSCTLS.flatMap(({ scope, name }): SysctlName[] => {
    switch (scope) {
      case 'domain':
        return [{ kind: 'sysctl', place: domain, name }];
      case 'vnet':
      case 'ext':
        return [{ kind: 'sysctl', place: domain, name, device: { kind: 'domain', device: scope } }];
      case 'gateway':
      case 'extPeer':
      case 'external':
        return [];
    }
  });
}

/** What is looked at in the gateway's namespace. */
export function gatewaySysctls(
  context: NetworkContext,
  domains: readonly RoutingDomainId[],
): SysctlName[] {
  const place = 'gateway';
  return SYSCTLS.flatMap(({ scope, name }): SysctlName[] => {
    switch (scope) {
      case 'gateway':
        return [{ kind: 'sysctl', place, name }];
      case 'external':
        return [...context.devices.keys()].map((device) => ({
          kind: 'sysctl',
          place,
          name,
          device: { kind: 'configured', name: device },
        }));
      case 'extPeer':
        return domains.map((domain) => ({
          kind: 'sysctl',
          place,
          name,
          device: { kind: 'peer', domain, device: 'ext' },
        }));
      case 'domain':
      case 'vnet':
      case 'ext':
        return [];
    }
  });
}

/** Those that are there. The kernel made them, so that nobody removes one. */
export function observedSysctls(
  context: NetworkContext,
  sysctls: readonly SysctlName[],
  state: PlaceState,
): KernelObject[] {
  return sysctls.flatMap((sysctl): KernelObject[] => {
    const value = state.sysctls.get(sysctlPath(context, sysctl));
    return value === undefined ? [] : [{ ...sysctl, value, foreign: true }];
  });
}

/** Below /proc/sys, the device's name in its place. */
export function sysctlPath(context: NetworkContext, sysctl: SysctlName): string {
  return sysctl.device === undefined
    ? sysctl.name
    : sysctl.name.replace('{device}', linuxDevice(context, sysctl.device));
}
