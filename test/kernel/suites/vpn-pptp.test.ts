import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PptpConnectionDocument } from '../../../provider/remote-connection-schemas.js';
import { capture } from '../../support/capture.js';
import type { Office } from '../../support/office.js';
import { expectAnswers, ping } from '../../support/ping.js';
import { createPppPeer, type PppPeer } from '../../support/ppp-peer.js';
import { cleanUp } from '../../support/process-owner.js';
import { transfer } from '../../support/tcp-transfer.js';
import { createVpnLab, reaches, SOURCE, type VpnLab } from '../../support/vpn-lab.js';

const ACCOUNT = { userName: 'gateway', password: 'open sesame' };
const VM = '192.168.1.101';

/** The gateway against pptpd and pptp-linux that are set up by hand. */
describe('PPTP (G5, G9)', () => {
  let lab: VpnLab;
  let office: Office;
  let site: PppPeer;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' }, { allowInsecureVpn: true });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    site = createPppPeer({ ...office, behind: '192.168.1.0/24' });
  });

  afterAll(cleanUp);

  afterEach(async () => {
    await lab.push({ blue: [] });
    await site.kill();
  });

  const vm = () => lab.tenants.tenant('blue').vm;
  const tunnel = () => lab.tunnel('blue');
  const pptp = (
    others: Partial<PptpConnectionDocument> = {},
    secret = ACCOUNT.password,
  ): PptpConnectionDocument => ({
    ...{ id: 'office', type: 'pptp', sourceAddress: SOURCE },
    destinationAddress: office.address,
    authentication: { method: 'mschapv2', userName: ACCOUNT.userName, secret },
    routes: [{ destinationPrefix: office.prefix, metric: 10 }],
    ...others,
  });
  const waiting = (secret?: string): PptpConnectionDocument =>
    pptp(
      {
        initiate: false,
        pointToPoint: { localAddress: '10.255.0.1', remoteAddress: '10.255.0.2' },
      },
      secret,
    );

  test('the gateway calls: VM and office reach each other, encrypted', async () => {
    site.servePptp(ACCOUNT);
    await lab.push({ blue: [pptp()] });
    expect(await tunnel().connected(60_000)).toMatchObject({ peerAddress: office.address });
    await reaches(vm(), office.hostAddress);
    await expectAnswers(office.host, VM);
    const calls = await capture(lab.internet, 'office', 'ip proto 47');
    await ping(vm(), office.hostAddress);
    const payloads = (await calls.stop()).map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    expect(payloads.length).toBeGreaterThanOrEqual(6);
    // The address of the VM, which an inner header would have.
    expect(payloads.filter((text) => text.includes('c0a80165'))).toEqual([]);
  });

  test('a packet too long for the link is answered with the MTU, and TCP keeps to it', async () => {
    site.servePptp(ACCOUNT);
    await lab.push({ blue: [pptp()] });
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
    const big = { count: 1, payloadBytes: 1458 - 28, dontFragment: true };
    const { mtu = 0 } = await ping(vm(), office.hostAddress, big);
    // The site's MRU, less what pppd takes off for MPPE.
    expect(mtu).toBeGreaterThanOrEqual(1396);
    expect(mtu).toBeLessThanOrEqual(1400);
    expect(await ping(vm(), office.hostAddress, { ...big, payloadBytes: mtu - 28 })).toMatchObject({
      received: 1,
    });
    const { client, server } = await transfer({
      ...{ client: vm(), address: office.hostAddress, port: 9000 },
      ...{ server: office.host, bytes: 1 << 20, content: 'pptp' },
    });
    expect(client.received).toBe(server.sent);
    expect(server.received).toBe(client.sent);
  });

  test('a wrong password is named', async () => {
    site.servePptp(ACCOUNT);
    await lab.push({ blue: [pptp({}, 'another')] });
    await tunnel().failed('authenticationFailed', 60_000);
  });

  test('a site that is not there is named, and called until it is', async () => {
    await lab.push({ blue: [pptp()] });
    await tunnel().failed('peerUnreachable', 60_000);
    site.servePptp(ACCOUNT);
    await tunnel().connected(60_000);
    await site.kill();
    await tunnel().until('down', ({ connection }) => connection !== 'connected', 60_000);
    site.servePptp(ACCOUNT);
    await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
  });

  test('the link outlives the daemon, and the next daemon finds it', async () => {
    site.servePptp(ACCOUNT);
    await lab.push({ blue: [pptp()] });
    const { since } = await tunnel().connected(60_000);
    await reaches(vm(), office.hostAddress);
    await lab.tenants.gateway.stop('SIGKILL');
    await expectAnswers(vm(), office.hostAddress);
    await lab.tenants.gateway.start();
    const again = await tunnel().connected(60_000);
    expect(again.since).not.toBe(since);
    await expectAnswers(vm(), office.hostAddress);
  });

  test('the office calls, and is given its address', async () => {
    await lab.push({ blue: [waiting()] });
    expect((await tunnel().state()).connection).toBe('connecting');
    site.callPptp(SOURCE, ACCOUNT);
    expect(await tunnel().connected(60_000)).toMatchObject({ peerAddress: office.address });
    await reaches(vm(), office.hostAddress);
    await expectAnswers(office.host, VM);
    // Another password: another link.
    await lab.push({ blue: [waiting('changed')] });
    await tunnel().failed('authenticationFailed', 60_000);
  });
});
