import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { L2tpConnectionDocument } from '../../../provider/remote-connection-schemas.js';
import { capture } from '../../support/capture.js';
import type { Office } from '../../support/office.js';
import { PEER, peering, type PeerAuthentication } from '../../support/office-peering.js';
import { ping, startPing } from '../../support/ping.js';
import { createAuthority } from '../../support/pki.js';
import { createPppPeer, type PppPeer } from '../../support/ppp-peer.js';
import { cleanUp } from '../../support/process-owner.js';
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

  afterEach(async () => {
    await lab.push({ blue: [] });
    await site.kill();
  });

  const vm = () => lab.tenants.tenant('blue').vm;
  const tunnel = () => lab.tunnel('blue');
  const expectTransport = (authentication: PeerAuthentication, initiates = false) =>
    office.charon.load(
      peering({
        ...{ remoteAddress: SOURCE, authentication },
        ...{ localSelectors: ['dynamic[udp/1701]'], remoteSelectors: ['dynamic[udp/1701]'] },
        connection: { version: 1 },
        child: { mode: 'transport', start_action: initiates ? 'trap|start' : 'none' },
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

  test('the gateway calls: VM and office reach each other, and nothing is in clear', async () => {
    const clear = await capture(lab.internet, 'office', 'udp port 1701');
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({ blue: [l2tp()] });
    expect(await tunnel().connected(60_000)).toMatchObject({
      ...{ configuration: 'synchronized', peerAddress: office.address },
    });
    await reaches(vm(), office.hostAddress);
    expect(await ping(office.host, VM)).toMatchObject({ received: 3 });
    expect(await clear.stop()).toEqual([]);
    const { securityAssociations = [] } = await tunnel().state();
    expect(securityAssociations.map(({ kind }) => kind).sort()).toEqual(['child', 'ike']);
  });

  test('a packet too long for the link is answered with the MTU, and TCP keeps to it', async () => {
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({ blue: [l2tp()] });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
    // The site's MRU of 1400 is less than the 1414 that the gateway reckons with.
    const big = { count: 1, payloadBytes: 1401 - 28, dontFragment: true };
    expect((await ping(vm(), office.hostAddress, big)).mtu).toBe(1400);
    expect(await ping(vm(), office.hostAddress, { ...big, payloadBytes: 1400 - 28 })).toMatchObject(
      { received: 1 },
    );
    const outer = await capture(lab.internet, 'office', 'ip[6:2] & 0x3fff != 0');
    const { client, server } = await transfer({
      ...{ client: vm(), address: office.hostAddress, port: 9000 },
      ...{ server: office.host, bytes: 1 << 20, content: 'l2tp' },
    });
    expect(client.received).toBe(server.sent);
    expect(server.received).toBe(client.sent);
    expect(await outer.stop()).toEqual([]);
  });

  test.each(['pap', 'chap'] as const)('by %s', async (method) => {
    site.serveL2tp(SPELLED, method);
    await lab.push({ blue: [l2tp({ method })] });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
  });

  test('a wrong password is named, and the right one is taken after it', async () => {
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({ blue: [l2tp({ secret: 'another' })] });
    const { lastError } = await tunnel().failed('authenticationFailed', 60_000);
    expect(lastError?.message).toContain(office.address);
    expect(JSON.stringify(await tunnel().state())).not.toContain('another');
    await lab.push({ blue: [l2tp()] });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
  });

  test('a site that wants another method is named', async () => {
    site.serveL2tp(SPELLED, 'pap');
    await lab.push({ blue: [l2tp()] });
    await tunnel().failed('noProposalChosen', 60_000);
  });

  test('the tunnel comes back when the site does', async () => {
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({ blue: [l2tp()] });
    await tunnel().connected(60_000);
    await site.kill();
    await office.charon.kill();
    await tunnel().until('down', ({ connection }) => connection !== 'connected', 60_000);
    expect(await ping(vm(), office.hostAddress, { count: 1 })).toMatchObject({ received: 0 });
    await office.charon.start();
    site.serveL2tp(SPELLED, 'mschap-v2');
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
  });

  test('the link outlives the daemon, and the next daemon finds it', async () => {
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({ blue: [l2tp()] });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
    const flow = startPing(vm(), office.hostAddress, { interval: 0.2 });
    await flow.answered(5);
    await lab.tenants.gateway.stop('SIGKILL');
    await lab.tenants.gateway.start();
    await tunnel().connected(60_000);
    await flow.answered(30);
    const { transmitted, received } = await flow.stop();
    expect(transmitted - received).toBeLessThanOrEqual(1);
  });

  test('the office calls, and is given its address', async () => {
    await lab.push({
      blue: [
        l2tp({ localAddress: '10.255.0.1', remoteAddress: '10.255.0.2' }, { initiate: false }),
      ],
    });
    expect((await tunnel().state()).connection).toBe('connecting');
    await office.charon.initiate(PEER.child);
    site.callL2tp(SOURCE, SPELLED);
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
    expect(await ping(office.host, VM)).toMatchObject({ received: 3 });
  });

  test('an office with a wrong password is turned away, and named', async () => {
    await lab.push({
      blue: [
        l2tp({ localAddress: '10.255.0.1', remoteAddress: '10.255.0.2' }, { initiate: false }),
      ],
    });
    await office.charon.initiate(PEER.child);
    site.callL2tp(SOURCE, { ...SPELLED, password: 'another' });
    await tunnel().failed('authenticationFailed', 60_000);
    expect(await ping(vm(), office.hostAddress, { count: 1 })).toMatchObject({ received: 0 });
  });

  test('IPsec by certificates', async () => {
    const authority = await createAuthority('authority');
    const own = await authority.issue({ name: 'gateway.example' });
    const leaf = await authority.issue({ name: 'office.example' });
    await expectTransport({ method: 'certificate', leaf, authority });
    site.serveL2tp(SPELLED, 'mschap-v2');
    await lab.push({
      blue: [
        l2tp(
          {},
          {
            ...{ localIdentity: 'gateway.example', remoteIdentity: 'office.example' },
            authentication: {
              ...{ method: 'certificate', certificate: own.certificate },
              ...{ privateKey: own.privateKey, certificateAuthorities: [authority.certificate] },
            },
          },
        ),
      ],
    });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
  });
});
