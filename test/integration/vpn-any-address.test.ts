import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ikev2ConnectionDocument } from '../../provider/remote-connection-schemas.js';
import { ip } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'wherever it is' } as const;
const OFFICE = 'office.example';

/** The office has a line whose address changes: 198.18.1.2, 198.18.201.2, 198.18.202.2. */
describe('a peer with a dynamic address (G3)', () => {
  let lab: VpnLab;
  let office: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    for (const network of ['198.18.201', '198.18.202'])
      await ip(lab.internet, `address add ${network}.1/30 dev office`);
    await expectGateway(office, PSK, { localIdentity: OFFICE });
    await office.charon.start();
  });

  afterAll(cleanUp);

  const vm = () => lab.tenants.tenant('blue').vm;
  const connection = (others: Partial<Ikev2ConnectionDocument> = {}): Ikev2ConnectionDocument =>
    ikev2(office, PSK, { destinationAddress: '0.0.0.0', remoteIdentity: OFFICE, ...others });
  /** The provider gives the line another address, in place of all others. */
  const moveLine = (network: string): Promise<string> =>
    ip(
      office.namespace,
      `address replace ${network}.2/30 dev wan`,
      `route replace default via ${network}.1`,
      ...['198.18.1', '198.18.201', '198.18.202']
        .filter((each) => each !== network)
        .map((each) => `address flush dev wan to ${each}.2`),
      `route replace default via ${network}.1`,
    );

  test('the gateway waits and says so', async () => {
    await lab.push({ blue: [connection()] });
    expect(await lab.tunnel('blue').state()).toMatchObject({
      ...{ configuration: 'synchronized', connection: 'connecting' },
    });
  });

  test.each(['198.18.1', '198.18.201', '198.18.202'])(
    'the office calls from %s.2',
    async (network) => {
      await office.charon.stop();
      await moveLine(network);
      await office.charon.start();
      await office.charon.initiate('net');
      const { peerAddress } = await lab
        .tunnel('blue')
        .until(
          'connected from there',
          ({ connection: is, peerAddress: from }) => is === 'connected' && from === `${network}.2`,
        );
      expect(peerAddress).toBe(`${network}.2`);
      await reaches(vm(), office.hostAddress);
      await expectAnswers(office.host, '192.168.1.101');
    },
  );

  test('a stranger with the key and another name is not let in', async () => {
    const stranger = await lab.addOffice({ label: 'stranger', lan: '192.168.101' });
    await expectGateway(stranger, PSK, { localIdentity: 'stranger.example' });
    await stranger.charon.start();
    await expect(stranger.charon.initiate('net')).rejects.toThrow('AUTHENTICATION_FAILED');
    await reaches(vm(), office.hostAddress);
    expect((await lab.tunnel('blue').state()).connection).toBe('connected');
  });

  test('an office that the gateway calls at its address may call from another one', async () => {
    await office.charon.stop();
    await moveLine('198.18.1');
    await office.charon.start();
    await lab.push({
      blue: [connection({ destinationAddress: '198.18.1.2', peerAddressMayChange: true })],
    });
    await lab.tunnel('blue').connected();
    await office.charon.stop();
    await moveLine('198.18.201');
    await office.charon.start();
    await office.charon.initiate('net');
    await lab
      .tunnel('blue')
      .until('connected from there', ({ peerAddress }) => peerAddress === '198.18.201.2');
    await reaches(vm(), office.hostAddress);
  });
});
