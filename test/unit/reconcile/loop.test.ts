import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { createFakeDataPlane, type Fault } from '../../../src/dataplane/fake.js';
import { objectKey, type KernelObject } from '../../../src/dataplane/kernel-object.js';
import type { DataPlane, Operation, Scope } from '../../../src/dataplane/port.js';
import type { Policy } from '../../../src/model/policy.js';
import type { PolicyRef } from '../../../src/model/policy-ref.js';
import type { PushResult, PushScope } from '../../../src/policy/service.js';
import type { ReconcileEvent } from '../../../src/reconcile/events.js';
import { createReconciler, type Reconciler } from '../../../src/reconcile/loop.js';
import { linesOf } from '../../support/kernel-state.js';
import { NO_TUNNELS } from '../../support/no-tunnels.js';
import { BLUE, ENVIRONMENT, policyOf, RED } from '../../support/policy-of.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const BLUE_REF = `routing-domains/${BLUE}` as PolicyRef;
const RECORD_REF = `${BLUE_REF}/lookup-records/5001/192.168.1.20` as PolicyRef;
const RED_REF = `routing-domains/${RED}` as PolicyRef;

function blueAt(providerAddress: string, externalAddress = '203.0.113.10'): Policy {
  return policyOf(document(providerAddress, externalAddress));
}

function document(
  providerAddress: string,
  externalAddress: string,
): Omit<PolicyDocument, 'apiVersion'> {
  return {
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
    routingDomains: [
      {
        id: BLUE,
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
        lookupRecords: [
          {
            ...{ vsid: 5001, customerAddress: '192.168.1.20', providerAddress },
            macAddress: '00-15-5D-00-00-01',
          },
        ],
        connections: [{ id: 'internet', type: 'nat', externalAddress }],
      },
    ],
  };
}

function withRed(policy: Policy): Policy {
  const red = policyOf({
    routingDomains: [
      {
        id: RED,
        virtualSubnets: [{ vsid: 6001, prefixes: ['192.168.1.0/24'] }],
        connections: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
      },
    ],
  });
  return {
    ...policy,
    routingDomains: new Map([...policy.routingDomains, ...red.routingDomains]),
  };
}

