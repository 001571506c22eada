import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { L2tpConnectionDocument } from '../../../provider/remote-connection-schemas.js';
import { capture } from '../../support/capture.js';
import type { Office } from '../../support/office.js';
import { PEER, peering, type PeerAuthentication } from '../../support/office-peering.js';
import { expectAnswers, ping, startPing } from '../../support/ping.js';
import { createAuthority } from '../../support/pki.js';
import { createPppPeer, type PppPeer } from '../../support/ppp-peer.js';
import { cleanUp } from '../../support/process-owner.js';
import { eventually } from '../../support/process.js';
import { transfer } from '../../support/tcp-transfer.js';
import { createVpnLab, reaches, SOURCE, type VpnLab } from '../../support/vpn-lab.js';

const ACCOUNT = { userName: String.raw`CORP\gate "way"`, password: 'a "word" # with \\ all' };
/** As a secrets file of the site has to spell it. */
const SPELLED = {
  userName: ACCOUNT.userName.replaceAll(/["\\]/g, String.raw`\$&`),
  password: ACCOUNT.password.replaceAll(/["\\]/g, String.raw`\$&`),
};
const PSK = { method: 'psk', secret: 'a key of the transport' } as const;
const VM = '192.168.1.101';
/** Milliseconds for IKE, L2TP and PPP one after the other, the second time round at the latest. */
const UP_WITHIN = 60_000;

/** The gateway against strongSwan (IKEv1, transport mode), xl2tpd and pppd that are set up by hand. */
describe('L2TP over IPsec (G4, G9)', () => {
  let lab: VpnLab;
  let office: Office;
  let site: PppPeer;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    site = createPppPeer({ ...office, behind: '192.168.1.0/24' });
    await expectTransport(PSK);
    await office.charon.start();
  });

  afterAll(cleanUp);

  const vm = () => lab.tenants.tenant('blue').vm;
  const tunnel = () => lab.tunnel('blue');
  const expectTransport = (authentication: PeerAuthentication) =>
    office.charon.load(
      peering({
        ...{ remoteAddress: SOURCE, authentication },
        ...{ localSelectors: ['dynamic[udp/1701]'], remoteSelectors: ['dynamic[udp/1701]'] },
        connection: { version: 1 },
        child: { mode: 'transport' },
      }),
    );
  const l2tp = (
    link: Partial<L2tpConnectionDocument['pointToPoint']> = {},
    others: Partial<L2tpConnectionDocument> = {},
  ): L2tpConnectionDocument => ({
    ...{ id: 'office', type: 'l2tp', sourceAddress: SOURCE, authentication: PSK },
    destinationAddress: office.address,
    deadPeerDetectionSeconds: 2,
    pointToPoint: {
      ...{ method: 'mschapv2', userName: ACCOUNT.userName, secret: ACCOUNT.password },
      ...link,
    },
    routes: [{ destinationPrefix: office.prefix, metric: 10 }],
    ...others,
  });

  const unreachable = async (): Promise<void> => {
    const { received } = await ping(vm(), office.hostAddress, { count: 1 });
    expect(received).toBe(0);
  };

  describe('which the gateway calls for', () => {
    beforeAll(async () => {
      site.serveL2tp(SPELLED, 'mschap-v2');
      await lab.push({ blue: [l2tp()] });
    });

    afterAll(() => site.kill());

    test('VM and office reach each other, and nothing is in clear', async () => {
      const clear = await capture(lab.internet, 'office', 'udp port 1701');
      expect(await tunnel().connected(UP_WITHIN)).toMatchObject({
        ...{ configuration: 'synchronized', peerAddress: office.address },
      });
      await reaches(vm(), office.hostAddress);
      await expectAnswers(office.host, VM);
      expect(await clear.stop()).toEqual([]);
      const { securityAssociations = [] } = await tunnel().state();
      expect(securityAssociations.map(({ kind }) => kind).sort()).toEqual(['child', 'ike']);
    });

    test('a packet too long for the link is answered with the MTU, and TCP keeps to it', async () => {
      // The site's MRU of 1400 is less than the 1414 that the gateway reckons with.
      const big = { count: 1, payloadBytes: 1401 - 28, dontFragment: true };
      expect((await ping(vm(), office.hostAddress, big)).mtu).toBe(1400);
      const most = { ...big, payloadBytes: 1400 - 28 };
      expect(await ping(vm(), office.hostAddress, most)).toMatchObject({ received: 1 });
      const fragments = await capture(lab.internet, 'office', 'ip[6:2] & 0x3fff != 0');
      const { client, server } = await transfer({
        ...{ client: vm(), address: office.hostAddress, port: 9000 },
        ...{ server: office.host, bytes: 1 << 20, content: 'l2tp' },
      });
      expect(client.received).toBe(server.sent);
      expect(server.received).toBe(client.sent);
      expect(await fragments.stop()).toEqual([]);
    });

    test('the link outlives the daemon, and the next daemon finds it', async () => {
      const flow = startPing(vm(), office.hostAddress, { interval: 0.2 });
      await flow.answered(5);
      await lab.tenants.gateway.stop('SIGKILL');
      await lab.tenants.gateway.start();
      await tunnel().connected(UP_WITHIN);
      await flow.answered(30);
      const { transmitted, received } = await flow.stop();
      expect(transmitted - received).toBeLessThanOrEqual(1);
    });

    test('the tunnel comes back when the site does', async () => {
      await site.kill();
      await office.charon.kill();
      await tunnel().until('down', ({ connection }) => connection !== 'connected', UP_WITHIN);
      await unreachable();
      await office.charon.start();
      site.serveL2tp(SPELLED, 'mschap-v2');
      await tunnel().connected(UP_WITHIN);
      await reaches(vm(), office.hostAddress);
    });

    test('a wrong password is named', async () => {
      await lab.push({ blue: [l2tp({ secret: 'another' })] });
      const { lastError } = await tunnel().failed('authenticationFailed', UP_WITHIN);
      expect(lastError?.message).toContain(office.address);
      expect(JSON.stringify(await tunnel().state())).not.toContain('another');
      await unreachable();
    });

    test('a site that wants another method is named, and let have it', async () => {
      await site.kill();
      site.serveL2tp(SPELLED, 'pap');
      await lab.push({ blue: [l2tp()] });
      await tunnel().failed('noProposalChosen', UP_WITHIN);
      await lab.push({ blue: [l2tp({ method: 'pap' })] });
      await tunnel().connected(UP_WITHIN);
      await reaches(vm(), office.hostAddress);
    });
  });

  describe('which the office calls for', () => {
    beforeAll(async () => {
      const addresses = { localAddress: '10.255.0.1', remoteAddress: '10.255.0.2' };
      await lab.push({ blue: [l2tp({ method: 'chap', ...addresses }, { initiate: false })] });
      await office.charon.initiate(PEER.child);
    });

    afterAll(() => site.kill());

    test('with a wrong password it is turned away, and named', async () => {
      expect((await tunnel().state()).connection).not.toBe('connected');
      site.callL2tp(SOURCE, { ...SPELLED, password: 'another' });
      const { lastError } = await tunnel().failed('authenticationFailed', UP_WITHIN);
      expect(lastError?.message).toContain(office.address);
      await unreachable();
      await site.kill();
    });

    test('with the right one it is let in, and given its address', async () => {
      site.callL2tp(SOURCE, SPELLED);
      await tunnel().connected(UP_WITHIN);
      await reaches(vm(), office.hostAddress);
      // Until the gateway gives up the call before, which ended without a word, the kernel may take
      // packets of this one for it: both come from one address and port.
      await eventually(
        'every ping is answered',
        () =>
          expectAnswers(office.host, VM).then(
            () => true,
            () => undefined,
          ),
        UP_WITHIN,
      );
    });
  });

  test('IPsec by certificates', async () => {
    const authority = await createAuthority('authority');
    const own = await authority.issue({ name: 'gateway.example' });
    const leaf = await authority.issue({ name: 'office.example' });
    await expectTransport({ method: 'certificate', leaf, authority });
    site.serveL2tp(SPELLED, 'mschap-v2');
    const authentication: L2tpConnectionDocument['authentication'] = {
      ...{ method: 'certificate', certificate: own.certificate, privateKey: own.privateKey },
      certificateAuthorities: [authority.certificate],
    };
    const identities = { localIdentity: 'gateway.example', remoteIdentity: 'office.example' };
    await lab.push({ blue: [l2tp({}, { authentication, ...identities })] });
    await tunnel().connected(UP_WITHIN);
    await reaches(vm(), office.hostAddress);
  });
});
