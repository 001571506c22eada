import type { VpnSupport } from '../model/vpn-support.js';

/** What validation has to know of the gateway that a policy is for. */
export interface PolicyEnvironment {
  /** Configured names of the devices that lead to the NVE hosts. */
  readonly underlay: readonly string[];
  /** Configured names of the devices that lead to the physical network; the first is the default. */
  readonly external: readonly string[];
  readonly limits: PolicyLimits;
  /** What remote connections can be on this gateway. */
  readonly vpn: VpnSupport;
}

/** How many objects the packet path has room for. */
export interface PolicyLimits {
  readonly virtualSubnets: number;
  readonly lookupRecords: number;
  readonly customerRoutes: number;
  /** Pairs of routing domain and PA. */
  readonly providerPeers: number;
}