/** A data plane that says what was asked of it, and can be held up while it is being read. */
function watched(inner: DataPlane) {
  const scopes: Scope[] = [];
  const operations: Operation[] = [];
  let gate: Promise<void> = Promise.resolve();
  let broken: Error | undefined;
  return {
    scopes,
    operations,
    hold(): () => void {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    breakDown: (error: Error | undefined) => {
      broken = error;
    },
    async observe(scope: Scope): Promise<KernelObject[]> {
      scopes.push(scope);
      await gate;
      if (broken !== undefined) throw broken;
      return inner.observe(scope);
    },
    async apply(wanted: readonly Operation[]) {
      operations.push(...wanted);
      return inner.apply(wanted);
    },
    domains: () => inner.domains(),
    onChange: (listener: (scope: Scope) => void) => inner.onChange(listener),
  };
}

function scene(first: Policy) {
  let snapshot = { revision: 1, policy: first };
  const listeners = new Set<(result: PushResult) => void>();
  const faults: Fault[] = [];
  const devices = new Map([
    ['underlay', 1500],
    ['external', 1500],
  ]);
  const kernel = createFakeDataPlane({ devices, faults });
  const dataPlane = watched(kernel);
  const events: ReconcileEvent[] = [];
  const reconciler = createReconciler({
    policy: {
      current: () => snapshot,
      onPush: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    dataPlane,
    vpn: NO_TUNNELS,
    environment: () => Promise.resolve(ENVIRONMENT),
    intervalSeconds: 300,
    log: SILENT,
    onEvent: (event) => events.push(event),
  });
  return {
    kernel,
    dataPlane,
    faults,
    events,
    listeners,
    reconciler,
    push: (policy: Policy, scope: PushScope): number => {
      snapshot = { revision: snapshot.revision + 1, policy };
      for (const listener of listeners)
        listener({ revision: snapshot.revision, scope, warnings: [] });
      return snapshot.revision;
    },
  };
}

const EVERYTHING: PushScope = { gateway: true, domains: new Set([BLUE, RED]) };
const BLUE_ONLY: PushScope = { gateway: false, domains: new Set([BLUE]) };

let running: Reconciler[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  for (const reconciler of running) await reconciler.stop();
  running = [];
  vi.useRealTimers();
});

async function started(first: Policy) {
  const all = scene(first);
  running.push(all.reconciler);
  all.reconciler.start();
  await all.reconciler.synchronized(1);
  return all;
}

async function failuresOf(reconciler: Reconciler): Promise<string[]> {
  await vi.advanceTimersByTimeAsync(0);
  return [...reconciler.status().failures.keys()];
}

describe('the reconcile loop', () => {
  it('brings the policy to the kernel when it starts', async () => {
    const { kernel, reconciler, events } = await started(blueAt('10.1.1.20'));
    expect(linesOf(await kernel.observe('all'), 'namespace', 'lookupRecord')).toEqual([
      'lookupRecord blue 192.168.1.1 vsid 5001 02-4E-56-00-13-89 local',
      'lookupRecord blue 192.168.1.20 vsid 5001 00-15-5D-00-00-01 at 10.1.1.20 onLink',
      'namespace blue',
    ]);
    expect(reconciler.status()).toMatchObject({ revision: 1, repairs: 0, gatewayFailures: [] });
    expect(events.map(({ type }) => type)).toEqual(['synchronized']);
  });

  it('changes nothing the second time', async () => {
    const { dataPlane, reconciler } = await started(blueAt('10.1.1.20'));
    dataPlane.operations.length = 0;
    await reconciler.reconcileNow('all');
    expect(dataPlane.operations).toEqual([]);
  });

  it('looks only at what a push has touched', async () => {
    const { dataPlane, reconciler, push } = await started(blueAt('10.1.1.20'));
    dataPlane.operations.length = 0;
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    expect(dataPlane.scopes.at(-1)).toEqual(BLUE_ONLY);
    expect(dataPlane.operations.map(({ action, object }) => `${action} ${object.kind}`)).toEqual([
      'add providerPeer',
      'change lookupRecord',
      'change replication',
      'remove providerPeer',
    ]);
  });

  it('gathers the pushes that come while it is busy into one run', async () => {
    const { dataPlane, reconciler, push } = await started(blueAt('10.1.1.20'));
    const release = dataPlane.hold();
    dataPlane.scopes.length = 0;
    push(blueAt('10.1.1.21'), BLUE_ONLY);
    await vi.advanceTimersByTimeAsync(0);
    push(blueAt('10.1.1.22'), BLUE_ONLY);
    const last = push(blueAt('10.1.1.23'), { gateway: true, domains: new Set() });
    release();
    await reconciler.synchronized(last);
    expect(dataPlane.scopes).toEqual([BLUE_ONLY, { gateway: true, domains: new Set([BLUE]) }]);
  });

  it('looks at the neighbours whose external address a push makes shared', async () => {
    const { kernel, reconciler, push } = await started(blueAt('10.1.1.20'));
    expect(linesOf(await kernel.observe('all'), 'address blue ext')).toContain(
      'address blue ext 203.0.113.10 /32',
    );
    const scope = { gateway: true, domains: new Set([RED]) };
    await reconciler.synchronized(push(withRed(blueAt('10.1.1.20')), scope));
    expect(linesOf(await kernel.observe('all'), 'address blue ext')).toEqual([
      expect.stringMatching(/^address blue ext 169\.254\./),
      'address blue ext 192.0.0.8 /32',
    ]);
    expect(reconciler.status().repairs).toBe(0);
  });

  it('tells what is pending, and of what', async () => {
    const { dataPlane, reconciler, push } = await started(withRed(blueAt('10.1.1.20')));
    const release = dataPlane.hold();
    const revision = push(withRed(blueAt('10.1.1.21')), BLUE_ONLY);
    await vi.advanceTimersByTimeAsync(0);
    expect(reconciler.stateOf(RECORD_REF)).toEqual({ configuration: 'pending' });
    expect(reconciler.stateOf(RED_REF)).toEqual({ configuration: 'synchronized' });
    expect(reconciler.status().revision).toBe(1);
    release();
    await reconciler.synchronized(revision);
    expect(reconciler.stateOf(RECORD_REF)).toEqual({ configuration: 'synchronized' });
  });
});

describe('what fails', () => {
  const fault: Fault = {
    action: 'change',
    key: recordKey(),
    reason: 'No space left on device',
  };

  it('is told with its reason, and tried again ever more rarely until it works', async () => {
    const { dataPlane, events, faults, reconciler, push } = await started(blueAt('10.1.1.20'));
    faults.push(fault);
    const before = dataPlane.operations.filter(
      ({ object }) => object.kind === 'lookupRecord',
    ).length;
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    expect(reconciler.stateOf(RECORD_REF)).toEqual({
      configuration: 'failed',
      reason: expect.stringContaining('No space left on device') as string,
    });
    expect(reconciler.stateOf(BLUE_REF)).toEqual({ configuration: 'synchronized' });

    const attempts = (): number =>
      dataPlane.operations.filter(({ object }) => object.kind === 'lookupRecord').length - before;
    expect(attempts()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts()).toBe(2);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(attempts()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts()).toBe(3);

    faults.length = 0;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await failuresOf(reconciler)).toEqual([]);
    expect(reconciler.status().repairs).toBe(0);
    expect(events.map(({ type }) => type)).toEqual([
      'synchronized',
      'failed',
      'synchronized',
      'recovered',
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts()).toBe(4);
  });

  it('does not stop the rest', async () => {
    const { faults, reconciler, kernel, push } = await started(blueAt('10.1.1.20'));
    faults.push(fault);
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    expect(linesOf(await kernel.observe('all'), 'providerPeer')).toEqual([
      'providerPeer blue 10.1.1.30',
    ]);
  });

  it('is tried again at once when a push touches it', async () => {
    const { faults, reconciler, push } = await started(blueAt('10.1.1.20'));
    faults.push(fault);
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    faults.length = 0;
    await reconciler.synchronized(push(blueAt('10.1.1.31'), BLUE_ONLY));
    expect(await failuresOf(reconciler)).toEqual([]);
  });

  it('of nobody is the gateway’s failure', async () => {
    const { faults, reconciler, push } = await started(blueAt('10.1.1.20'));
    faults.push({ action: 'remove', key: `namespace ${BLUE}`, reason: 'Device or resource busy' });
    const policy = policyOf({});
    await reconciler.synchronized(push(policy, { gateway: true, domains: new Set([BLUE]) }));
    expect(reconciler.status().gatewayFailures).toEqual([
      `remove namespace ${BLUE}: Device or resource busy`,
    ]);
  });

  it('as a whole run is done again, and the revision is not there before', async () => {
    const { dataPlane, events, reconciler, push } = await started(blueAt('10.1.1.20'));
    dataPlane.breakDown(new Error('ip: not found'));
    const second = push(blueAt('10.1.1.30'), BLUE_ONLY);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reconciler.status()).toMatchObject({ revision: 1, gatewayFailures: ['ip: not found'] });
    expect(reconciler.stateOf(RECORD_REF)).toEqual({ configuration: 'pending' });
    dataPlane.breakDown(undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reconciler.status()).toMatchObject({ revision: second, gatewayFailures: [] });
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1);
  });
});

