import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../src/policy/change.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { createMemoryPlace, openMemoryStore } from '../../src/policy/memory-store.js';
import type { Snapshot } from '../../src/policy/service.js';
import { createPolicyState } from '../../src/policy/state.js';
import type { PolicyStore } from '../../src/policy/store.js';
import { changes } from '../support/policy-arbitraries.js';
import {
  addConnection,
  addRecord,
  addSubnet,
  BLUE,
  blueAndRed,
  forward,
  nat,
  pa,
  providerAddress,
  record,
  RED,
  subnet,
} from '../support/policy-builder.js';
import { remoteConnections } from '../support/remote-arbitraries.js';
import { revealed } from '../support/revealed.js';

/** Somewhere to keep a policy; opened again, it is as after a restart. */
interface Place {
  open(): Promise<PolicyStore>;
  /** From now on writes fail, until `mend`. */
  spoil(): Promise<void>;
  mend(): Promise<void>;
  remove(): Promise<void>;
}

const PLACES: Record<string, () => Promise<Place>> = {
  memory: async () => {
    const place = createMemoryPlace();
    return Promise.resolve({
      open: async () => Promise.resolve(openMemoryStore(place)),
      spoil: async () => Promise.resolve(void (place.failure = new Error('no space left'))),
      mend: async () => Promise.resolve(void (place.failure = undefined)),
      remove: async () => Promise.resolve(),
    });
  },
  lmdb: async () => {
    const home = await mkdtemp(join(tmpdir(), 'nvgate-store-'));
    const directory = join(home, 'policy');
    const away = join(home, 'away');
    return {
      open: async () => openLmdbStore(directory),
      spoil: async () => rename(directory, away),
      mend: async () => rename(away, directory),
      remove: async () => rm(home, { recursive: true }),
    };
  },
};

