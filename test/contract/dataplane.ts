import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionDocument, PolicyDocument } from '../../provider/schemas.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { Environment } from '../../src/dataplane/compile/environment.js';
import { tunnelDevice } from '../../src/dataplane/compile/tunnel-device.js';
import {
  isTableEntry,
  objectKey,
  partOf,
  type KernelObject,
  type KernelObjectKind,
} from '../../src/dataplane/kernel-object.js';
import type { DataPlane, Operation, Scope } from '../../src/dataplane/port.js';
import type { Policy } from '../../src/model/policy.js';
import { ConnectionId } from '../../src/model/connection.js';
import type { IpsecDataPath } from '../../src/model/vpn-support.js';
import { parseIpv4 } from '../../src/net/ip.js';
import { diff } from '../../src/reconcile/diff.js';
import { scopeHas } from '../../src/reconcile/scope.js';
import { eventually, sleep } from '../support/process.js';
import { kernelState } from '../support/kernel-state.js';
import { BLUE, ENVIRONMENT, GREEN, policyOf, RED } from '../support/policy-of.js';

/** A data plane with an underlay and an external device, and nothing of ours in it. */
export interface ContractSubject {
  readonly dataPlane: DataPlane;
  /** First underlay device named `underlay`, first external device named `external`. */
  readonly environment: Environment;
  /** Somebody else's objects in the same kernel; absent where there can be none. */
  readonly foreign?: {
    /** As text, to be compared before and after. */
    readonly state: () => Promise<string>;
  };
  readonly dispose: () => Promise<void>;
}

export type MakeContractSubject = () => Promise<ContractSubject>;

const PROVIDER_ADDRESSES = [
  { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' },
  { address: '10.1.1.41', prefixLength: 24, interface: 'underlay' },
];

/** Blue's tunnel. */
const OFFICE = 'office';
export const CONTRACT_SECRET = 'secret';

function record(vsid: number, customerAddress: string, providerAddress: string) {
  return { vsid, customerAddress, providerAddress, macAddress: '00-15-5D-01-14-04' };
}

/** A remote connection, of which a test needs the routes and where its ends are. */
function remote(
  id: string,
  sourceAddress: string,
  destinationAddress: string | undefined,
  ...prefixes: string[]
): ConnectionDocument {
  return {
    ...{
      id,
      type: 'ikev2',
      sourceAddress,
      authentication: { method: 'psk', secret: CONTRACT_SECRET },
    },
    ...(destinationAddress === undefined ? {} : { destinationAddress }),
    routes: prefixes.map((destinationPrefix) => ({ destinationPrefix })),
  };
}

/**
 * One of everything: both families, routed, NAT with an own and with a shared address, tunnels
 * with an own address and with the shared one.
 */
const DOCUMENT: Omit<PolicyDocument, 'apiVersion'> = {
  providerAddresses: PROVIDER_ADDRESSES,
  providerRoutes: [{ destinationPrefix: '10.2.0.0/16', nextHop: '10.1.1.1', metric: 3 }],
  routingDomains: [
    {
      id: BLUE,
      virtualSubnets: [
        { vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] },
        { vsid: 5002, prefixes: ['192.168.2.0/24'] },
      ],
      lookupRecords: [
        record(5001, '192.168.1.101', '10.1.1.20'),
        record(5001, 'fd00:1::101', '10.1.1.20'),
        record(5002, '192.168.2.102', '10.1.1.30'),
        record(5002, '192.168.2.250', '10.1.1.41'),
        { ...record(5002, '192.168.2.150', '10.1.1.50'), rule: 'nat' },
        { ...record(5002, '192.168.2.151', '10.1.1.51'), rule: 'nat' },
        { ...record(5002, '0.0.0.0', '10.1.1.30'), type: 'gatewayWildcard' },
      ],
      customerRoutes: [
        { vsid: 5002, destinationPrefix: '10.9.0.0/16', nextHop: '192.168.2.102', metric: 5 },
        { vsid: 5002, destinationPrefix: '224.0.0.0/4', nextHop: '239.1.2.3' },
      ],
      connections: [
        {
          id: 'corp',
          type: 'routed',
          routes: [
            { destinationPrefix: '172.16.0.0/16', metric: 10 },
            { destinationPrefix: 'fd00:ffff::/32', metric: 10 },
          ],
        },
        remote(OFFICE, '203.0.113.11', '198.51.100.2', '10.20.0.0/16', 'fd00:20::/48'),
      ],
    },
    {
      id: RED,
      virtualSubnets: [{ vsid: 6001, prefixes: ['192.168.1.0/24'] }],
      lookupRecords: [record(6001, '192.168.1.101', '10.1.1.20')],
      connections: [
        {
          id: 'internet',
          type: 'nat',
          externalAddress: '203.0.113.10',
          rules: [
            {
              ...{ name: 'web', protocol: 'tcp', externalPort: 8080 },
              ...{ internalAddress: '192.168.1.101', internalPort: 80 },
            },
          ],
        },
        {
          id: 'shared',
          type: 'nat',
          externalAddress: '203.0.113.11',
          routes: [{ destinationPrefix: '198.51.100.0/24' }],
        },
      ],
    },
    {
      id: GREEN,
      virtualSubnets: [{ vsid: 7001, prefixes: ['192.168.1.0/24'] }],
      connections: [
        { id: 'internet', type: 'nat', externalAddress: '203.0.113.11' },
        remote('branch', '203.0.113.13', undefined, '10.30.0.0/16'),
      ],
    },
  ],
};