describe('a listener that fails', () => {
  it('does not hold up the loop', async () => {
    const { reconciler, events, push } = await started(blueAt('10.1.1.20'));
    vi.spyOn(events, 'push').mockImplementation(() => {
      throw new Error('the listener is broken');
    });
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    expect(reconciler.status()).toMatchObject({ revision: 2, gatewayFailures: [] });
  });
});

describe('drift', () => {
  /** Takes the objects of a kind away behind the loop's back. */
  async function lose(kernel: DataPlane, kind: KernelObject['kind']): Promise<KernelObject[]> {
    const lost = (await kernel.observe('all')).filter((object) => object.kind === kind);
    await kernel.apply(lost.map((object) => ({ action: 'remove', object })));
    return lost;
  }

  it('of which the kernel tells is mended soon, and told', async () => {
    const { kernel, events, reconciler } = await started(blueAt('10.1.1.20'));
    const lost = await lose(kernel, 'filter');
    await vi.advanceTimersByTimeAsync(300);
    expect(reconciler.status().repairs).toBe(lost.length);
    expect(events.at(-1)).toMatchObject({ type: 'repaired', count: lost.length });
  });

  it('of which the kernel tells nobody is found by the periodic run, mended and told', async () => {
    const { kernel, events, reconciler } = await started(blueAt('10.1.1.20'));
    // The kernel has told of what was made when the loop started, and that has been looked at.
    await vi.advanceTimersByTimeAsync(1_000);
    const lost = await lose(kernel, 'lookupRecord');
    await vi.advanceTimersByTimeAsync(298_000);
    expect(reconciler.status().repairs).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reconciler.status().repairs).toBe(lost.length);
    expect(events.at(-1)).toEqual({
      type: 'repaired',
      count: 2,
      objects: lost.map((object) => `add ${objectKey(object)}`),
    });
    expect(reconciler.stateOf(BLUE_REF)).toEqual({ configuration: 'synchronized' });
  });

  it('is not what nvgate itself has changed', async () => {
    const { dataPlane, reconciler, push } = await started(blueAt('10.1.1.20'));
    await reconciler.synchronized(push(withRed(blueAt('10.1.1.20')), EVERYTHING));
    dataPlane.operations.length = 0;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(dataPlane.operations).toEqual([]);
    expect(reconciler.status().repairs).toBe(0);
  });

  it('is counted beside what fails in the same part', async () => {
    const { kernel, faults, reconciler, push } = await started(blueAt('10.1.1.20'));
    faults.push({ action: 'change', key: recordKey(), reason: 'No space left on device' });
    await reconciler.synchronized(push(blueAt('10.1.1.30'), BLUE_ONLY));
    const lost = await lose(kernel, 'filter');
    await reconciler.reconcileNow('all');
    expect(reconciler.status()).toMatchObject({ repairs: lost.length });
    expect(reconciler.status().failures.size).toBe(1);
  });

  it('that somebody makes again and again is mended ever more rarely, and says so', async () => {
    const { kernel, events, reconciler, push } = await started(blueAt('10.1.1.20'));
    for (let round = 0; round < 8; round++) {
      await lose(kernel, 'firewall');
      await reconciler.reconcileNow('all');
    }
    const before = linesOf(await kernel.observe('all'), 'firewall');
    const { repairs } = reconciler.status();
    await lose(kernel, 'firewall');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(linesOf(await kernel.observe('all'), 'firewall')).toEqual([]);
    expect([...reconciler.status().failures.values()].join()).toMatch(/again and again/);
    expect(events.at(-1)).toMatchObject({ type: 'failed' });
    // Everything else is held up by none of it.
    const filters = await lose(kernel, 'filter');
    expect(filters.length).toBeGreaterThan(0);
    await reconciler.reconcileNow('all');
    expect(reconciler.status().repairs).toBe(repairs + filters.length);

    // Held for ten seconds; the next try comes a little later.
    await vi.advanceTimersByTimeAsync(20_000);
    expect(linesOf(await kernel.observe('all'), 'firewall')).toEqual(before);
    expect(await failuresOf(reconciler)).toEqual([]);

    // Twice as long the next time, unless it is pushed.
    await lose(kernel, 'firewall');
    await reconciler.reconcileNow('all');
    await lose(kernel, 'firewall');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(linesOf(await kernel.observe('all'), 'firewall')).toEqual([]);
    await reconciler.synchronized(push(blueAt('10.1.1.20'), { ...BLUE_ONLY, gateway: true }));
    expect(linesOf(await kernel.observe('all'), 'firewall')).toEqual(before);
  });

  it('of a whole namespace is mended from the ground up', async () => {
    const { kernel, reconciler } = await started(blueAt('10.1.1.20'));
    const before = linesOf(await kernel.observe('all'), '');
    await kernel.apply([{ action: 'remove', object: { kind: 'namespace', domain: BLUE } }]);
    await reconciler.reconcileNow('all');
    expect(linesOf(await kernel.observe('all'), '')).toEqual(before);
  });
});

