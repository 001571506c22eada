import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayCharon, pidsOf, CHARON } from '../support/gateway-charon.js';
import { startIkeNoise } from '../support/ike-noise.js';
import { createNamespace, ip, type Namespace } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { lostOf, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { connect } from '../support/topology.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  SOURCE,
  type VpnLab,
} from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'steadfast' } as const;
/** As many addresses as a flood pretends to come from: 198.19.0.1 … */
const FLOODERS = 64;
/** More memory than this a charon must not take for what strangers send. */
const GROWTH = 24 * 1024 * 1024;

/**
 * Blue has a tunnel to its office by way of an address of its own; whatever is done here is done to
 * red, which waits for its office to call from anywhere.
 */
describe('peers that misbehave', () => {
  let lab: VpnLab;
  let offices: { readonly blue: Office; readonly red: Office };
  let strangers: Namespace;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' });
    offices = {
      blue: await lab.addOffice({ label: 'blueoffice', lan: '192.168.101' }),
      red: await lab.addOffice({ label: 'redoffice', lan: '192.168.101' }),
    };
    await expectGateway(offices.blue, PSK);
    await expectGateway(offices.red, PSK, {
      ...{ remoteAddress: OTHER_SOURCE, localIdentity: 'red.example' },
    });
    for (const { charon } of Object.values(offices)) await charon.start();
    strangers = await createNamespace('strangers');
    await connect(
      { namespace: lab.internet, device: 'strangers', addresses: ['198.19.255.1/16'] },
      { namespace: strangers, device: 'eth0', addresses: ['198.19.255.2/16'] },
    );
    await ip(
      strangers,
      ...Array.from({ length: FLOODERS }, (_, n) => `address add 198.19.0.${n + 1}/16 dev eth0`),
      'route add default via 198.19.255.1',
    );
    await pushed();
  });

  afterAll(cleanUp);

  const vm = (name: 'blue' | 'red') => lab.tenants.tenant(name).vm;
  const waiting = () =>
    ikev2(offices.red, PSK, {
      ...{ sourceAddress: OTHER_SOURCE, destinationAddress: '0.0.0.0' },
      remoteIdentity: 'red.example',
    });
  const pushed = async (red = waiting()): Promise<void> => {
    await lab.push({ blue: [ikev2(offices.blue, PSK)], red: [red] });
    await lab.tunnel('blue').connected();
    await reaches(vm('blue'), offices.blue.hostAddress);
  };
  const residentMemory = (pid: number): number =>
    1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  /** While it goes on blue loses no packet, no charon dies, and red's takes little memory. */
  const undisturbed = async (nuisance: () => Promise<void>): Promise<void> => {
    const charons = {
      blue: await gatewayCharon(lab.tenants.domainNamespace('blue')),
      red: await gatewayCharon(lab.tenants.domainNamespace('red')),
    };
    const before = residentMemory(charons.red.pid);
    const running = startPing(vm('blue'), offices.blue.hostAddress, { interval: 0.01 });
    await running.answered(10);
    await nuisance();
    const result = await running.stop();
    expect({ lost: lostOf(result), duplicates: result.duplicates }).toEqual({
      ...{ lost: [], duplicates: 0 },
    });
    for (const [name, { pid }] of Object.entries(charons))
      expect(await pidsOf(lab.tenants.domainNamespace(name), CHARON)).toEqual([pid]);
    expect(residentMemory(charons.red.pid) - before).toBeLessThan(GROWTH);
  };
  const redComesUp = async (): Promise<void> => {
    await offices.red.charon.initiate('net');
    await lab.tunnel('red').connected();
    await reaches(vm('red'), offices.red.hostAddress);
    await offices.red.charon.terminate('gateway');
  };

  test('garbage on the ports of IKE and ESP', async () => {
    await undisturbed(async () => {
      for (const port of [500, 4500])
        for (const target of [OTHER_SOURCE, SOURCE])
          await startIkeNoise(strangers, {
            ...{ kind: 'garbage', target, port, packets: 2000, sources: FLOODERS },
          }).done;
    });
    await redComesUp();
  });

  test('a flood of first messages: half-open SAs', async () => {
    await undisturbed(async () => {
      await startIkeNoise(strangers, {
        ...{ kind: 'firstMessages', target: OTHER_SOURCE, port: 500 },
        ...{ packets: 5000, sources: FLOODERS },
      }).done;
    });
    const { stdout } = await (
      await gatewayCharon(lab.tenants.domainNamespace('red'))
    ).swanctl('--stats');
    expect(Number(/(\d+) half-open/.exec(stdout)?.[1])).toBeLessThanOrEqual(200);
  });

  test('the right peer gets in during the flood', async () => {
    const flood = startIkeNoise(strangers, {
      ...{ kind: 'firstMessages', target: OTHER_SOURCE, port: 500 },
      ...{ packets: 100_000, sources: FLOODERS },
    });
    try {
      await redComesUp();
    } finally {
      await flood.stop();
    }
  }, 90_000);

  test('a peer that answers garbage', async () => {
    const address = '198.19.254.1';
    await ip(strangers, `address add ${address}/16 dev eth0`);
    const liar = startIkeNoise(strangers, { kind: 'answers', target: address, port: 500 });
    await undisturbed(async () => {
      await pushed(ikev2({ ...offices.red, address }, PSK, { sourceAddress: OTHER_SOURCE }));
      const { lastError } = await lab.tunnel('red').until(
        'failed',
        ({ connection, lastError: error }) => {
          return connection !== 'connected' && error !== undefined;
        },
        60_000,
      );
      expect(lastError?.cause).toMatch(/peerMisbehaved|peerUnreachable/);
    });
    await liar.stop();
    await pushed();
    await redComesUp();
  }, 120_000);
});
