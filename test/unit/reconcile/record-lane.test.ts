import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/dataplane/compile/environment.js';
import { createFakeDataPlane, type Fault } from '../../../src/dataplane/fake.js';
import { isTableEntry } from '../../../src/dataplane/kernel-object.js';
import type { DataPlane } from '../../../src/dataplane/port.js';
import { NvgateError } from '../../../src/errors.js';
import { lookupRecordKey } from '../../../src/model/lookup-record.js';
import type { Change } from '../../../src/policy/change.js';
import { openMemoryStore } from '../../../src/policy/memory-store.js';
import { createPolicyService } from '../../../src/policy/policy-service.js';
import type { PolicyService } from '../../../src/policy/service.js';
import { createReconciler, type Reconciler } from '../../../src/reconcile/loop.js';
import { ipKey } from '../../../src/net/ip.js';
import { kernelState } from '../../support/kernel-state.js';
import { NO_TUNNELS } from '../../support/no-tunnels.js';
import { change } from '../../support/policy-arbitraries.js';
import {
  BLUE,
  blueAndRed,
  ca,
  ENVIRONMENT as POLICY_ENVIRONMENT,
  pa,
  record,
  RED,
  route,
} from '../../support/policy-builder.js';
import { ENVIRONMENT } from '../../support/policy-of.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A gateway without kernel: a push goes the whole way from the policy to the tables. */
interface Scene {
  readonly policy: PolicyService;
  readonly reconciler: Reconciler;
  /** How often the kernel was looked at. */
  readonly looks: () => number;
  readonly faults: Fault[];
  readonly setEnvironment: (environment: Environment) => void;
  /** Whatever is written to the kernel from now on waits until the promise resolves. */
  readonly holdWrites: (until: Promise<void>) => void;
  /** Stored, or refused by validation. */
  readonly push: (changes: readonly Change[]) => Promise<void>;
  /** The entries of the policy maps, once the kernel has all that was pushed. */
  readonly tables: () => Promise<string[]>;
}

async function scene(): Promise<Scene> {
  const faults: Fault[] = [];
  const devices = new Map([
    ['underlay', 1500],
    ['external', 1500],
    ['internet', 1500],
  ]);
  const kernel = createFakeDataPlane({ devices, faults });
  let looks = 0;
  let environment = ENVIRONMENT;
  let writable = Promise.resolve();
  const dataPlane: DataPlane = {
    ...kernel,
    onChange: () => () => undefined,
    observe: async (scope) => {
      looks += 1;
      return kernel.observe(scope);
    },
    apply: async (operations) => {
      await writable;
      return kernel.apply(operations);
    },
  };
  const policy = await createPolicyService(openMemoryStore(), POLICY_ENVIRONMENT);
  const reconciler = createReconciler({
    ...{ policy, dataPlane, vpn: NO_TUNNELS, intervalSeconds: 3600, log: SILENT },
    environment: () => Promise.resolve(environment),
  });
  reconciler.start();
  await policy.replace(blueAndRed().policy);
  const settled = (): Promise<void> => reconciler.synchronized(policy.current().revision);
  await settled();
  return {
    ...{ policy, reconciler, faults },
    looks: () => looks,
    setEnvironment: (other) => {
      environment = other;
    },
    holdWrites: (until) => {
      writable = until;
    },
    push: async (changes) => {
      await policy.change(changes).catch((error: unknown) => {
        if (!(error instanceof NvgateError)) throw error;
      });
    },
    tables: async () => {
      await settled();
      return kernelState((await kernel.observe('all')).filter(isTableEntry));
    },
  };
}

const moved = (pa: string, address = '192.168.1.101'): Change => ({
  ...{ op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE },
  value: record(5001, address, { pa }),
});

const records = fc
  .tuple(
    fc.constantFrom(
      ...([
        [BLUE, 5001, '192.168.1.'],
        [BLUE, 5002, '192.168.2.'],
        [RED, 6001, '192.168.1.'],
      ] as const),
    ),
    fc.constantFrom('7', '8', '101', '250'),
    fc.constantFrom('10.1.1.20', '10.1.1.30', '10.1.1.31', '10.1.1.40'),
    fc.boolean(),
  )
  .map(([[routingDomain, vsid, network], host, provider, deleted]): Change => {
    const value = record(vsid, network + host, { pa: provider });
    const key = lookupRecordKey(value.vsid, value.customerAddress);
    const common = { kind: 'lookupRecord', routingDomain } as const;
    return deleted ? { op: 'delete', ...common, key } : { op: 'upsert', ...common, value };
  });