describe('waiting for a revision', () => {
  it('ends when the signal aborts', async () => {
    const { reconciler } = await started(blueAt('10.1.1.20'));
    const controller = new AbortController();
    const waiting = reconciler.synchronized(9, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'timedOut' });
    await expect(reconciler.synchronized(9, AbortSignal.abort())).rejects.toMatchObject({
      code: 'timedOut',
    });
  });

  it('ends when the loop stops, which then hears of no push', async () => {
    const { reconciler, listeners } = await started(blueAt('10.1.1.20'));
    const waiting = expect(reconciler.synchronized(9)).rejects.toMatchObject({ code: 'timedOut' });
    await reconciler.stop();
    await waiting;
    expect(listeners.size).toBe(0);
    await expect(reconciler.reconcileNow('all')).rejects.toMatchObject({ code: 'timedOut' });
  });

  it('is not over before the first run', () => {
    const { reconciler } = scene(blueAt('10.1.1.20'));
    expect(reconciler.stateOf(BLUE_REF)).toEqual({ configuration: 'pending' });
    expect(reconciler.status()).toMatchObject({ revision: 0, lastRunAt: undefined });
  });
});

function recordKey(): string {
  const address = 0xc0_a8_01_14;
  return `lookupRecord ${BLUE} ${address.toString(36)}`;
}
