import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Vsid } from '../../../src/model/vsid.js';
import type { Change } from '../../../src/policy/change.js';
import { PolicyRefusedError } from '../../../src/policy/finding.js';
import {
  createMemoryPlace,
  openMemoryStore,
  type MemoryPlace,
} from '../../../src/policy/memory-store.js';
import { createPolicyService } from '../../../src/policy/policy-service.js';
import type { PolicyService, PushResult } from '../../../src/policy/service.js';
import { createPolicyState } from '../../../src/policy/state.js';
import type { PolicyStore } from '../../../src/policy/store.js';
import { validatePolicy } from '../../../src/policy/validate/index.js';
import { pushedChanges } from '../../support/policy-arbitraries.js';
import {
  addRecord,
  BLUE,
  blueAndRed,
  ENVIRONMENT,
  record,
  RED,
  subnet,
} from '../../support/policy-builder.js';
import { revealed } from '../../support/revealed.js';

const NOTHING = { gateway: false, domains: new Set() };

function upsertRecord(address: string, pa = '10.1.1.20', vsid = 5001): Change {
  const value = record(vsid, address, { pa });
  return { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value };
}

async function serve(place: MemoryPlace = createMemoryPlace()): Promise<PolicyService> {
  return createPolicyService(openMemoryStore(place), ENVIRONMENT);
}

/** A service that holds `blueAndRed` as revision 1. */
async function serveBlueAndRed(place?: MemoryPlace): Promise<PolicyService> {
  const service = await serve(place);
  await service.replace(blueAndRed().policy);
  return service;
}

/** A store whose commits wait until they are let go. */
function slowStore(): PolicyStore & { commits: number[]; release: () => void } {
  const inner = openMemoryStore();
  const commits: number[] = [];
  const waiting: (() => void)[] = [];
  return {
    ...inner,
    commits,
    release: () => waiting.shift()?.(),
    async commit(revision, list) {
      commits.push(revision);
      await new Promise<void>((resolve) => waiting.push(resolve));
      await inner.commit(revision, list);
    },
  };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a push', () => {
  it('counts the revision, says what it touched, and is there after a restart', async () => {
    const place = createMemoryPlace();
    const service = await serveBlueAndRed(place);
    const result = await service.change([upsertRecord('192.168.1.7')]);
    const { records, ...scope } = result.scope;
    expect({ ...result, scope }).toEqual({
      revision: 2,
      scope: { gateway: false, domains: new Set([BLUE]) },
      warnings: [],
    });
    expect([...(records?.domains.keys() ?? [])]).toEqual([BLUE]);
    const again = await serve(place);
    expect(again.current()).toEqual(service.current());
    expect(again.current().policy.routingDomains.get(BLUE)?.lookupRecords.size).toBe(3);
  });

  it('is refused with all that is wrong, and nothing of it stays', async () => {
    const service = await serveBlueAndRed();
    const before = structuredClone(service.current());
    const missing: Change = {
      op: 'delete',
      kind: 'virtualSubnet',
      routingDomain: BLUE,
      key: Vsid(9999),
    };
    const refused = service.change([
      upsertRecord('192.168.1.7'),
      missing,
      upsertRecord('192.168.9.7'),
      upsertRecord('192.168.1.8', '224.0.0.1'),
    ]);
    await expect(refused).rejects.toBeInstanceOf(PolicyRefusedError);
    const { findings } = (await refused.catch((error: unknown) => error)) as PolicyRefusedError;
    expect(findings.map(({ code }) => code)).toEqual([
      'notFound',
      'outsideVirtualSubnet',
      'invalidProviderAddress',
    ]);
    expect(findings[0]?.subject).toBe(missing);
    expect(service.current()).toEqual(before);
    expect((await service.change([])).revision).toBe(2);
  });

  it('brings its warnings back', async () => {
    const service = await serveBlueAndRed();
    const value = record(5001, '0.0.0.0', { rule: 'nat', type: 'gatewayWildcard' });
    const { warnings } = await service.change([
      { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value },
    ]);
    expect(warnings.map(({ subject }) => subject)).toEqual([value]);
  });

  it('is refused unless it matches the revision, which it is told', async () => {
    const service = await serveBlueAndRed();
    await expect(service.change([], { ifMatch: 0 })).rejects.toMatchObject({
      code: 'revisionMismatch',
      message: expect.stringContaining('revision 1') as string,
    });
    expect((await service.change([], { ifMatch: 1 })).revision).toBe(2);
    const { policy } = blueAndRed();
    await expect(service.replace(policy, { ifMatch: 1 })).rejects.toMatchObject({
      code: 'revisionMismatch',
    });
  });

  it('is told to listeners until they go', async () => {
    const service = await serve();
    const heard: PushResult[] = [];
    const end = service.onPush((result) => heard.push(result));
    const first = await service.replace(blueAndRed().policy);
    await service.change([upsertRecord('192.168.9.7')]).catch(() => undefined);
    expect(heard).toEqual([first]);
    end();
    await service.change([]);
    expect(heard).toEqual([first]);
  });
});

