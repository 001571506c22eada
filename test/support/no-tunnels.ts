import type { Vpn } from '../../src/vpn/port.js';

/** For gateways without remote connections. */
export const NO_TUNNELS: Pick<Vpn, 'apply' | 'domains'> = {
  apply: () => Promise.resolve([]),
  domains: () => new Set(),
};
