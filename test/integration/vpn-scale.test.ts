import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayCharon, proportionalSetSize } from '../support/gateway-charon.js';
import type { Office } from '../support/office.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const COUNT = 100;
/** Half of the VM networks share an external address, the others have their own. */
const SHARED = '203.0.113.20';
const sourceOf = (index: number): string =>
  index % 2 === 0 ? SHARED : `203.0.113.${101 + (index - 1) / 2}`;
const secretOf = (index: number): string => `the key of ${index}`;
/** Milliseconds; twice what is promised, for the peers are on the same machine. */
const UP_WITHIN = 120_000;
const MEMORY = 400 * 1024 * 1024;
/** How many things are done at once where the order says nothing. */
const AT_ONCE = 4;

/** 100 VM networks with the same addresses, each with an office; these have the same addresses too. */
describe(`${COUNT} VM networks with a tunnel each (G7)`, () => {
  let lab: VpnLab;
  const names = Array.from({ length: COUNT }, (_, index) => `t${index}`);
  const offices = new Map<string, Office>();

  beforeAll(async () => {
    lab = await createVpnLab(Object.fromEntries(names.map((name) => [name, '192.168.1'])));
    await eachOf(names, async (name, index) => {
      const office = await lab.addOffice({
        ...{ label: `o${index}`, lan: '192.168.101', withHost: false },
      });
      offices.set(name, office);
      await expectGateway(
        office,
        { method: 'psk', secret: secretOf(index) },
        { remoteAddress: sourceOf(index), connection: { dpd_delay: '30s' } },
      );
      await office.charon.start();
    });
  }, 300_000);

  afterAll(cleanUp, 120_000);

  const officeOf = (name: string): Office => {
    const office = offices.get(name);
    if (office === undefined) throw new Error(`${name} has no office.`);
    return office;
  };
  const policy = () =>
    Object.fromEntries(
      names.map((name, index) => [
        name,
        [
          ikev2(
            officeOf(name),
            { method: 'psk', secret: secretOf(index) },
            { sourceAddress: sourceOf(index), deadPeerDetectionSeconds: 30 },
          ),
        ],
      ]),
    );

  test('all are up after one push', async () => {
    const began = Date.now();
    await lab.push(policy());
    const missing = new Set(names);
    await eventually(
      'all are connected',
      async () => {
        for (const name of missing) {
          const { connection } = await lab.tunnel(name).state();
          if (connection !== 'connected') return undefined;
          missing.delete(name);
        }
        return true;
      },
      UP_WITHIN,
    );
    console.log(`${COUNT} tunnels are up after ${Date.now() - began} ms.`);
  }, 200_000);

  test('every VM reaches the office of its own', async () => {
    await eachOf(names, (name) =>
      reaches(lab.tenants.tenant(name).vm, officeOf(name).hostAddress, 30_000),
    );
    // Each office has heard of one VM network: its own key let nobody else in.
    await eachOf(names, async (name) => {
      const [sa, ...others] = await officeOf(name).charon.sas();
      expect([others, sa?.children.length]).toEqual([[], 1]);
      expect(sa?.children[0]?.packetsIn).toBeGreaterThan(0);
    });
  }, 200_000);

  test('all charons together stay small', async () => {
    let sum = 0;
    for (const name of names) {
      const { pid } = await gatewayCharon(lab.tenants.domainNamespace(name));
      sum += proportionalSetSize(pid);
    }
    console.log(`${COUNT} charons take ${Math.round(sum / 1024 / 1024)} MiB.`);
    expect(sum).toBeLessThanOrEqual(MEMORY);
  }, 60_000);

  test('one tunnel falls and comes back: SAs and counters of all others are as they were', async () => {
    const [flapping = '', ...others] = names;
    const held = async (): Promise<unknown[]> => {
      const states: unknown[] = [];
      await eachOf(others, async (name, index) => {
        const sas = await officeOf(name).charon.sas();
        states[index] = sas.map(({ uniqueId, children }) => [
          ...[name, uniqueId],
          ...children.map(({ spiIn, packetsIn, packetsOut }) => [spiIn, packetsIn, packetsOut]),
        ]);
      });
      return states;
    };
    const before = await held();
    await officeOf(flapping).charon.stop();
    await lab.tunnel(flapping).until('down', ({ connection }) => connection !== 'connected');
    await officeOf(flapping).charon.start();
    await lab.tunnel(flapping).connected(60_000);
    await reaches(lab.tenants.tenant(flapping).vm, officeOf(flapping).hostAddress);
    expect(await held()).toEqual(before);
  }, 120_000);
});

async function eachOf(
  names: readonly string[],
  task: (name: string, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...names.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await task(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