/** The policies that tests move between. */
export const CONTRACT_POLICIES = {
  empty: policyOf({}),
  full: policyOf(DOCUMENT),
  /** The first provider address, a subnet and a domain less; a record moved, nothing shared, one tunnel. */
  changed: policyOf({
    ...DOCUMENT,
    providerAddresses: PROVIDER_ADDRESSES.slice(1),
    providerRoutes: [{ destinationPrefix: '10.2.0.0/16', nextHop: '10.1.1.2', metric: 3 }],
    routingDomains: [
      {
        id: BLUE,
        virtualSubnets: [
          {
            vsid: 5001,
            prefixes: ['192.168.1.0/24'],
            gateway: { address: '192.168.1.254', macAddress: '10-10-10-10-10-01' },
          },
        ],
        lookupRecords: [record(5001, '192.168.1.101', '10.1.1.30')],
        connections: [
          { id: 'internet', type: 'nat', externalAddress: '203.0.113.12' },
          remote(OFFICE, '203.0.113.12', '198.51.100.3', '10.20.0.0/16', '0.0.0.0/0'),
        ],
      },
      {
        id: RED,
        virtualSubnets: [{ vsid: 6001, prefixes: ['192.168.1.0/24'] }],
        connections: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.11' }],
      },
    ],
  }),
} as const satisfies Record<string, Policy>;

/**
 * The environment with a data path for ESP; where the data plane makes the tunnels' devices, blue's
 * tunnel is up.
 */
export function withTunnels(environment: Environment, ipsec: IpsecDataPath): Environment {
  const office = { id: ConnectionId(OFFICE), type: 'ikev2' } as const;
  const { name: device } = tunnelDevice(ipsec, office);
  return {
    ...environment,
    ipsec,
    tunnels: ipsec === 'kernel' ? new Map([[BLUE, new Map([[office.id, { device }]])]]) : new Map(),
  };
}

const ALL_KINDS: readonly KernelObjectKind[] = [
  ...new Set(
    diff(compile(CONTRACT_POLICIES.full, withTunnels(ENVIRONMENT, 'kernel'), 'all'), []).map(
      ({ object }) => object.kind,
    ),
  ),
];

/** All kinds of objects but those that let packets in. */
const WITHOUT_DOORS = ALL_KINDS.filter((kind) => kind !== 'filter' && kind !== 'proxyNeighbour');

