import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { capture } from '../support/capture.js';
import { createNamespace, runIn, setSysctls, type Namespace } from '../support/namespace.js';
import { createNatBox, forwardIpsec } from '../support/nat-box.js';
import { createOffice, type Office } from '../support/office.js';
import { PEER, peering, type PeerAuthentication } from '../support/office-peering.js';
import { expectAnswers, ping } from '../support/ping.js';
import { createAuthority, type Authority, type Leaf, type LeafOptions } from '../support/pki.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { serveOcsp, serveRevocationList } from '../support/revocation-server.js';

const PSK = { method: 'psk', secret: 'a "secret" \\ with {signs} #1' } as const;
/** Of the router between the offices, where authorities answer too. */
const WEB = '198.18.1.1';

/**
 * The peers that other tests set against the gateway, set against each other: what fails there and
 * not here is the gateway's.
 */
describe('independent strongSwan peers', () => {
  let internet: Namespace;
  let east: Office;
  let west: Office;
  /** Behind a NAT box, with the network that west has. */
  let hidden: Office;
  let box: Namespace;

  beforeAll(async () => {
    internet = await createNamespace('internet');
    await setSysctls(internet, { 'net/ipv4/ip_forward': '1' });
    const line = (index: number) => ({
      ...{ upstream: internet, upstreamAddress: `198.18.${index}.1` },
      address: `198.18.${index}.2`,
    });
    east = await createOffice({ label: 'east', lan: '192.168.101', line: line(1) });
    west = await createOffice({ label: 'west', lan: '192.168.102', line: line(2) });
    box = await createNatBox({ label: 'box', ...line(3) });
    hidden = await createOffice({
      ...{ label: 'hidden', lan: '192.168.102' },
      line: { upstream: box, upstreamAddress: '10.0.0.1', address: '10.0.0.2' },
    });
    for (const { charon } of [east, west, hidden]) await charon.start();
  });

  afterAll(cleanUp);

  const between = (here: Office, there: Office, authentication: PeerAuthentication) =>
    here.charon.load(
      peering({
        ...{ remoteAddress: there.address, authentication },
        ...{ localSelectors: [here.prefix], remoteSelectors: [there.prefix] },
      }),
    );

  /** Ends what it has, if anything. */
  const apart = (office: Office) =>
    office.charon.swanctl('--terminate', '--ike', PEER.connection, '--timeout', '3');

  beforeEach(async () => {
    for (const office of [east, west, hidden]) await apart(office);
  });

  test('a key, hosts behind both; rekeyed by either; ended', async () => {
    await between(east, west, PSK);
    await between(west, east, PSK);
    await east.charon.initiate(PEER.child);
    await expectAnswers(east.host, west.hostAddress);
    const [before] = await west.charon.sas();
    expect(before).toMatchObject({
      ...{ state: 'ESTABLISHED', remoteAddress: east.address },
      children: [{ state: 'INSTALLED' }],
    });
    const [child] = before?.children ?? [];
    expect(child?.packetsIn).toBeGreaterThanOrEqual(3);
    expect(child?.packetsOut).toBeGreaterThanOrEqual(3);
    await east.charon.rekeyIke(PEER.connection);
    await west.charon.rekeyChild(PEER.child);
    const [after] = await eventually('the new SAs', async () => {
      const sas = await west.charon.sas();
      return sas.length === 1 && (sas[0]?.children.length ?? 0) > 1 ? sas : undefined;
    });
    expect(after?.uniqueId).not.toBe(before?.uniqueId);
    await expectAnswers(west.host, east.hostAddress);
    await east.charon.terminate(PEER.connection);
    await eventually('west knows', async () => (await west.charon.sas()).length === 0 || undefined);
    expect(await ping(east.host, west.hostAddress, { count: 1 })).toMatchObject({ received: 0 });
  });

  test('a wrong key', async () => {
    await between(east, west, PSK);
    await between(west, east, { method: 'psk', secret: 'another' });
    await expect(east.charon.initiate(PEER.child)).rejects.toThrow(/AUTHENTICATION_FAILED/);
  });

  test('a killed peer and a cut line are noticed, and what comes back is found again', async () => {
    const again = { child: { dpd_action: 'restart', start_action: 'start' }, connection: {} };
    for (const [here, there] of [
      [west, east],
      [east, west],
    ] as const)
      await here.charon.load(
        peering({
          ...{ remoteAddress: there.address, authentication: PSK },
          ...{ localSelectors: [here.prefix], remoteSelectors: [there.prefix] },
          ...(here === east ? { ...again, connection: { keyingtries: 0, dpd_delay: '1s' } } : {}),
        }),
      );
    const reached = () => ping(east.host, west.hostAddress, { count: 1 });
    const up = async () => (await reached()).received === 1 || undefined;
    await eventually('the tunnel', up);
    await west.charon.kill();
    expect(await reached()).toMatchObject({ received: 0 });
    await west.charon.start();
    await eventually('the tunnel after the crash', up, 30_000);
    await west.cutLine();
    expect(await reached()).toMatchObject({ received: 0 });
    await west.mendLine();
    await eventually('the tunnel after the cut', up, 30_000);
  }, 90_000);

  test('from behind NAT, and, through a forwarded port, to behind NAT', async () => {
    const outside = { ...hidden, address: '198.18.3.2' };
    await between(hidden, east, PSK);
    const whoever = peering({
      ...{ localSelectors: [east.prefix], remoteSelectors: [hidden.prefix] },
      authentication: PSK,
    });
    await east.charon.load(whoever);
    await hidden.charon.initiate(PEER.child);
    const [seen] = await east.charon.sas();
    expect(seen?.remoteAddress).toBe(outside.address);
    await expectAnswers(hidden.host, east.hostAddress);
    await hidden.charon.terminate(PEER.connection);

    await forwardIpsec(box, 'outside', hidden.address);
    await between(east, outside, PSK);
    await east.charon.load(
      peering({
        ...{ remoteAddress: outside.address, remoteIdentity: hidden.address },
        ...{ localSelectors: [east.prefix], remoteSelectors: [hidden.prefix] },
        authentication: PSK,
      }),
    );
    await east.charon.initiate(PEER.child);
    await expectAnswers(east.host, hidden.hostAddress);
  });

  describe('certificates', () => {
    let ours: Authority;
    let foreign: Authority;
    /** East's. */
    let own: Leaf;

    beforeAll(async () => {
      ours = await createAuthority('ours');
      foreign = await createAuthority('foreign');
      own = await ours.issue({ name: 'east.example' });
    });

    /** East calls; west's certificate is made as told, east judges it. */
    const call = async (
      leafOptions: Omit<LeafOptions, 'name'>,
      judged: { readonly lists?: readonly string[]; readonly strict?: boolean } = {},
      authority = ours,
    ): Promise<void> => {
      const leaf = await authority.issue({ name: 'west.example', ...leafOptions });
      await callWith(leaf, judged, authority);
    };
    const callWith = async (
      leaf: Leaf,
      judged: { readonly lists?: readonly string[]; readonly strict?: boolean } = {},
      authority = ours,
    ): Promise<void> => {
      await east.charon.load(
        peering({
          ...{ remoteAddress: west.address, remoteIdentity: 'west.example' },
          ...{ localSelectors: [east.prefix], remoteSelectors: [west.prefix] },
          authentication: {
            ...{ method: 'certificate', leaf: own, authority: ours },
            ...(judged.lists === undefined ? {} : { revocationLists: judged.lists }),
            ...(judged.strict === true ? { revocation: 'strict' } : {}),
          },
        }),
      );
      await between(west, east, { method: 'certificate', leaf, authority, trusted: ours });
      await apart(east);
      await east.charon.initiate(PEER.child);
    };

    test('good', async () => {
      await call({});
      await expectAnswers(east.host, west.hostAddress);
    });

    test('expired, and of a foreign authority', async () => {
      await expect(call({ expired: true })).rejects.toThrow();
      expect(east.charon.log()).toContain('certificate invalid');
      await expect(call({}, {}, foreign)).rejects.toThrow();
      expect(east.charon.log()).toContain('no issuer certificate found');
    });

    test('revoked by a list at hand, by a list on the web, by OCSP', async () => {
      const leaf = await ours.issue({ name: 'west.example' });
      await callWith(leaf, { lists: [await ours.revocationList()], strict: true });
      const onWeb = await ours.issue({
        ...{ name: 'west.example', revocationListUrl: `http://${WEB}:8080/list.crl` },
      });
      const asked = await ours.issue({ name: 'west.example', ocspUrl: `http://${WEB}:8081/` });
      for (const each of [leaf, onWeb, asked]) await ours.revoke(each);
      const good = await ours.issue({ name: 'west.example', ocspUrl: `http://${WEB}:8081/` });

      const lists = await serveRevocationList(internet, ours, WEB, 8080);
      await expect(callWith(onWeb)).rejects.toThrow();
      expect(lists.requests()).toContain('GET /list.crl');
      const signer = await ours.issue({ name: 'ocsp.example', signsOcsp: true });
      const ocsp = await serveOcsp(internet, ours, signer, 8081);
      await expect(callWith(asked)).rejects.toThrow();
      expect(ocsp.requests()).toContain('Received request');
      await expect(callWith(leaf, { lists: [await ours.revocationList()] })).rejects.toThrow();
      await callWith(good, { strict: true });
      expect(east.charon.log().match(/certificate was revoked/g)).toHaveLength(3);
      for (const server of [lists, ocsp]) await server.stop();
    });
  });

  test('selectors that cover everything: the own routes decide', async () => {
    const line = (index: number) => ({
      ...{ upstream: internet, upstreamAddress: `198.18.${index}.1` },
      address: `198.18.${index}.2`,
    });
    const [north, south] = [
      await createOffice({
        ...{ label: 'north', lan: '192.168.103', line: line(4) },
        tunnelRoutes: ['192.168.104.0/24'],
      }),
      await createOffice({
        ...{ label: 'south', lan: '192.168.104', line: line(5) },
        tunnelRoutes: ['192.168.103.0/24'],
      }),
    ];
    for (const [here, there] of [
      [north, south],
      [south, north],
    ] as const) {
      await here.charon.load(
        peering({
          ...{ remoteAddress: there.address, authentication: PSK },
          ...{ localSelectors: ['0.0.0.0/0'], remoteSelectors: ['0.0.0.0/0'] },
        }),
      );
      await here.charon.start();
    }
    await north.charon.initiate(PEER.child);
    const clear = await capture(internet, 'north', 'icmp');
    await expectAnswers(north.host, south.hostAddress);
    expect(await clear.stop()).toEqual([]);
    expect(await runIn(internet, 'ip', ['route'])).not.toContain('192.168.');
  });
});
