import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../support/capture.js';
import { gatewayCharon } from '../support/gateway-charon.js';
import type { Office } from '../support/office.js';
import type { PeerIkeSa } from '../support/office-sas.js';
import { lostOf, startPing, type RunningPing } from '../support/ping.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { transfer } from '../support/tcp-transfer.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  type VpnLab,
} from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'renewed over and over' } as const;
/** The length of its echo packets tells whose they are. */
const BYTES = { blue: 100, red: 200 } as const;
type Name = keyof typeof BYTES;
/** Milliseconds between two pings, and what a new IKE SA takes in the second half of IKE_AUTH. */
const INTERVAL = 5;
const AUTHENTICATION_TIME = 25;

/** Blue and red have equal addresses, their offices too; blue's SAs are renewed by hand, red's by time. */
describe('SAs are renewed under traffic (G3)', () => {
  let lab: VpnLab;
  let offices: Record<Name, Office>;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' });
    offices = {
      blue: await lab.addOffice({ label: 'blueoffice', lan: '192.168.101' }),
      red: await lab.addOffice({ label: 'redoffice', lan: '192.168.101' }),
    };
    await expectGateway(offices.blue, PSK);
    await expectGateway(offices.red, PSK, { remoteAddress: OTHER_SOURCE });
    for (const { charon } of Object.values(offices)) await charon.start();
    await push();
  });

  afterAll(cleanUp);

  const push = (blue: Parameters<typeof ikev2>[2] = {}) =>
    lab.push({
      blue: [ikev2(offices.blue, PSK, blue)],
      red: [
        ikev2(offices.red, PSK, {
          ...{ sourceAddress: OTHER_SOURCE, quickMode: { saLifeTimeSeconds: 30 } },
          mainMode: { saLifeTimeSeconds: 60 },
        }),
      ],
    });
  /** A tunnel that has never known another setting. */
  const pushAnew = async (blue: Parameters<typeof ikev2>[2]): Promise<void> => {
    await lab.push({ blue: [], red: [] });
    await push(blue);
    await lab.tunnel('blue').connected();
    await reaches(vm('blue'), offices.blue.hostAddress);
  };
  const vm = (name: Name) => lab.tenants.tenant(name).vm;
  const pinging = async (name: Name): Promise<RunningPing> => {
    await lab.tunnel(name).connected();
    await reaches(vm(name), offices[name].hostAddress);
    return startPing(vm(name), offices[name].hostAddress, {
      ...{ interval: INTERVAL / 1000, payloadBytes: BYTES[name] },
    });
  };
  const nothingLost = async (running: RunningPing): Promise<number> => {
    const result = await running.stop();
    expect({ lost: lostOf(result), duplicates: result.duplicates, errors: result.errors }).toEqual({
      ...{ lost: [], duplicates: 0, errors: [] },
    });
    return result.received;
  };
  /** What the office of the VM network has now: SAs in use, those that are going left out. */
  const current = async (name: Name): Promise<{ ike: PeerIkeSa; spi: string }> => {
    const ike = (await offices[name].charon.sas()).filter(({ state }) => state === 'ESTABLISHED');
    const child = ike.at(-1)?.children.filter(({ state }) => state === 'INSTALLED');
    return { ike: ike.at(-1) as PeerIkeSa, spi: child?.at(-1)?.spiIn ?? '' };
  };

  test('10,000 pings, 20 renewals by either end, one kill of the gateway: none is lost, none strays', async () => {
    const [blue, red] = [await pinging('blue'), await pinging('red')];
    const strays = await Promise.all(
      (['blue', 'red'] as const).flatMap((name) => {
        const other = BYTES[name === 'blue' ? 'red' : 'blue'];
        const filter = `icmp and ip[2:2] = ${other + 28}`;
        return [vm(name), offices[name].host].map((host) => capture(host, 'eth0', filter));
      }),
    );
    const charon = await gatewayCharon(lab.tenants.domainNamespace('blue'));
    const [mine] = await charon.sas();
    const redBefore = await current('red');
    const byGateway = (...which: string[]) => charon.swanctl('--rekey', ...which);
    const renewals = [
      () => offices.blue.charon.rekeyIke('gateway'),
      () => byGateway('--ike', mine?.connection ?? ''),
      () => offices.blue.charon.rekeyChild('net'),
      () => byGateway('--child', mine?.children[0]?.name ?? ''),
    ];
    for (let index = 0; index < 20; index++) {
      const before = await current('blue');
      const what = index % 4 < 2 ? 'ike' : 'child';
      await renewals[index % 4]?.();
      await eventually(`renewal ${index} (${what})`, async () => {
        const { ike, spi } = await current('blue');
        const renewed = what === 'ike' ? ike.uniqueId !== before.ike.uniqueId : spi !== before.spi;
        return renewed || undefined;
      });
      if (index === 10) {
        await lab.tenants.gateway.stop('SIGKILL');
        await lab.tenants.gateway.start();
      }
      await blue.answered(500 * (index + 1));
    }
    expect(await nothingLost(blue)).toBeGreaterThanOrEqual(10_000);
    expect(await nothingLost(red)).toBeGreaterThanOrEqual(5_000);
    for (const each of strays) expect(await each.stop()).toEqual([]);
    // A minute has passed: red's have been renewed by their age.
    const redAfter = await current('red');
    expect(redAfter.spi).not.toBe(redBefore.spi);
    expect(redAfter.ike.uniqueId).not.toBe(redBefore.ike.uniqueId);
    expect((await gatewayCharon(lab.tenants.domainNamespace('blue'))).pid).toBe(charon.pid);
  }, 180_000);

  test('authenticated again, made before the old one is broken', async () => {
    await pushAnew({ mainMode: { reauthenticate: true } });
    const running = await pinging('blue');
    await running.answered(100);
    const before = await current('blue');
    const charon = await gatewayCharon(lab.tenants.domainNamespace('blue'));
    const [mine] = await charon.sas();
    await charon.swanctl('--rekey', '--ike', mine?.connection ?? '', '--reauth');
    await eventually('another IKE SA alone', async () => {
      const sas = await offices.blue.charon.sas();
      const [only] = sas;
      return (sas.length === 1 && only?.uniqueId !== before.ike.uniqueId) || undefined;
    });
    await running.answered(500);
    const result = await running.stop();
    // The office uses the new SA before the gateway has heard of it: IKE_AUTH has no third message.
    expect(lostOf(result).length).toBeLessThanOrEqual(AUTHENTICATION_TIME / INTERVAL);
    expect(result).toMatchObject({ duplicates: 0, errors: [] });
  });

  test('renewed after so many bytes', async () => {
    await pushAnew({ quickMode: { saLifeTimeKiloBytes: 1024 } });
    const before = await current('blue');
    const { client, server } = await transfer({
      ...{ client: vm('blue'), address: offices.blue.hostAddress, port: 9000 },
      ...{ server: offices.blue.host, bytes: 2 << 20, content: 'volume' },
    });
    expect([client.received, server.received]).toEqual([server.sent, client.sent]);
    await eventually('another pair of ESP SAs', async () => {
      const { ike, spi } = await current('blue');
      return (spi !== before.spi && ike.uniqueId === before.ike.uniqueId) || undefined;
    });
  });
});
