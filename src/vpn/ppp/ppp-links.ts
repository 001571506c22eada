import type { VpnLog } from '../strongswan/log.js';
import { withDetails } from '../strongswan/log.js';
import type { LinkLayer } from '../strongswan/links.js';
import { createDomainLinks } from './domain-links.js';
import { linkSupport, type PppProbes } from './support.js';

export interface PppLinksOptions {
  readonly probes: PppProbes;
  /** PPTP may be. */
  readonly allowInsecure: boolean;
  /** Bytes of IP packet that the way to the peers carries; those of plain Ethernet where absent. */
  readonly outerMtu?: () => Promise<number>;
  readonly log: VpnLog;
  readonly now?: () => Date;
  /** In [0, 1): spreads what would happen at once. */
  readonly random?: () => number;
}

const ETHERNET_MTU = 1500;

/** L2TP by xl2tpd, PPTP by pptp and pptpd, PPP in both by pppd and the kernel. */
export function createPppLinks({
  probes,
  allowInsecure,
  outerMtu = () => Promise.resolve(ETHERNET_MTU),
  log,
  now = () => new Date(),
  random = Math.random,
}: PppLinksOptions): LinkLayer {
  return {
    support: () => linkSupport(probes),
    open: (options) =>
      createDomainLinks({
        ...options,
        ...{ allowInsecure, outerMtu, now, random },
        log: withDetails(log, { routingDomain: options.domain }),
      }),
  };
}
