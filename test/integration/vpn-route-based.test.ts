import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture, type Capture } from '../support/capture.js';
import { ip } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers, ping, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  reaches,
  SOURCE,
  type VpnLab,
} from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'everything' } as const;
const EVERYWHERE = '0.0.0.0/0';
/** Somewhere on the internet, as the office sees it. */
const FAR = '192.0.2.77';

/** All that leaves the VM network goes to the office, and nowhere without it. */
describe('route-based, everything through the tunnel (G3)', () => {
  let lab: VpnLab;
  let office: Office;
  /** What comes out of the gateway to anybody but the peer, from the beginning to the end. */
  let leaks: Capture;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({
      ...{ label: 'office', lan: '192.168.101', tunnelRoutes: ['192.168.1.0/24'] },
    });
    await ip(office.host, `address add ${FAR}/32 dev lo`);
    await ip(office.namespace, `route add ${FAR}/32 via ${office.hostAddress}`);
    // The internet would answer in the office's place.
    await ip(lab.internet, `address add ${FAR}/32 dev lo`);
    await expectGateway(office, PSK, {
      ...{ localSelectors: [EVERYWHERE], remoteSelectors: [EVERYWHERE] },
    });
    leaks = await capture(
      ...([
        lab.internet,
        'eth0',
        `not arp and not ip6 multicast and not (src ${SOURCE} and dst ${office.address})`,
      ] as const),
      { direction: 'in' },
    );
    await lab.push({
      blue: [
        ikev2(office, PSK, {
          routes: [{ destinationPrefix: EVERYWHERE, metric: 10 }],
        }),
      ],
    });
  });

  afterAll(cleanUp);

  const vm = () => lab.tenants.tenant('blue').vm;

  test('before the tunnel is up nothing gets out', async () => {
    for (const address of [FAR, office.hostAddress])
      expect(await ping(vm(), address)).toMatchObject({ received: 0 });
    expect((await lab.tunnel('blue').state()).connection).not.toBe('connected');
  });

  test('the tunnel leads everywhere', async () => {
    await office.charon.start();
    await lab.tunnel('blue').connected();
    await reaches(vm(), FAR);
    await expectAnswers(vm(), FAR);
    await expectAnswers(vm(), office.hostAddress);
    await expectAnswers(office.host, '192.168.1.101');
  });

  test('while it breaks and comes back nothing gets out', async () => {
    const running = startPing(vm(), FAR, { interval: 0.01 });
    await running.answered(20);
    await office.charon.stop();
    await lab.tunnel('blue').until('down', ({ connection }) => connection !== 'connected');
    await ping(vm(), FAR);
    await office.charon.start();
    await lab.tunnel('blue').connected();
    await reaches(vm(), FAR);
    await running.stop();
  });

  test('when the connection is no more nothing gets out', async () => {
    await lab.push({ blue: [] });
    expect(await ping(vm(), FAR)).toMatchObject({ received: 0 });
    const packets = await leaks.stop();
    expect(packets.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual([]);
  });
});
