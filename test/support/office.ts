import { ip, createNamespace, runIn, setSysctls, type Namespace } from './namespace.js';
import { createPeerCharon, kernelHasEsp, type PeerCharon } from './office-charon.js';
import type { ConfSection, PeerEsp } from './office-conf.js';
import { eventually, tryRun } from './process.js';
import { connect } from './topology.js';

export interface OfficeOptions {
  /** Short: it names the office's device upstream. */
  readonly label: string;
  readonly line: LineOptions;
  /** First three bytes of the office network; offices may have equal ones. */
  readonly lan: string;
  /** False: the router has the office network's address on `lo` and stands for the host too. */
  readonly withHost?: boolean;
  /** If absent in the kernel, where that has ESP and the office has no `tunnelRoutes`. */
  readonly esp?: PeerEsp;
  /**
   * Destinations that lead into the tunnel by the office's own routes. Without them strongSwan
   * makes routes from the traffic selectors, which it cannot where those cover the peer itself.
   * User-space ESP only: in the kernel selectors take packets whatever the routes say.
   */
  readonly tunnelRoutes?: readonly string[];
  /** Of the main section of strongswan.conf, besides what every office has. */
  readonly settings?: ConfSection;
}

export interface LineOptions {
  /** The router at the other end of the office's line: the internet, or a NAT box. */
  readonly upstream: Namespace;
  /** Of the router on the line, a /30. */
  readonly upstreamAddress: string;
  /** Of the office on the line. */
  readonly address: string;
}

/** A remote site: its VPN router, an independent strongSwan, and one host behind it. */
export interface Office {
  readonly label: string;
  /** The VPN router. Its devices: `wan` and, where there is a host, `lan`. */
  readonly namespace: Namespace;
  /** Of the router on its line. */
  readonly address: string;
  /** The office network. */
  readonly prefix: string;
  readonly routerAddress: string;
  /** A host in the office network; its device is `eth0`. */
  readonly host: Namespace;
  readonly hostAddress: string;
  readonly esp: PeerEsp;
  /** Not started yet. */
  readonly charon: PeerCharon;
  /** Nothing passes the line any more; nobody is told. */
  cutLine(): Promise<void>;
  mendLine(): Promise<void>;
}

/** Asked once: offices share the machine's kernel. */
let hasEsp: Promise<boolean> | undefined;

export async function createOffice(options: OfficeOptions): Promise<Office> {
  const { label, line, lan, tunnelRoutes, settings = {} } = options;
  const namespace = await createNamespace(label);
  await connectLine(namespace, label, line);
  const routerAddress = `${lan}.1`;
  const { host, hostAddress } =
    options.withHost === false
      ? await standForHost(namespace, routerAddress)
      : await connectHost(namespace, label, lan);
  await setSysctls(namespace, {
    ...{ 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/all/rp_filter': '0' },
    'net/ipv4/conf/default/rp_filter': '0',
  });
  const byKernel = tunnelRoutes === undefined && (await (hasEsp ??= kernelHasEsp(namespace)));
  const esp = options.esp ?? (byKernel ? 'kernel' : 'userSpace');
  const charon = createPeerCharon(namespace, esp, {
    // Behind the table `main`: strongSwan's routes would lead its own packets into the tunnel.
    ...(tunnelRoutes === undefined ? {} : { routing_table_prio: 40_000 }),
    ...settings,
  });
  const cut = `nvgt-cut-${label}`;
  return {
    ...{ label, namespace, address: line.address, prefix: `${lan}.0/24`, routerAddress },
    ...{ host, hostAddress, esp },
    charon: tunnelRoutes === undefined ? charon : withRoutes(charon, namespace, tunnelRoutes),
    async cutLine() {
      await runIn(line.upstream, 'nft', [
        `table inet ${cut} { chain forward { type filter hook forward priority -10; ` +
          `iifname "${label}" drop; oifname "${label}" drop; }; }`,
      ]);
    },
    async mendLine() {
      await runIn(line.upstream, 'nft', ['delete', 'table', 'inet', cut]);
    },
  };
}

async function connectLine(office: Namespace, label: string, line: LineOptions): Promise<void> {
  await connect(
    { namespace: line.upstream, device: label, addresses: [`${line.upstreamAddress}/30`] },
    { namespace: office, device: 'wan', addresses: [`${line.address}/30`] },
  );
  await ip(office, `route add default via ${line.upstreamAddress}`);
}

async function connectHost(
  office: Namespace,
  label: string,
  lan: string,
): Promise<Pick<Office, 'host' | 'hostAddress'>> {
  const host = await createNamespace(`${label}-host`);
  const [routerAddress, hostAddress] = [`${lan}.1`, `${lan}.10`];
  await connect(
    { namespace: office, device: 'lan', addresses: [`${routerAddress}/24`] },
    { namespace: host, device: 'eth0', addresses: [`${hostAddress}/24`] },
  );
  await ip(host, `route add default via ${routerAddress}`);
  return { host, hostAddress };
}

async function standForHost(
  office: Namespace,
  address: string,
): Promise<Pick<Office, 'host' | 'hostAddress'>> {
  await ip(office, `address add ${address}/24 dev lo`);
  return { host: office, hostAddress: address };
}

/** The device of user-space ESP comes and goes with the daemon, and the routes with it. */
function withRoutes(
  charon: PeerCharon,
  namespace: Namespace,
  routes: readonly string[],
): PeerCharon {
  return {
    ...charon,
    async start() {
      await charon.start();
      await eventually('ipsec0 is up', async () => {
        const { stdout } = await tryRun('ip', ['-n', namespace.name, 'link', 'show', 'ipsec0']);
        return stdout.includes('UP') || undefined;
      });
      await ip(namespace, ...routes.map((route) => `route replace ${route} dev ipsec0`));
    },
  };
}