describe.each(Object.entries(PLACES))('policy store in %s', (_, makePlace) => {
  let place: Place;

  beforeEach(async () => {
    place = await makePlace();
  });
  afterEach(async () => place.remove());

  /** What a restart finds. */
  async function reload(): Promise<Snapshot> {
    const store = await place.open();
    const snapshot = await store.load();
    await store.close();
    return snapshot;
  }

  async function commit(revision: number, list: readonly Change[]): Promise<void> {
    const store = await place.open();
    await store.load();
    await store.commit(revision, list);
    await store.close();
  }

  it('begins with an empty policy at revision 0', async () => {
    expect(await reload()).toEqual({ revision: 0, policy: createPolicyState().policy });
  });

  it('brings back every kind of object with every field', async () => {
    const { policy, blue, red } = blueAndRed();
    blue.head = { ...blue.head, providerAddress: pa('10.1.1.40') };
    const gateway = { address: '2001:db8::fe', mac: '02-00-00-00-00-01' };
    addSubnet(blue, subnet(5003, ['10.3.0.0/16', '2001:db8::/64'], gateway));
    addRecord(blue, record(5003, '2001:db8:0:0:ffff:ffff:ffff:ffff', { rule: 'nat' }));
    addRecord(blue, record(5003, '::', { type: 'gatewayWildcard' }));
    addRecord(blue, record(5003, '0.0.0.0', { type: 'gatewayWildcard', vmName: '待ち受け' }));
    const rules = [forward('dns', 53, '2001:db8::53', 53, 'udp')];
    const options = { device: 'internet', routes: ['::/0'] };
    addConnection(blue, nat('six', '2001:db8:ffff::1', rules, options));
    await commit(7, [
      ...[...policy.providerAddresses.values()].map((value): Change => ({
        op: 'upsert',
        kind: 'providerAddress',
        value,
      })),
      ...[...policy.providerRoutes.values()].map((value): Change => ({
        op: 'upsert',
        kind: 'providerRoute',
        value,
      })),
      { op: 'upsert', kind: 'routingDomain', value: blue },
      { op: 'upsert', kind: 'routingDomain', value: red },
    ]);
    expect(await reload()).toEqual({ revision: 7, policy });
  });

  it('brings back what any pushes come to, the order of provider addresses included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 4 }), async (pushes) => {
        const fresh = await makePlace();
        try {
          const state = createPolicyState();
          const store = await fresh.open();
          await store.load();
          for (const [at, push] of pushes.entries())
            await store.commit(at + 1, state.apply(push).changes);
          await store.close();
          const again = await fresh.open();
          const { revision, policy } = await again.load();
          await again.close();
          expect(revision).toBe(pushes.length);
          expect(revealed(policy)).toEqual(revealed(state.policy));
          expect([...policy.providerAddresses]).toEqual([...state.policy.providerAddresses]);
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('brings back any remote connection, secrets included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(remoteConnections, { maxLength: 3 }), async (list) => {
        const fresh = await makePlace();
        try {
          const store = await fresh.open();
          await store.load();
          const head = { id: BLUE };
          const made = list.map((value): Change => ({
            op: 'upsert',
            kind: 'connection',
            routingDomain: BLUE,
            value,
          }));
          await store.commit(1, [
            { op: 'upsert', kind: 'routingDomainHead', value: head },
            ...made,
          ]);
          await store.close();
          const again = await fresh.open();
          const { policy } = await again.load();
          await again.close();
          const wanted = new Map(list.map((connection) => [connection.id, connection]));
          expect(revealed(policy.routingDomains.get(BLUE)?.connections)).toEqual(revealed(wanted));
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes changes in their order, also of a routing domain that comes and goes', async () => {
    const { policy, blue } = blueAndRed();
    await commit(1, [{ op: 'upsert', kind: 'routingDomain', value: blue }]);
    const value = record(5001, '192.168.1.7');
    await commit(2, [
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value },
      { op: 'delete', kind: 'routingDomain', key: BLUE },
      { op: 'upsert', kind: 'routingDomainHead', value: { id: BLUE, name: 'again' } },
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value },
    ]);
    const snapshot = await reload();
    expect(snapshot.policy.routingDomains.get(BLUE)?.head.name).toBe('again');
    expect([...(snapshot.policy.routingDomains.get(BLUE)?.lookupRecords.values() ?? [])]).toEqual([
      value,
    ]);
    expect(snapshot.policy.routingDomains.get(BLUE)?.virtualSubnets.size).toBe(0);

    await commit(3, [{ op: 'upsert', kind: 'routingDomain', value: blue }]);
    expect((await reload()).policy.routingDomains).toEqual(
      new Map([[BLUE, policy.routingDomains.get(BLUE)]]),
    );
    expect((await reload()).policy.routingDomains.has(RED)).toBe(false);
  });

  it('keeps a revision without changes', async () => {
    await commit(1, []);
    expect((await reload()).revision).toBe(1);
  });

  it('refuses to write where it cannot, keeps what it had, and goes on once it can', async () => {
    const store = await place.open();
    await store.load();
    const [first, second] = ['10.1.1.40', '10.1.1.41'].map((address): Change => ({
      op: 'upsert',
      kind: 'providerAddress',
      value: providerAddress(address),
    }));
    await store.commit(1, [first as Change]);
    await place.spoil();
    await expect(store.commit(2, [second as Change])).rejects.toMatchObject({
      code: 'storeUnavailable',
    });
    await place.mend();
    expect(await store.load()).toMatchObject({ revision: 1 });
    await store.commit(2, []);
    await store.close();
    const { revision, policy } = await reload();
    expect(revision).toBe(2);
    expect([...policy.providerAddresses.keys()]).toEqual([pa('10.1.1.40')]);
  });

  it('refuses everything once closed', async () => {
    const store = await place.open();
    await store.close();
    await expect(store.commit(1, [])).rejects.toMatchObject({ code: 'storeUnavailable' });
    await expect(store.load()).rejects.toMatchObject({ code: 'storeUnavailable' });
    await store.close();
  });
});
