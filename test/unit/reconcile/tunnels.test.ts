import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../provider/schemas.js';
import type { Environment } from '../../../src/dataplane/compile/environment.js';
import { createFakeDataPlane } from '../../../src/dataplane/fake.js';
import { ConnectionId } from '../../../src/model/connection.js';
import type { Policy } from '../../../src/model/policy.js';
import type { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { formatIp } from '../../../src/net/ip.js';
import { formatPrefix } from '../../../src/net/prefix.js';
import type { ReconcileEvent } from '../../../src/reconcile/events.js';
import { createReconciler } from '../../../src/reconcile/loop.js';
import { wantedTunnels } from '../../../src/reconcile/wanted-tunnels.js';
import type { TunnelFailure, WantedTunnels } from '../../../src/vpn/port.js';
import { linesOf } from '../../support/kernel-state.js';
import { BLUE, ENVIRONMENT, policyOf, RED } from '../../support/policy-of.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const OFFICE = ConnectionId('office');
const SHARED = '203.0.113.20';

const tunnel = (destinationAddress: string) => ({
  ...{ id: 'office', type: 'ikev2' as const, sourceAddress: SHARED, destinationAddress },
  authentication: { method: 'psk' as const, secret: 'a key of some length, for tests' },
  routes: [{ destinationPrefix: '192.168.201.0/24', metric: 10 }],
});

function withTunnels(...ids: readonly RoutingDomainId[]): Policy {
  const routingDomains: NonNullable<PolicyDocument['routingDomains']> = [BLUE, RED].map(
    (id, index) => ({
      id,
      virtualSubnets: [{ vsid: 5001 + index * 1000, prefixes: ['192.168.1.0/24'] }],
      connections: ids.includes(id) ? [tunnel(`198.51.100.${index + 2}`)] : [],
    }),
  );
  return policyOf({
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
    routingDomains,
  });
}

describe('wantedTunnels', () => {
  const environment: Environment = { ...ENVIRONMENT, ipsec: 'userSpace' };

  it('says where the gateway’s end is: the address itself, or its part in a shared one', () => {
    const alone = wantedTunnels(withTunnels(BLUE), environment, 'all');
    expect([...alone.keys()]).toEqual([BLUE]);
    const spec = alone.get(BLUE)?.get(OFFICE);
    expect(spec && formatIp(spec.localAddress)).toBe(SHARED);
    expect(spec?.device).toBe('ipsec0');
    expect(spec?.customerPrefixes.map(formatPrefix)).toEqual(['192.168.1.0/24']);

    const both = wantedTunnels(withTunnels(BLUE, RED), environment, 'all');
    const locals = [...both.values()].map((tunnels) => tunnels.get(OFFICE)?.localAddress);
    expect(new Set(locals).size).toBe(2);
    for (const local of locals) expect(local && formatIp(local)).toMatch(/^169\.254\./);
  });

  it('is about the scope alone', () => {
    const scope = { gateway: true, domains: new Set([RED]) };
    expect([...wantedTunnels(withTunnels(BLUE, RED), environment, scope).keys()]).toEqual([RED]);
  });

  it('gives each connection a device of its own where the kernel does ESP', () => {
    const spec = wantedTunnels(withTunnels(BLUE), { ...environment, ipsec: 'kernel' }, 'all')
      .get(BLUE)
      ?.get(OFFICE);
    expect(spec?.device).not.toBe('ipsec0');
    expect(spec?.interfaceId).toBeGreaterThan(0);
  });
});

/** A reconciler on a fake kernel, with tunnels that are up when told so. */
async function scene(policy: Policy) {
  let snapshot = { revision: 1, policy };
  const devices = new Map([
    ['underlay', 1500],
    ['external', 1500],
  ]);
  const kernel = createFakeDataPlane({ devices });
  const calls: string[] = [];
  const events: ReconcileEvent[] = [];
  const running = new Map<RoutingDomainId, WantedTunnels>();
  let failures: TunnelFailure[] = [];
  let tunnels: Environment['tunnels'] = new Map();
  const reconciler = createReconciler({
    policy: { current: () => snapshot, onPush: () => () => undefined },
    dataPlane: {
      ...kernel,
      async apply(operations) {
        calls.push('kernel');
        return kernel.apply(operations);
      },
    },
    vpn: {
      domains: () => new Set(running.keys()),
      async apply(wanted) {
        for (const [domain, specs] of wanted) {
          calls.push(`${domain === BLUE ? 'blue' : 'red'}: ${specs.size}`);
          if (specs.size === 0) running.delete(domain);
          else running.set(domain, specs);
        }
        return Promise.resolve(failures.filter(({ domain }) => wanted.has(domain)));
      },
    },
    environment: () => Promise.resolve({ ...ENVIRONMENT, ipsec: 'userSpace', tunnels }),
    intervalSeconds: 3600,
    log: SILENT,
    onEvent: (event) => events.push(event),
  });
  reconciler.start();
  await reconciler.synchronized(1);
  return {
    ...{ kernel, calls, events, reconciler, running },
    replace: async (next: Policy): Promise<void> => {
      snapshot = { revision: snapshot.revision + 1, policy: next };
      await reconciler.reconcileNow('all');
    },
    failWith: (next: TunnelFailure[]) => (failures = next),
    comesUp: (domain: RoutingDomainId) =>
      (tunnels = new Map([[domain, new Map([[OFFICE, { device: 'ipsec0' }]])]])),
    allDown: () => (tunnels = new Map()),
  };
}

describe('a reconcile run', () => {
  it('starts tunnels after the kernel is ready for them, and ends them before', async () => {
    const { calls, reconciler, replace } = await scene(withTunnels(BLUE));
    expect(calls).toEqual(['kernel', 'blue: 1']);
    calls.length = 0;
    await replace(withTunnels());
    expect(calls).toEqual(['blue: 0', 'kernel']);
    await reconciler.stop();
  });

  it('leaves tunnels outside its scope alone', async () => {
    const { calls, reconciler } = await scene(withTunnels(BLUE, RED));
    calls.length = 0;
    await reconciler.reconcileNow({ gateway: false, domains: new Set([RED]) });
    expect(calls).toEqual(['red: 1']);
    await reconciler.stop();
  });

  it('tells of a tunnel that could not be set up, at its connection', async () => {
    const { reconciler, failWith, replace } = await scene(withTunnels(BLUE));
    const reason = 'charon did not start.';
    failWith([{ domain: BLUE, connection: OFFICE, code: 'vpnDaemonFailed', reason }]);
    await replace(withTunnels(BLUE));
    expect([...reconciler.status().failures]).toEqual([
      [`routing-domains/${BLUE}/connections/office`, reason],
    ]);
    failWith([]);
    await replace(withTunnels(BLUE));
    expect(reconciler.status().failures.size).toBe(0);
    await reconciler.stop();
  });

  it('brings routes with a tunnel and takes them away with it, and calls neither a repair', async () => {
    const { kernel, reconciler, events, comesUp, allDown } = await scene(withTunnels(BLUE));
    const routes = async (): Promise<string[]> =>
      linesOf(await kernel.observe('all'), 'route').filter((line) => line.includes('ipsec0'));
    expect(await routes()).toEqual([]);
    events.length = 0;

    comesUp(BLUE);
    reconciler.environmentChanged([BLUE]);
    await reconciler.reconcileNow({ gateway: false, domains: new Set() });
    expect(await routes()).toEqual([expect.stringContaining('192.168.201.0/24')]);

    allDown();
    reconciler.environmentChanged([BLUE]);
    await reconciler.reconcileNow({ gateway: false, domains: new Set() });
    expect(await routes()).toEqual([]);
    expect(events).toEqual([]);
    expect(reconciler.status().repairs).toBe(0);
    await reconciler.stop();
  });
});