/** What every data plane promises (`dataplane/port`), whatever it is made of. */
export function dataPlaneContract(name: string, make: MakeContractSubject): void {
  describe(name, () => {
    let disposals: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const dispose of disposals) await dispose();
      disposals = [];
    });

    async function prepared(policy?: Policy): Promise<ContractSubject> {
      const subject = await make();
      disposals.push(subject.dispose);
      if (policy !== undefined) await bring(subject, policy);
      return subject;
    }

    it('has nothing of ours at first', async () => {
      const { dataPlane } = await prepared();
      expect(ours(await dataPlane.observe('all'))).toEqual([]);
    });

    it('shows what was applied, and nothing else', async () => {
      const subject = await prepared();
      const desired = compile(CONTRACT_POLICIES.full, subject.environment, 'all');
      expect(await subject.dataPlane.apply(diff(desired, []))).toEqual([]);
      const observed = await subject.dataPlane.observe('all');
      expect(ours(observed)).toEqual(ours(desired));
      expect(diff(desired, observed)).toEqual([]);
    });

    it('takes "already there" for success', async () => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      const desired = compile(CONTRACT_POLICIES.full, subject.environment, 'all');
      expect(await subject.dataPlane.apply(diff(desired, []))).toEqual([]);
      expect(await remaining(subject, CONTRACT_POLICIES.full)).toEqual([]);
    });

    it('changes one policy into another', async () => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      await bring(subject, CONTRACT_POLICIES.changed);
      expect(await remaining(subject, CONTRACT_POLICIES.changed)).toEqual([]);
      await bring(subject, CONTRACT_POLICIES.full);
      expect(await remaining(subject, CONTRACT_POLICIES.full)).toEqual([]);
    });

    it('removes all of it, and takes "already gone" for success', async () => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      const removals = diff([], await subject.dataPlane.observe('all'));
      expect(await subject.dataPlane.apply(removals)).toEqual([]);
      expect(ours(await subject.dataPlane.observe('all'))).toEqual([]);
      expect(await subject.dataPlane.apply(removals)).toEqual([]);
    });

    it('shows of a part only what belongs to it, and all of that', async () => {
      const { dataPlane, environment } = await prepared(CONTRACT_POLICIES.full);
      const scopes: Scope[] = [
        { gateway: true, domains: new Set() },
        { gateway: false, domains: new Set([BLUE]) },
        { gateway: true, domains: new Set([RED, GREEN]) },
      ];
      for (const scope of scopes)
        expect(ours(await dataPlane.observe(scope))).toEqual(
          ours(compile(CONTRACT_POLICIES.full, environment, scope)),
        );
    });

    it('reports what it cannot make, and makes the rest', async () => {
      const subject = await prepared();
      const desired = compile(CONTRACT_POLICIES.full, subject.environment, 'all');
      const orphan: KernelObject = {
        kind: 'address',
        place: 'gateway',
        device: { kind: 'configured', name: 'no such device' },
        address: parseIpv4('10.1.1.49'),
        prefixLength: 32,
      };
      const operations: Operation[] = [{ action: 'add', object: orphan }, ...diff(desired, [])];
      const failures = await subject.dataPlane.apply(operations);
      expect(failures.map(({ operation }) => operation.object)).toEqual([orphan]);
      expect(failures[0]?.reason).not.toBe('');
      expect(await remaining(subject, CONTRACT_POLICIES.full)).toEqual([]);
    });

    it.each<[string, readonly KernelObjectKind[]]>([
      ['a routing domain’s namespace without anything in it', ['namespace']],
      ['a namespace with links, but no addresses', ['namespace', 'link']],
      ['everything but what opens the doors', WITHOUT_DOORS],
    ])('mends what is half made: %s', async (_, made) => {
      const subject = await prepared();
      const desired = compile(CONTRACT_POLICIES.full, subject.environment, 'all');
      const half = diff(desired, []).filter(({ object }) => made.includes(object.kind));
      expect(await subject.dataPlane.apply(half)).toEqual([]);
      expect(await remaining(subject, CONTRACT_POLICIES.full)).not.toEqual([]);
      await bring(subject, CONTRACT_POLICIES.full);
      expect(await remaining(subject, CONTRACT_POLICIES.full)).toEqual([]);
    });

    it.for([
      ...(['namespace', 'link', 'tunnelLink', 'filter'] as const),
      ...(['firewall', 'address', 'route', 'rule'] as const),
    ])('makes a lost %s again, and what went with it', async (kind, { skip }) => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      if (kind === 'tunnelLink' && subject.environment.ipsec !== 'kernel')
        return skip('this kernel has no XFRM interfaces');
      const lost = (await subject.dataPlane.observe('all')).filter(
        (object) => object.kind === kind && object.foreign !== true,
      );
      expect(lost).not.toEqual([]);
      await subject.dataPlane.apply(lost.map((object) => ({ action: 'remove', object })));
      expect(await remaining(subject, CONTRACT_POLICIES.full)).not.toEqual([]);
      await bring(subject, CONTRACT_POLICIES.full);
      expect(await remaining(subject, CONTRACT_POLICIES.full)).toEqual([]);
    });

    it('tells of whatever somebody takes away, until nobody listens any more', async () => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      const told: Scope[] = [];
      const stop = subject.dataPlane.onChange((scope) => told.push(scope));
      const there = await subject.dataPlane.observe('all');
      for (const kind of TOLD) {
        const lost = there.find((object) => object.kind === kind && object.foreign !== true);
        if (lost === undefined) throw new Error(`There is no ${kind}.`);
        await quiet(told);
        await subject.dataPlane.apply([{ action: 'remove', object: lost }]);
        await eventually(`${objectKey(lost)} is told of`, () =>
          told.some((scope) => scopeHas(scope, partOf(lost))) ? true : undefined,
        );
      }
      await quiet(told);
      stop();
      await bring(subject, CONTRACT_POLICIES.empty);
      expect(told).toEqual([]);
    });

    it('tells of nothing where only map entries change', async () => {
      const subject = await prepared(CONTRACT_POLICIES.full);
      const told: Scope[] = [];
      subject.dataPlane.onChange((scope) => told.push(scope));
      const records = (await subject.dataPlane.observe('all')).filter(isTableEntry);
      await subject.dataPlane.apply(records.map((object) => ({ action: 'remove', object })));
      await bring(subject, CONTRACT_POLICIES.full);
      expect(told).toEqual([]);
    });

    it('knows the routing domains that have a namespace or a device', async () => {
      const subject = await prepared();
      expect(await subject.dataPlane.domains()).toEqual(new Set());
      await bring(subject, CONTRACT_POLICIES.full);
      expect(await subject.dataPlane.domains()).toEqual(new Set([BLUE, RED, GREEN]));
      await subject.dataPlane.apply([
        { action: 'remove', object: { kind: 'namespace', domain: RED } },
      ]);
      await bring(subject, CONTRACT_POLICIES.empty);
      expect(await subject.dataPlane.domains()).toEqual(new Set());
    });

    it('leaves alone what is not ours', async ({ skip }) => {
      const subject = await prepared();
      if (subject.foreign === undefined) return skip('there is nobody else in it');
      const before = await subject.foreign.state();
      await bring(subject, CONTRACT_POLICIES.full);
      await bring(subject, CONTRACT_POLICIES.empty);
      expect(await subject.foreign.state()).toBe(before);
    });
  });
}

