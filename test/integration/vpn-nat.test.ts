import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../support/namespace.js';
import { createNatBox, endMasquerade, forwardIpsec, masquerade } from '../support/nat-box.js';
import { createOffice, type LineOptions, type Office } from '../support/office.js';
import { expectAnswers, lostOf, ping, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const SECRETS = {
  first: { method: 'psk', secret: 'of the first' },
  second: { method: 'psk', secret: 'of the second' },
} as const;
const GATEWAY = 'gateway.example';
const VM_ADDRESS = '192.168.1.101';

/** Two offices with private addresses behind one NAT box. */
describe('peers behind NAT (G3)', () => {
  let lab: VpnLab;
  let box: Namespace;
  let boxLine: LineOptions;
  let first: Office;
  let second: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    boxLine = lab.line();
    box = await createNatBox({ label: 'box', ...boxLine });
    const behindBox = (label: string, index: number): Promise<Office> =>
      createOffice({
        ...{ label, lan: `192.168.10${index}` },
        line: { upstream: box, upstreamAddress: `10.0.${index}.1`, address: `10.0.${index}.2` },
      });
    first = await behindBox('first', 1);
    second = await behindBox('second', 2);
    for (const { charon } of [first, second]) await charon.start();
  });

  afterAll(cleanUp);

  const vm = () => lab.tenants.tenant('blue').vm;
  const tells = (office: Office): Promise<void> =>
    expectGateway(office, SECRETS[office.label as keyof typeof SECRETS], {
      ...{ localIdentity: `${office.label}.example`, remoteIdentity: GATEWAY },
    });
  const connection = (office: Office, destinationAddress = '0.0.0.0') =>
    ikev2(office, SECRETS[office.label as keyof typeof SECRETS], {
      ...{ id: office.label, destinationAddress, localIdentity: GATEWAY },
      remoteIdentity: `${office.label}.example`,
    });
  const bothWays = async (office: Office): Promise<void> => {
    await reaches(vm(), office.hostAddress);
    await expectAnswers(vm(), office.hostAddress);
    await expectAnswers(office.host, VM_ADDRESS);
  };

  test('two offices call from behind one box, known by their identities', async () => {
    await lab.push({ blue: [connection(first), connection(second)] });
    for (const office of [first, second]) {
      await tells(office);
      await office.charon.initiate('net');
      const { peerAddress } = await lab.tunnel('blue', office.label).connected();
      expect(peerAddress).toBe(boxLine.address);
    }
    for (const office of [first, second]) await bothWays(office);
  });

  test('one of them ends, the other notices nothing', async () => {
    const running = startPing(vm(), second.hostAddress, { interval: 0.01 });
    await running.answered(20);
    await first.charon.terminate('gateway');
    await lab.tunnel('blue', 'first').until('ended', ({ connection: is }) => is !== 'connected');
    await running.answered(60);
    expect(lostOf(await running.stop())).toEqual([]);
    expect(await ping(vm(), first.hostAddress, { count: 1 })).toMatchObject({ received: 0 });
  });

  describe('NAT at both ends', () => {
    beforeAll(async () => {
      await lab.push({ blue: [] });
      // The gateway's external addresses are private now: the outside sees the router's.
      await masquerade(lab.internet, 'box');
      await forwardIpsec(box, 'outside', first.address);
      await expectGateway(first, SECRETS.first, {
        ...{ remoteAddress: boxLine.upstreamAddress, localIdentity: 'first.example' },
        remoteIdentity: GATEWAY,
      });
    });

    afterAll(() => endMasquerade(lab.internet));

    test('the gateway calls through a forwarded port', async () => {
      await lab.push({ blue: [connection(first, boxLine.address)] });
      await lab.tunnel('blue', 'first').connected();
      await bothWays(first);
      const [sa] = await first.charon.sas();
      expect(sa).toMatchObject({ remoteAddress: boxLine.upstreamAddress });
    });
  });
});
