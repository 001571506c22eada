import type { ConnectionId } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { IpsecDataPath, VpnSupport } from '../../model/vpn-support.js';
import { isIpsecTunnel } from '../ike/tunnel.js';
import type { TunnelFailure, Vpn, WantedTunnels } from '../port.js';
import { USER_SPACE_DEVICE } from './charon.js';
import { digestKey, domainDirectory, domainsOnDisk, makeDirectory } from './directory.js';
import { createDomainTunnels, type DomainTunnels } from './domain.js';
import type { DomainLinks, LinkLayer } from './links.js';
import { withDetails, type VpnLog } from './log.js';
import { createGate, createPacer } from './pace.js';
import { createStateBook } from '../states.js';
import { probeSupport } from './support.js';

export interface StrongswanVpnOptions {
  /** Of this gateway alone, on a file system that a boot empties: /run/nvgate/<instance>. */
  readonly runDirectory: string;
  /** Path of the network namespace of a routing domain. */
  namespacePath(domain: RoutingDomainId): string;
  /**
   * Called when a user-space charon has made its device in the domain's namespace, before anything
   * passes it: what comes faster than charon encrypts would fill its memory.
   */
  prepareUserSpaceDevice?(domain: RoutingDomainId, device: string): Promise<void>;
  /** The device of a connection by kernel IPsec, which is found running when nothing else is known. */
  deviceOf(connection: ConnectionId): string;
  /** Where ESP is done, or why there is none. */
  readonly dataPath: IpsecDataPath | { readonly unavailable: string };
  /** L2TP and PPTP; without it neither can be. */
  readonly links?: LinkLayer;
  readonly allowInsecure: boolean;
  readonly log: VpnLog;
  /** In [0, 1): spreads what would happen at once. */
  readonly random?: () => number;
  readonly now?: () => Date;
}

const STARTS_AT_ONCE = 8;
/** Milliseconds after which a start that does not come to an end lets others pass. */
const START_PATIENCE = 3_000;
/** Milliseconds between two calls of the gateway: a handshake costs about as much CPU time. */
const CALL_INTERVAL = 20;

/** Remote connections by strongSwan: one charon in the namespace of each routing domain. */
export async function createStrongswanVpn(options: StrongswanVpnOptions): Promise<Vpn> {
  const { runDirectory, random = Math.random, now = () => new Date() } = options;
  await makeDirectory(runDirectory);
  const key = await digestKey(runDirectory);
  const states = createStateBook(now);
  const domains = new Map<RoutingDomainId, DomainTunnels>();
  const startGate = createGate(STARTS_AT_ONCE, START_PATIENCE);
  const pace = createPacer(CALL_INTERVAL);
  const dataPath = typeof options.dataPath === 'string' ? options.dataPath : 'userSpace';
  let support: Promise<VpnSupport> | undefined;

  function open(domain: RoutingDomainId): DomainTunnels {
    const there = domains.get(domain);
    if (there !== undefined) return there;
    const directory = domainDirectory(runDirectory, domain);
    const networkNamespace = options.namespacePath(domain);
    const links: DomainLinks | undefined = options.links?.open({
      ...{ domain, directory, networkNamespace },
      onChange: () => tunnels.linksChanged(),
    });
    const tunnels: DomainTunnels = createDomainTunnels({
      domain,
      place: { directory, networkNamespace, dataPath },
      ...{ digestKey: key, states, links, startGate, pace, random, now },
      prepareDevice: async () => options.prepareUserSpaceDevice?.(domain, USER_SPACE_DEVICE),
      deviceOf: (connection) =>
        dataPath === 'userSpace' ? USER_SPACE_DEVICE : options.deviceOf(connection),
      log: withDetails(options.log, { routingDomain: domain }),
    });
    domains.set(domain, tunnels);
    return tunnels;
  }

  /** IPsec that cannot be here. */
  function impossible(domain: RoutingDomainId, wanted: WantedTunnels): TunnelFailure[] {
    if (typeof options.dataPath === 'string') return [];
    const reason = options.dataPath.unavailable;
    return [...wanted]
      .filter(([, spec]) => isIpsecTunnel(spec))
      .map(([connection]) => ({ domain, connection, code: 'unsupportedConnection', reason }));
  }

  async function apply(
    domain: RoutingDomainId,
    wanted: WantedTunnels,
  ): Promise<readonly TunnelFailure[]> {
    const refused = impossible(domain, wanted);
    const possible = new Map(wanted);
    for (const { connection } of refused) if (connection !== undefined) possible.delete(connection);
    if (possible.size === 0 && !domains.has(domain)) return refused;
    const tunnels = open(domain);
    const failures = await tunnels.apply(possible);
    if (tunnels.isIdle() && domains.get(domain) === tunnels) {
      domains.delete(domain);
      tunnels.close();
    }
    return [...refused, ...failures];
  }

  return {
    async adopt() {
      const found = await domainsOnDisk(runDirectory);
      await Promise.all(found.map((domain) => open(domain).adopt()));
    },
    async apply(wanted) {
      const failures = await Promise.all(
        [...wanted].map(([domain, tunnels]) => apply(domain, tunnels)),
      );
      return failures.flat();
    },
    domains: () => new Set(domains.keys()),
    states: () => states.states(),
    onChange: (listener) => states.onChange(listener),
    securityAssociations: async (domain, connection) =>
      (await domains.get(domain)?.securityAssociations(connection)) ?? [],
    support() {
      const asked = (support ??= probeSupport(options));
      // What could not be found out is asked again.
      asked.catch(() => (support = undefined));
      return asked;
    },
    close() {
      for (const tunnels of domains.values()) tunnels.close();
      domains.clear();
      return Promise.resolve();
    },
  };
}
