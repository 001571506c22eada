import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectOptions } from '../../src/dataplane/bpf/object.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { DataPlane, Operation } from '../../src/dataplane/port.js';
import { diff } from '../../src/reconcile/diff.js';
import { attachedEntries } from '../support/attached-maps.js';
import { createKernelSubject, type KernelSubject } from '../support/kernel-subject.js';
import { ipJson } from '../support/namespace.js';
import { CONTRACT_POLICIES } from './dataplane.js';

/** Each map of the policy has another layout than the subject's first one. */
const OTHER_LIMITS: ObjectOptions['maxEntries'] = {
  ...{ provider_addresses: 300, virtual_subnets: 300, lookup_records: 300 },
  ...{ customer_routes: 300, provider_peers: 300 },
  rewrites: 300,
  ...{ provider_groups: 300, multicast_routes: 300, replications: 300 },
};

describe('programs whose maps have another layout take over', { timeout: 300_000 }, () => {
  let subject: KernelSubject;
  beforeEach(async () => {
    subject = await createKernelSubject();
    await bring(subject.dataPlane);
  });
  afterEach(() => subject.dispose());

  const policy = CONTRACT_POLICIES.full;

  async function remaining(dataPlane: DataPlane): Promise<Operation[]> {
    return diff(compile(policy, subject.environment, 'all'), await dataPlane.observe('all'));
  }

  async function bring(dataPlane: DataPlane): Promise<void> {
    expect(await dataPlane.apply(await remaining(dataPlane))).toEqual([]);
    expect(await remaining(dataPlane)).toEqual([]);
  }

  /** What the program on each device works with, by device. */
  async function entries(): Promise<Record<string, unknown>> {
    const links = (await ipJson(subject.namespace, 'link')) as {
      ifname: string;
      ifindex: number;
    }[];
    return Object.fromEntries(
      links.flatMap(({ ifname, ifindex }) => {
        const found = attachedEntries(ifindex);
        return found === undefined ? [] : [[ifname, found]];
      }),
    );
  }

  test('at every step each device has a program whose maps have all entries', async () => {
    const complete = await entries();
    expect(Object.keys(complete)).toHaveLength(6);
    const next = subject.reopen(OTHER_LIMITS);
    const way = await remaining(next);
    expect(new Set(way.map(({ action }) => action))).toEqual(new Set(['add']));
    expect(way.at(-1)?.object.kind).toBe('filter');
    for (const [step, operation] of way.entries()) {
      await next.apply([operation]);
      expect(await entries(), `after step ${step}`).toEqual(complete);
    }
    expect(await remaining(next)).toEqual([]);
  });

  test('a process that dies on the way leaves what any next one goes on from', async () => {
    const complete = await entries();
    const way = await remaining(subject.reopen(OTHER_LIMITS));
    for (let step = 0; step <= way.length; step += 7) {
      await subject.reopen(OTHER_LIMITS).apply(way.slice(0, step));
      // The process dies here; the next one is of the new build, or of the one before.
      await bring(subject.reopen(step % 2 === 0 ? OTHER_LIMITS : undefined));
      expect(await entries(), `after step ${step} and a start`).toEqual(complete);
      await bring(subject.reopen());
    }
  });

  test('where the new maps are too small the old programs stay, with all they have', async () => {
    const complete = await entries();
    const small = subject.reopen({ ...OTHER_LIMITS, lookup_records: 2 });
    const failures = await small.apply(await remaining(small));
    const codes = new Map(failures.map(({ operation, code }) => [operation.object.kind, code]));
    expect(codes).toEqual(
      new Map([
        ['lookupRecord', 'limitExceeded'],
        ['filter', 'kernelOperationFailed'],
      ]),
    );
    // All but `outbound`, whose maps are the same.
    expect(failures.filter(({ operation }) => operation.object.kind === 'filter')).toHaveLength(5);
    expect(await entries()).toEqual(complete);
    // A run that looks at one VM network alone does not forget what the others lack.
    const [domain] = policy.routingDomains.keys();
    if (domain === undefined) throw new Error('no domain');
    const gateway = { gateway: true, domains: new Set<typeof domain>() };
    const rest = diff(compile(policy, subject.environment, gateway), await small.observe(gateway));
    expect((await small.apply(rest)).map(({ operation }) => operation.object.kind)).toEqual([
      ...['filter', 'filter'],
    ]);
    await bring(subject.reopen(OTHER_LIMITS));
    expect(await entries()).toEqual(complete);
  });

  test('a device that is not there holds nobody up', async () => {
    const next = subject.reopen(OTHER_LIMITS);
    const way = await remaining(next);
    const [subnet] = way.flatMap(({ object }) => (object.kind === 'virtualSubnet' ? [object] : []));
    if (subnet === undefined) throw new Error('no subnet');
    const elsewhere = { ...subnet, entry: { ...subnet.entry, underlay: 'gone' } };
    const failures = await next.apply([{ action: 'add', object: elsewhere }, ...way]);
    expect(failures.map(({ operation }) => operation.object)).toEqual([elsewhere]);
    expect(await remaining(next)).toEqual([]);
  });
});
