import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { StateContext } from '../../provider/connection-state.js';
import { streamPolicy } from '../../provider/policy-stream.js';
import type { PolicyDocument } from '../../provider/schemas.js';
import { mapSizes } from '../../src/daemon/map-sizes.js';
import { loadObject, type ObjectOptions } from '../../src/dataplane/bpf/object.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import { environmentDevices, type Environment } from '../../src/dataplane/compile/environment.js';
import { createKernelDataPlane } from '../../src/dataplane/kernel.js';
import { externalGroup } from '../../src/dataplane/linux/names.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import type { DataPlane, Operation } from '../../src/dataplane/port.js';
import type { Policy } from '../../src/model/policy.js';
import { diff } from '../../src/reconcile/diff.js';
import { reconcileOnce } from '../../src/reconcile/run.js';
import { CONTRACT_POLICIES, CONTRACT_SECRET } from '../contract/dataplane.js';
import { createBareGateway } from '../support/bare-gateway.js';
import type { Gateway } from '../support/gateway.js';
import { kernelState } from '../support/kernel-state.js';
import { createKernelSubject, type KernelSubject } from '../support/kernel-subject.js';
import { eventually, sleep } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController } from '../support/provider-client.js';
import { NO_TUNNELS } from '../support/no-tunnels.js';

/** A process that dies here takes everything that it knows with it; the kernel stays. */
describe('a crash between any two steps, in the real kernel', () => {
  let subject: KernelSubject;

  beforeEach(async () => {
    subject = await createKernelSubject();
  });

  afterEach(() => subject.dispose());

  afterAll(cleanUp);

  test.each([
    ['from nothing to a policy', CONTRACT_POLICIES.empty, CONTRACT_POLICIES.full],
    ['from one policy to another', CONTRACT_POLICIES.full, CONTRACT_POLICIES.changed],
  ])(
    '%s: the next process gets there from wherever the last one came to',
    async (_, before, after) => {
      const { environment } = subject;
      let { dataPlane } = subject;
      // Settings outlive what they were made for: there and back, and every round begins alike.
      await bring(dataPlane, after, environment);
      await bring(dataPlane, before, environment);
      const way = await remaining(dataPlane, after, environment);
      expect(way.length).toBeGreaterThan(10);

      for (let step = 0; step <= way.length; step++) {
        expect(reasons(await dataPlane.apply(way.slice(0, step)))).toEqual([]);
        // Killed here, and started again.
        dataPlane = subject.reopen();
        await bring(dataPlane, after, environment);
        const arrived = await dataPlane.observe('all');
        expect(
          lines(diff(compile(after, environment, 'all'), arrived)),
          `after step ${step} of ${way.length}: ${lines(way.slice(step - 1, step)).join()}`,
        ).toEqual([]);
        const back = diff(compile(before, environment, 'all'), arrived);
        expect(reasons(await dataPlane.apply(back))).toEqual([]);
      }
      // The way back was exact: the last round began in the same kernel as the first one.
      const again = await remaining(dataPlane, after, environment);
      expect(lines(again).sort()).toEqual(lines(way).sort());
    },
    600_000,
  );
});

/**
 * The daemon itself, killed while pushes are under way: the instants are spread from the moment
 * that a push is sent to well after it is in the kernel. NVGATE_KILLS asks for more of them.
 */