describe('replacing the policy', () => {
  it('by the same one counts, and touches nothing', async () => {
    const service = await serveBlueAndRed();
    expect(await service.replace(blueAndRed().policy)).toEqual({
      revision: 2,
      scope: NOTHING,
      warnings: [],
    });
  });

  it('touches what differs', async () => {
    const service = await serveBlueAndRed();
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5001, '192.168.1.101', { pa: '10.1.1.30' }));
    expect((await service.replace(policy)).scope).toMatchObject({
      gateway: false,
      domains: new Set([BLUE]),
    });
    policy.routingDomains.delete(RED);
    expect((await service.replace(policy)).scope).toEqual({
      gateway: true,
      domains: new Set([RED]),
    });
  });

  it('is refused by objects of the document, also those that stay the same', async () => {
    const service = await serveBlueAndRed();
    const { policy, blue } = blueAndRed();
    blue.virtualSubnets.set(Vsid(5001), subnet(5001, ['192.168.7.0/24']));
    const refused = service.replace(policy);
    await expect(refused).rejects.toBeInstanceOf(PolicyRefusedError);
    const { findings } = (await refused.catch((error: unknown) => error)) as PolicyRefusedError;
    expect([...blue.lookupRecords.values()]).toContain(findings[0]?.subject);
    expect(service.current().revision).toBe(1);
  });

  it('does not take the pushed policy over', async () => {
    const service = await serve();
    const { policy, blue } = blueAndRed();
    await service.replace(policy);
    blue.lookupRecords.clear();
    expect(service.current().policy.routingDomains.get(BLUE)?.lookupRecords.size).toBe(2);
  });
});

describe('pushes that meet', () => {
  it('are not seen before they are durable, and those that wait are stored together', async () => {
    const store = slowStore();
    const service = await createPolicyService(store, ENVIRONMENT);
    const first = service.replace(blueAndRed().policy);
    await turn();
    const pushes = [
      first,
      service.change([upsertRecord('192.168.1.7')], { ifMatch: 1 }),
      service.change([upsertRecord('192.168.9.7')]),
      service.change([upsertRecord('192.168.1.8')], { ifMatch: 2 }),
    ];
    const settled = Promise.allSettled(pushes);
    await turn();
    expect(service.current()).toMatchObject({ revision: 0, policy: { routingDomains: new Map() } });
    store.release();
    await turn();
    expect(store.commits).toEqual([1, 3]);
    expect(service.current().revision).toBe(1);
    expect(service.current().policy.routingDomains.get(BLUE)?.lookupRecords.size).toBe(2);
    store.release();
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(service.current().revision).toBe(3);
    expect(service.current().policy.routingDomains.get(BLUE)?.lookupRecords.size).toBe(4);
  });

  it('come to what they would one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pushedChanges, { maxLength: 8 }), async (pushes) => {
        const place = createMemoryPlace();
        const service = await serveBlueAndRed(place);
        await Promise.allSettled(pushes.map(async (push) => service.change(push)));

        const model = createPolicyState(blueAndRed().policy);
        let revision = 1;
        for (const push of pushes) {
          const { missing, undo } = model.apply(push);
          const { errors } = validatePolicy(model.policy, ENVIRONMENT);
          if (missing.length + errors.length > 0) undo();
          else revision += 1;
        }
        expect(revealed(service.current())).toEqual(revealed({ revision, policy: model.policy }));
        expect(revealed((await serve(place)).current())).toEqual(revealed(service.current()));
      }),
    );
  });
});

