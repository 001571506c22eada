import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { capture } from '../support/capture.js';
import { ip } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers, ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'only what fits' } as const;
const VM_NETWORK = '192.168.1.0/24';
const FIRST = '192.168.101.0/24';
/** A second network of the office, behind the same host. */
const SECOND = '192.168.150.0/24';
const SECOND_HOST = '192.168.150.10';

describe('policy-based: traffic selectors (G3)', () => {
  let lab: VpnLab;
  let office: Office;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    await ip(office.host, `address add ${SECOND_HOST}/32 dev lo`);
    await ip(
      office.namespace,
      'address add 192.168.150.1/32 dev lan',
      `route add ${SECOND_HOST}/32 via ${office.hostAddress}`,
    );
    await office.charon.start();
  });

  afterAll(cleanUp);

  beforeEach(async () => {
    await lab.push({ blue: [] });
  });

  const vm = () => lab.tenants.tenant('blue').vm;
  const push = (local: string[], remote: string[]) =>
    lab.push({
      blue: [
        ikev2(office, PSK, {
          trafficSelectors: { local, remote },
          routes: remote.map((destinationPrefix) => ({ destinationPrefix, metric: 10 })),
        }),
      ],
    });
  const officeWants = (local: string[], remote = [VM_NETWORK]) =>
    expectGateway(office, PSK, { localSelectors: local, remoteSelectors: remote });
  const agreed = async () =>
    (await office.charon.sas())[0]?.children.map(({ localSelectors, remoteSelectors }) => ({
      ...{ localSelectors, remoteSelectors },
    }));

  test('both ends name the same', async () => {
    await officeWants([FIRST]);
    await push([VM_NETWORK], [FIRST]);
    await lab.tunnel('blue').connected();
    await reaches(vm(), office.hostAddress);
    expect(await agreed()).toEqual([{ localSelectors: [FIRST], remoteSelectors: [VM_NETWORK] }]);
    await expectAnswers(office.host, '192.168.1.101');
  });

  test('two networks of the office', async () => {
    await officeWants([FIRST, SECOND]);
    await push([VM_NETWORK], [FIRST, SECOND]);
    await lab.tunnel('blue').connected();
    for (const address of [office.hostAddress, SECOND_HOST]) await reaches(vm(), address);
  });

  test('the office narrows what the gateway offers', async () => {
    await officeWants([FIRST]);
    await push([VM_NETWORK], [FIRST, SECOND]);
    const { securityAssociations } = await lab.tunnel('blue').connected();
    const child = securityAssociations?.find(({ kind }) => kind === 'child');
    expect(child?.remoteSelectors).toEqual([FIRST]);
    await reaches(vm(), office.hostAddress);
    expect(await ping(vm(), SECOND_HOST, { count: 1 })).toMatchObject({ received: 0 });
  });

  test('what does not fit is refused, and the state says so', async () => {
    await officeWants([SECOND]);
    await push([VM_NETWORK], [FIRST]);
    const { lastError } = await lab.tunnel('blue').failed('selectorsRefused');
    expect(lastError?.message).toContain(FIRST);
  });

  test('what does not fit is refused when the office calls', async () => {
    await officeWants([SECOND]);
    await lab.push({
      blue: [
        ikev2(office, PSK, {
          ...{ initiate: false, trafficSelectors: { local: [VM_NETWORK], remote: [FIRST] } },
        }),
      ],
    });
    await expect(office.charon.initiate('net')).rejects.toThrow('TS_UNACCEPTABLE');
    await lab.tunnel('blue').failed('selectorsRefused');
  });

  test('a VM outside the selectors gets nowhere, in the tunnel or beside it', async () => {
    await officeWants([FIRST]);
    await push(['192.168.1.0/26'], [FIRST]);
    await lab.tunnel('blue').connected();
    const beside = await capture(lab.internet, 'eth0', 'icmp');
    const behind = await capture(office.host, 'eth0', 'icmp');
    expect(await ping(vm(), office.hostAddress)).toMatchObject({ received: 0 });
    for (const each of [beside, behind]) expect(await each.stop()).toEqual([]);
  });
});
