import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ikev2ConnectionDocument } from '../../provider/remote-connection-schemas.js';
import type { ConnectionDocument } from '../../provider/schemas.js';
import { capture } from '../support/capture.js';
import { gatewayCharon } from '../support/gateway-charon.js';
import type { Office } from '../support/office.js';
import { expectAnswers, lostOf, ping, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { transfer } from '../support/tcp-transfer.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  SOURCE,
  type VpnLab,
} from '../support/vpn-lab.js';

const SECRET = 'a key that "both" know \\ {1}';
const PSK = { method: 'psk', secret: SECRET } as const;
const WRONG = { method: 'psk', secret: 'a key that one knows' } as const;

/** Blue and red have equal addresses; each has an office, and what is wrong is always red's. */
describe('IKEv2 with a pre-shared key (G3, G9)', () => {
  let lab: VpnLab;
  let blueOffice: Office;
  let redOffice: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' });
    blueOffice = await lab.addOffice({ label: 'blueoffice', lan: '192.168.101' });
    redOffice = await lab.addOffice({ label: 'redoffice', lan: '192.168.101' });
    await expectGateway(blueOffice, PSK);
    await expectRed();
    for (const { charon } of [blueOffice, redOffice]) await charon.start();
  });

  afterAll(cleanUp);

  /** Red's office says who it is, and who it wants to talk to. */
  const expectRed = (authentication: typeof PSK | typeof WRONG = PSK) =>
    expectGateway(redOffice, authentication, {
      ...{ remoteAddress: OTHER_SOURCE, remoteIdentity: OTHER_SOURCE },
      localIdentity: redOffice.address,
    });
  const vm = (name: string) => lab.tenants.tenant(name).vm;
  const vmAddress = '192.168.1.101';
  const ofBlue = (others: Parameters<typeof ikev2>[2] = {}) => ikev2(blueOffice, PSK, others);
  const ofRed = (
    others: Parameters<typeof ikev2>[2] = {},
    authentication: Parameters<typeof ikev2>[1] = PSK,
  ) => ikev2(redOffice, authentication, { sourceAddress: OTHER_SOURCE, ...others });

  test('the gateway calls: VM and office reach each other, and nothing is in clear', async () => {
    await lab.push({ blue: [ofBlue()] });
    expect(await lab.tunnel('blue').connected()).toMatchObject({
      ...{ configuration: 'synchronized', peerAddress: blueOffice.address },
    });
    // A device that is new to its neighbours says so by IPv6 multicast.
    const clear = await capture(
      lab.internet,
      'blueoffice',
      'not arp and not ip6 multicast and not udp port 500 and not udp port 4500 and not ip proto 50',
    );
    const sealed = await capture(lab.internet, 'blueoffice', 'udp port 4500 or ip proto 50');
    await reaches(vm('blue'), blueOffice.hostAddress);
    await expectAnswers(vm('blue'), blueOffice.hostAddress);
    await expectAnswers(blueOffice.host, vmAddress);
    expect((await sealed.stop()).length).toBeGreaterThanOrEqual(12);
    expect(await clear.stop()).toEqual([]);
  });

  test('a megabyte each way at once, byte by byte', async () => {
    const { client, server } = await transfer({
      ...{ client: vm('blue'), address: blueOffice.hostAddress, port: 9000 },
      ...{ server: blueOffice.host, bytes: 1 << 20, content: 'psk' },
    });
    expect(client.received).toBe(server.sent);
    expect(server.received).toBe(client.sent);
    expect(server.peer).toContain(vmAddress);
  });

  test('the state shows what IKE has agreed on and what has passed', async () => {
    const { securityAssociations = [] } = await lab.tunnel('blue').state();
    expect(securityAssociations.map(({ kind }) => kind).sort()).toEqual(['child', 'ike']);
    const [child, ike] = securityAssociations.toSorted((a, b) => a.kind.localeCompare(b.kind));
    expect(ike?.algorithms).toMatch(/AES_CBC.256.*SHA2_256.*MODP_2048/);
    expect(child?.algorithms).toMatch(/AES_GCM.*256/);
    expect(child?.bytesIn).toBeGreaterThan(1 << 20);
    expect(child?.packetsOut).toBeGreaterThan(700);
    for (const each of [child, ike]) expect(each?.rekeyInSeconds).toBeGreaterThan(0);
    expect(child?.remoteSelectors?.join()).toContain('192.168.101.0');
  });

  test('the office calls, and the gateway only waits', async () => {
    await lab.push({ blue: [] });
    await lab.push({ blue: [ofBlue({ initiate: false })] });
    expect((await lab.tunnel('blue').state()).connection).toBe('connecting');
    await blueOffice.charon.initiate('net');
    await lab.tunnel('blue').connected();
    await reaches(vm('blue'), blueOffice.hostAddress);
    await blueOffice.charon.terminate('gateway');
    await lab.tunnel('blue').until('ended', ({ connection }) => connection !== 'connected');
    expect(await ping(vm('blue'), blueOffice.hostAddress, { count: 1 })).toMatchObject({
      received: 0,
    });
  });

  /** Red's connection cannot come up; the error names why, and blue notices nothing. */
  const refusedToRed = async (
    connection: ConnectionDocument,
    cause: string,
  ): Promise<string | undefined> => {
    const flow = startPing(vm('blue'), blueOffice.hostAddress, { interval: 0.01 });
    await flow.answered(10);
    await lab.push({ blue: [ofBlue()], red: [connection] });
    const { lastError } = await lab.tunnel('red').failed(cause);
    const result = await flow.stop();
    expect({ lost: lostOf(result), duplicates: result.duplicates }).toEqual({
      ...{ lost: [], duplicates: 0 },
    });
    expect((await lab.tunnel('blue').state()).connection).toBe('connected');
    expect(await ping(vm('red'), redOffice.hostAddress, { count: 1 })).toMatchObject({
      received: 0,
    });
    return lastError?.message;
  };

  describe('what cannot work says why, and leaves other VM networks alone', () => {
    beforeAll(async () => {
      await lab.push({ blue: [ofBlue()] });
      await lab.tunnel('blue').connected();
      await reaches(vm('blue'), blueOffice.hostAddress);
    });

    test('a wrong key', async () => {
      const message = await refusedToRed(ofRed({}, WRONG), 'authenticationFailed');
      for (const { secret } of [PSK, WRONG]) expect(message).not.toContain(secret);
    });

    test('an identity that the office does not know', async () => {
      // Which of both is wrong is what the answering end keeps to itself.
      await refusedToRed(ofRed({ localIdentity: 'nobody.example' }), 'authenticationFailed');
    });

    test('an office that is not who it should be', async () => {
      const strict = ofRed({ remoteIdentity: 'office.example', initiate: false });
      await lab.push({ blue: [ofBlue()], red: [strict] });
      await expect(redOffice.charon.initiate('net')).rejects.toThrow('AUTHENTICATION_FAILED');
      const { lastError } = await lab.tunnel('red').failed('identityMismatch');
      expect(lastError?.message).toContain('office.example');
    });

    test('nothing that both ends offer', async () => {
      const message = await refusedToRed(
        ofRed({
          mainMode: {
            ...{ encryptionAlgorithm: 'GCMAES128', integrityAlgorithm: 'SHA384' },
            diffieHellmanGroup: 'ECP384',
          },
        }),
        'noProposalChosen',
      );
      expect(message).toMatch(/AES_GCM_16_128|GCMAES128/);
    });

    test('nothing that both ends offer, when the office calls: both lists are named', async () => {
      await redOffice.charon.load({
        swanctl: {
          connections: {
            gateway: {
              ...{ version: 2, remote_addrs: OTHER_SOURCE, proposals: 'aes128-sha512-ecp521' },
              ...{ local: { auth: 'psk' }, remote: { auth: 'psk' } },
              children: { net: { local_ts: redOffice.prefix, remote_ts: '192.168.1.0/24' } },
            },
          },
          secrets: { 'ike-gateway': { secret: SECRET } },
        },
      });
      await lab.push({ blue: [ofBlue()], red: [ofRed({ initiate: false })] });
      await expect(redOffice.charon.initiate('net')).rejects.toThrow('NO_PROPOSAL_CHOSEN');
      const { lastError } = await lab.tunnel('red').failed('noProposalChosen');
      expect(lastError?.message).toMatch(/AES_CBC_128.*ECP_521|ECP_521.*AES_CBC_128/);
      expect(lastError?.message).toMatch(/MODP_2048/);
      await expectRed();
    });

    test('nobody there', async () => {
      await refusedToRed(ofRed({ destinationAddress: '198.18.200.2' }), 'peerUnreachable');
    }, 90_000);

    test('put right, it comes up by itself', async () => {
      await refusedToRed(ofRed({}, WRONG), 'authenticationFailed');
      await lab.push({ blue: [ofBlue()], red: [ofRed()] });
      await lab.tunnel('red').connected();
      await reaches(vm('red'), redOffice.hostAddress);
    });

    test('put right at the office, it comes up by itself', async () => {
      await expectRed(WRONG);
      await redOffice.charon.terminate('gateway');
      await lab.tunnel('red').failed('authenticationFailed', 30_000);
      await expectRed();
      const { lastError } = await lab.tunnel('red').connected(60_000);
      expect(lastError?.cause).toBe('authenticationFailed');
    }, 120_000);
  });

  describe('a push that is refused', () => {
    test.each<[string, Partial<Ikev2ConnectionDocument>, string]>([
      ['an algorithm that is broken', { mainMode: { encryptionAlgorithm: 'DES3' } }, 'insecure'],
      [
        'routes of another connection',
        { id: 'second', sourceAddress: SOURCE, destinationAddress: '198.18.99.2' },
        'overlappingPrefix',
      ],
    ])('for %s leaves the tunnel as it was', async (_, change, code) => {
      await lab.push({ blue: [ofBlue()] });
      await lab.tunnel('blue').connected();
      const charon = await gatewayCharon(lab.tenants.domainNamespace('blue'));
      const before = await charon.sas();
      const body = JSON.stringify(
        lab.tenants.policy({
          blue: change.id === undefined ? [ofBlue(change)] : [ofBlue(), ofBlue(change)],
        }),
      );
      const { status, body: answer } = await lab.controller.send('PUT', '/v1/policy', { body });
      expect([status, answer]).toEqual([422, expect.stringContaining(code)]);
      expect(answer).not.toContain(JSON.stringify(SECRET).slice(1, -1));
      const after = await charon.sas();
      expect(after[0]?.uniqueId).toBe(before[0]?.uniqueId);
      expect(after[0]?.children[0]?.spiIn).toBe(before[0]?.children[0]?.spiIn);
      await expectAnswers(vm('blue'), blueOffice.hostAddress);
    });
  });
});