describe('the daemon is killed at any instant of a push', () => {
  const KILLS = Number(process.env['NVGATE_KILLS'] ?? 26);
  const POLICIES = [CONTRACT_POLICIES.full, CONTRACT_POLICIES.changed] as const;

  afterAll(cleanUp);

  test(
    'what was answered is kept, and the kernel gets to the revision that is stored',
    async () => {
      const limits = {
        ...{ virtualSubnets: 64, lookupRecords: 744, customerRoutes: 744, providerPeers: 1000 },
      };
      const { namespace, gateway } = await createBareGateway({ limits });
      await gateway.start();
      const { client } = createController(namespace, gateway);
      const { dataPlane, environment } = openKernel(gateway, mapSizes(limits));

      const documents = await Promise.all(POLICIES.map(documentOf));
      let stored: { revision: number; policy: Policy } = {
        revision: 0,
        policy: CONTRACT_POLICIES.empty,
      };
      let answers = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const which = kill % 2;
        const document = documents[which];
        if (document === undefined) throw new Error('no document');
        const push = client.replacePolicy(document).then(
          () => true,
          () => false,
        );
        await sleep((kill % 26) * 20);
        await gateway.stop('SIGKILL');
        const answered = await push;
        await gateway.start();

        const { revision } = await client.gateway();
        expect([stored.revision, stored.revision + 1]).toContain(revision);
        if (answered) expect(revision).toBe(stored.revision + 1);
        const next = POLICIES[which];
        if (revision > stored.revision && next !== undefined) stored = { revision, policy: next };
        answers += answered ? 1 : 0;
        await eventually(
          'the kernel is synchronized',
          async () => {
            const { health, reconcile } = await client.gateway();
            return health === 'ok' && reconcile.revision === revision ? true : undefined;
          },
          30_000,
        );
        const left = await remaining(dataPlane, stored.policy, environment);
        expect(lines(left), `after kill ${kill}, at revision ${revision}`).toEqual([]);
      }
      // The kills were where they matter: before the answer and after it.
      expect(answers).toBeGreaterThan(0);
      expect(answers).toBeLessThan(KILLS);
      await dataPlane.close();
    },
    600_000 + KILLS * 10_000,
  );

  /** The kernel as the daemon left it, seen by somebody else. */
  function openKernel(
    { instance, configFile }: Gateway,
    maxEntries: ObjectOptions['maxEntries'],
  ): { dataPlane: DataPlane; environment: Environment } {
    const { bpfDirectory } = parse(readFileSync(configFile, 'utf8')) as { bpfDirectory: string };
    const devices = new Map(['underlay', 'external'].map((name) => [name, name]));
    return {
      dataPlane: createKernelDataPlane({
        network: createLinuxNetwork({ instance, devices }),
        object: loadObject({
          ...{ path: 'dist/bpf/nvgate.bpf.o', pinDirectory: join(bpfDirectory, instance) },
          maxEntries,
        }),
        underlay: ['underlay'],
        external: ['external'],
      }),
      environment: {
        ...{ underlay: environmentDevices([{ name: 'underlay', device: 'underlay' }], MTUS) },
        ...{ external: environmentDevices([{ name: 'external', device: 'external' }], MTUS) },
        ...{ firewallTable: instance, externalGroup: externalGroup(instance) },
        tunnels: new Map(),
        multicastPacketsPerSecond: 1000,
        pathMtus: new Map(),
        shortWay: true,
      },
    };
  }
});

/** Of the devices that the scene gives the gateway. */
const MTUS = new Map([
  ['underlay', 1500],
  ['external', 1500],
]);

/** A gateway that has just started, and no tunnels. */
const PENDING: StateContext = {
  status: { stateOf: () => ({ configuration: 'pending' }) },
  tunnels: { stateOf: () => undefined, securityAssociations: () => Promise.resolve([]) },
};

/** The policy as a controller would push it: an answer has no secrets, so they are put back. */
async function documentOf(policy: Policy): Promise<PolicyDocument> {
  const chunks = await streamPolicy(policy, PENDING).toArray();
  const document = JSON.parse(chunks.join('')) as PolicyDocument;
  for (const { connections = [] } of document.routingDomains ?? [])
    for (const connection of connections)
      if (connection.type === 'ikev2' && connection.authentication.method === 'psk')
        Object.assign(connection.authentication, { secret: CONTRACT_SECRET });
  return document;
}

/** One run of a process that knows nothing. */
async function bring(
  dataPlane: DataPlane,
  policy: Policy,
  environment: Environment,
): Promise<void> {
  const context = {
    policy: { current: () => ({ revision: 1, policy }) },
    dataPlane,
    vpn: NO_TUNNELS,
    environment: () => Promise.resolve(environment),
  };
  expect(reasons((await reconcileOnce(context, 'all')).failures)).toEqual([]);
}

/** What there is to do for the policy. */
async function remaining(
  dataPlane: DataPlane,
  policy: Policy,
  environment: Environment,
): Promise<Operation[]> {
  return diff(compile(policy, environment, 'all'), await dataPlane.observe('all'));
}

function reasons(failures: readonly { readonly reason: string }[]): string[] {
  return failures.map(({ reason }) => reason);
}

function lines(operations: readonly Operation[]): string[] {
  return operations.map(({ action, object }) => `${action} ${kernelState([object]).join()}`);
}
