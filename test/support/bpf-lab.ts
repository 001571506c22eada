import { loadObject, type LoadedObject } from '../../src/dataplane/bpf/object.js';
import { createTables, type DeviceIndex } from '../../src/dataplane/bpf/tables.js';
import type { TableEntry } from '../../src/dataplane/kernel-object.js';
import type {
  CounterReading,
  PathMtuReading,
  PeerProblemReading,
} from '../../src/dataplane/port.js';
import type { ForwardingEntries } from '../../src/forwarding/tables.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { inKernel, type Execution } from './bpf-execution.js';
import type { TestRun } from './bpf-test-run.js';
import { mountBpf } from './bpf-mount.js';
import { createNamespace, ip, ipJson } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';

/** The BPF programs with tables of our choice, run on single packets: no traffic, no daemon. */
export interface BpfLab {
  /** Replaces all tables. */
  load(entries: ForwardingEntries): void;
  /** One entry more, or with another value; its routing domain has been loaded. */
  set(entry: TableEntry): void;
  delete(entry: TableEntry): void;
  /** @param gsoSize payload of each segment, where the packet is still to be segmented */
  decap(frame: Uint8Array, gsoSize?: number): TestRun;
  /** @param copy number of the copy, where it is one that the program has made */
  encap(frame: Uint8Array, domain: RoutingDomainId, copy?: number): TestRun;
  /** What routers and peers were found to say since the last call. */
  takePathMtus(): PathMtuReading[];
  takePeerProblems(): PeerProblemReading[];
  /** What was counted since the last call. */
  takeCounters(): CounterReading[];
  close(): void;
}

const UNDERLAY = 'underlay';

/** In spread.h: the program has made this packet, and it is copy number so many. */
const COPY_MARK = 0x7637_0000;

/** As many routing domains as a generated world has at most. */
const DOMAIN_DEVICES = ['domain0', 'domain1', 'domain2'] as const;

/**
 * Needs root. The calling thread lives in a namespace of its own until `close`.
 * @param execute what runs the programs, if it is not the kernel that has loaded them
 */
export async function createBpfLab(
  objectPath: string,
  execute: (object: LoadedObject) => Execution = inKernel,
): Promise<BpfLab> {
  const namespace = await createNamespace('bpf-lab');
  await ip(
    namespace,
    ...[UNDERLAY, ...DOMAIN_DEVICES].map(
      (name) => `link add ${name} type veth peer name ${name}-p`,
    ),
    // What encap copies is given to the device again, which takes it only if it is up.
    ...DOMAIN_DEVICES.map((name) => `link set ${name} up`),
  );
  const links = (await ipJson(namespace, 'link')) as {
    ifname: string;
    ifindex: number;
    address: string;
  }[];
  const linkOf = (name: string): { ifindex: number; address: string } => {
    const link = links.find(({ ifname }) => ifname === name);
    if (link === undefined) throw new Error(`no device ${name}`);
    return link;
  };
  const underlay = linkOf(UNDERLAY);
  const underlayMac = Buffer.from(underlay.address.replaceAll(':', ''), 'hex');
  const leave = enterNamespace(namespace.path);
  const mount = mountBpf();
  const object = loadObject({
    path: objectPath,
    pinDirectory: `${mount.path}/lab`,
    maxEntries: { lookup_records: 4096, provider_peers: 4096 },
  });
  const domains = new Map<RoutingDomainId, number>();
  const tables = createTables(object.maps, labIndex(domains, underlay.ifindex));
  const execution = execute(object);

  return {
    load: (entries) => {
      for (const entry of tables.observe(() => true)) tables.delete(entry);
      domains.clear();
      for (const { routingDomain } of entries.virtualSubnets)
        if (!domains.has(routingDomain)) {
          const name = DOMAIN_DEVICES[domains.size];
          if (name === undefined) throw new Error('more routing domains than devices');
          domains.set(routingDomain, linkOf(name).ifindex);
        }
      tables.setAll(tableEntries(entries));
      execution.tablesChanged();
    },
    set: (entry) => {
      tables.set(entry);
      execution.tablesChanged();
    },
    delete: (entry) => {
      tables.delete(entry);
      execution.tablesChanged();
    },
    decap: (frame, gsoSize) => {
      const addressed = frame.slice();
      addressed.set(underlayMac.subarray(0, Math.min(6, frame.length)));
      return execution.decap(addressed, underlay.ifindex, gsoSize === undefined ? {} : { gsoSize });
    },
    encap: (frame, domain, copy = 0) =>
      execution.encap(frame, domains.get(domain) ?? 0, {
        mark: copy === 0 ? 0 : COPY_MARK + copy,
      }),
    takePathMtus: () => execution.takePathMtus(),
    takePeerProblems: () => execution.takePeerProblems(),
    takeCounters: () => execution.takeCounters(),
    close: () => {
      execution.close();
      object.close();
      mount.remove();
      leave();
      namespace.remove();
    },
  };
}

function labIndex(domains: ReadonlyMap<RoutingDomainId, number>, underlay: number): DeviceIndex {
  return {
    domainIndex: (domain) => domains.get(domain),
    domainOf: (ifindex) => [...domains].find(([, index]) => index === ifindex)?.[0],
    externalIndex: () => undefined,
    externalOf: () => undefined,
    configuredIndex: () => underlay,
    configuredOf: () => UNDERLAY,
  };
}

/** The tables as one list. */
export function tableEntries(entries: ForwardingEntries): TableEntry[] {
  return [
    ...entries.providerAddresses.map((entry) => ({ kind: 'providerAddress', entry }) as const),
    ...entries.virtualSubnets.map((entry) => ({ kind: 'virtualSubnet', entry }) as const),
    ...entries.lookupRecords.map((entry) => ({ kind: 'lookupRecord', entry }) as const),
    ...entries.customerRoutes.map((entry) => ({ kind: 'customerRoute', entry }) as const),
    ...entries.rewrites.map((entry) => ({ kind: 'rewrite', entry }) as const),
    ...entries.providerGroups.map((entry) => ({ kind: 'providerGroup', entry }) as const),
    ...entries.multicastRoutes.map((entry) => ({ kind: 'multicastRoute', entry }) as const),
    ...entries.replications.map((entry) => ({ kind: 'replication', entry }) as const),
    ...entries.externalEnds.map((entry) => ({ kind: 'externalEnd', entry }) as const),
    ...entries.providerPeers.map((entry) => ({ kind: 'providerPeer', entry }) as const),
  ];
}