describe('pushes that follow each other', () => {
  it('come to the same, whichever of them are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pushedChanges, { maxLength: 8 }), async (pushes) => {
        const service = await serveBlueAndRed();
        const model = createPolicyState(blueAndRed().policy);
        for (const push of pushes) {
          const { missing, undo } = model.apply(push);
          const { errors } = validatePolicy(model.policy, ENVIRONMENT);
          const isRefused = missing.length + errors.length > 0;
          if (isRefused) undo();
          const [{ status }] = await Promise.allSettled([service.change(push)]);
          expect(status).toBe(isRefused ? 'rejected' : 'fulfilled');
          expect(revealed(service.current().policy)).toEqual(revealed(model.policy));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('leave the objects that were pushed in place, for findings to name', async () => {
    const service = await serveBlueAndRed();
    const same = upsertRecord('192.168.1.101');
    await service.change([same]);
    await service.change([upsertRecord('192.168.1.7')]);
    const records = service.current().policy.routingDomains.get(BLUE)?.lookupRecords.values();
    expect([...(records ?? [])]).toContain('value' in same && same.value);
  });
});

describe('a large push', () => {
  /** Turns that a push takes are counted for so long at most. */
  const TURNS = 1_000;
  const many = (host: string): Change[] =>
    Array.from({ length: 20_000 }, (_, index) =>
      upsertRecord(`192.168.1.${2 + (index % 100)}`, index < 19_900 ? '10.1.1.30' : host),
    );

  async function turnsOf(push: Promise<unknown>, look: () => void): Promise<number> {
    const settled = push.then(
      () => true,
      () => true,
    );
    let turns = 0;
    while (!(await Promise.race([settled, turn()])) && turns < TURNS) {
      look();
      turns += 1;
    }
    return turns;
  }

  it.each(['10.1.1.31', '224.0.0.1'])(
    'leaves others their turns, who see nothing of it before it is durable (%s)',
    async (host) => {
      const service = await serveBlueAndRed();
      const before = revealed(service.current());
      const push = service.change(many(host));
      const turns = await turnsOf(push, () => expect(revealed(service.current())).toEqual(before));
      expect(turns).toBeGreaterThan(10);
      const isRefused = host === '224.0.0.1';
      await (isRefused ? expect(push).rejects.toBeInstanceOf(PolicyRefusedError) : push);
      expect(service.current().revision).toBe(isRefused ? 1 : 2);
      if (isRefused) expect(revealed(service.current())).toEqual(before);
    },
  );

  it('makes those behind it wait, which then see what it has done', async () => {
    const service = await serveBlueAndRed();
    const [first, second] = await Promise.all([
      service.change(many('10.1.1.31')),
      service.change([upsertRecord('192.168.1.7')], { ifMatch: 2 }),
    ]);
    expect([first.revision, second.revision]).toEqual([2, 3]);
  });
});

describe('a store that cannot be written', () => {
  it('refuses the push, and the policy stays as it was', async () => {
    const place = createMemoryPlace();
    const service = await serveBlueAndRed(place);
    const before = structuredClone(service.current());
    place.failure = new Error('no space left on device');
    const heard: PushResult[] = [];
    service.onPush((result) => heard.push(result));

    const settled = await Promise.allSettled([
      service.change([upsertRecord('192.168.1.7')]),
      service.change([{ op: 'delete', kind: 'routingDomain', key: RED }]),
      service.replace(blueAndRed().policy),
    ]);
    expect(settled).toMatchObject(
      settled.map(() => ({ status: 'rejected', reason: { code: 'storeUnavailable' } })),
    );
    expect(service.current()).toEqual(before);
    expect(heard).toEqual([]);

    place.failure = undefined;
    expect((await service.change([upsertRecord('192.168.1.7')])).revision).toBe(2);
    expect((await serve(place)).current()).toEqual(service.current());
  });
});