/** Mostly records, which come one by one and many at once. */
const push = fc.array(
  fc.oneof({ weight: 4, arbitrary: records }, { weight: 1, arbitrary: change }),
  { minLength: 1, maxLength: 4 },
);
const bursts = fc.array(fc.array(push, { minLength: 1, maxLength: 4 }), { maxLength: 12 });

describe('changed records', () => {
  it('leave nothing to do for a comparison of everything, whatever else is pushed', async () => {
    await fc.assert(
      fc.asyncProperty(bursts, fc.boolean(), async (all, limited) => {
        const { push, tables, reconciler, setEnvironment } = await scene();
        if (limited) {
          setEnvironment({ ...ENVIRONMENT, pathMtus: new Map([[pa('10.1.1.31'), 1400]]) });
          reconciler.environmentChanged([]);
        }
        for (const burst of all) {
          await Promise.all(burst.map(push));
          const quick = await tables();
          await reconciler.reconcileNow('all');
          expect(quick).toEqual(await tables());
        }
        await reconciler.stop();
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('reach the packet path without a look at the kernel', async () => {
    const { push, tables, looks, reconciler } = await scene();
    const before = looks();
    await push([moved('10.1.1.31', '192.168.1.7')]);
    const [line] = (await tables()).filter((text) => text.includes('192.168.1.7'));
    expect(line).toContain('10.1.1.31');
    await push([moved('10.1.1.32', '192.168.1.7')]);
    const after = await tables();
    expect(after.filter((text) => text.includes('10.1.1.31'))).toEqual([]);
    expect(looks()).toBe(before);
    await reconciler.stop();
  });

  it('that something hangs on are compared with all of their domain', async () => {
    const { push, tables, looks, reconciler } = await scene();
    await push([moved('10.1.1.31', '192.168.1.7')]);
    await push([
      {
        ...{ op: 'upsert', kind: 'customerRoute', routingDomain: BLUE },
        value: route(5001, '10.0.0.0/8', '192.168.1.7'),
      },
    ]);
    await tables();
    const before = looks();
    await push([moved('10.1.1.32', '192.168.1.7')]);
    const [line] = (await tables()).filter((text) => text.startsWith('customerRoute 10.0.0.0/8'));
    expect(line ?? (await tables()).filter((text) => text.includes('10.0.0.0/8'))[0]).toContain(
      '10.1.1.32',
    );
    expect(looks()).toBeGreaterThan(before);
    await reconciler.stop();
  });

  it('that the packet path refuses show so, and are tried again', async () => {
    const { push, tables, faults, reconciler, policy } = await scene();
    const key = `lookupRecord ${BLUE} ${ipKey(ca('192.168.1.7'))}`;
    faults.push({ action: 'change', key, reason: 'full' }, { action: 'add', key, reason: 'full' });
    await push([moved('10.1.1.31', '192.168.1.7')]);
    await reconciler.synchronized(policy.current().revision);
    expect([...reconciler.status().failures.values()].join()).toContain('full');
    faults.length = 0;
    await push([moved('10.1.1.30', '192.168.1.7')]);
    expect((await tables()).join('\n')).toContain('192.168.1.7');
    expect(reconciler.status().failures.size).toBe(0);
    await reconciler.stop();
  });

  it('that are on their way while somebody looks are no drift', async () => {
    const { push, looks, holdWrites, reconciler, policy } = await scene();
    let write = (): void => undefined;
    holdWrites(new Promise((resolve) => (write = resolve)));
    await push([moved('10.1.1.31', '192.168.1.7')]);
    const before = looks();
    const look = reconciler.reconcileNow('all');
    await expect.poll(looks).toBeGreaterThan(before);
    write();
    await look;
    await reconciler.synchronized(policy.current().revision);
    expect(reconciler.status().repairs).toBe(0);
    await reconciler.stop();
  });
});