/** From the smallest to what takes everything else along. */
const TOLD: readonly KernelObjectKind[] = [
  ...(['filter', 'rule', 'route', 'firewall', 'address', 'link', 'namespace'] as const),
];

/** Resolves when nothing has been told for a while, and forgets what was. */
async function quiet(told: Scope[]): Promise<void> {
  let before: number;
  do {
    before = told.length;
    await sleep(300);
  } while (told.length > before);
  told.length = 0;
}

/** Brings a policy to the kernel; nothing may fail. */
async function bring(subject: ContractSubject, policy: Policy): Promise<void> {
  const failures = await subject.dataPlane.apply(await operationsTo(subject, policy));
  expect(failures.map(({ reason }) => reason)).toEqual([]);
}

async function operationsTo(subject: ContractSubject, policy: Policy): Promise<Operation[]> {
  const observed = await subject.dataPlane.observe('all');
  return diff(compile(policy, subject.environment, 'all'), observed);
}

/** What would still have to be done for a policy, readable. */
async function remaining(subject: ContractSubject, policy: Policy): Promise<string[]> {
  const operations = await operationsTo(subject, policy);
  return operations.map(({ action, object }) => `${action} ${kernelState([object])[0] ?? ''}`);
}

/** Without what is always there (settings) or somebody else's, as readable text. */
function ours(objects: readonly KernelObject[]): string[] {
  return kernelState(
    objects.filter((object) => object.kind !== 'sysctl' && object.foreign !== true),
  );
}
