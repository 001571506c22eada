import { ConnectionId } from '../../src/model/connection.js';
import { Secret } from '../../src/model/secret.js';
import { createFakeVpn, type FakeVpn } from '../../src/vpn/fake.js';
import type { TunnelSpec } from '../../src/vpn/port.js';
import { createStrongswanVpn } from '../../src/vpn/strongswan/vpn.js';
import { createDirectory } from '../support/namespace.js';
import {
  createVpnLab,
  DOMAIN,
  officeConfiguration,
  SECRET,
  tunnelTo,
} from '../support/tunnel-lab.js';
import { vpnContract } from './vpn.js';

/** A certificate that nobody can read. */
const impossibleTo = (peer: string): TunnelSpec =>
  tunnelTo(peer, 'impossible', {
    changes: {
      authentication: {
        method: 'certificate',
        credential: { certificate: 'no PEM', privateKey: new Secret('none') },
        certificateAuthorities: [{ certificate: 'no PEM' }],
        revocationLists: [],
        revocation: 'relaxed',
      },
    },
  });

vpnContract('the fake VPN', () => {
  const peer = '198.51.100.2';
  const site = tunnelTo(peer).connection.id;
  let vpn: FakeVpn | undefined;
  let present = false;
  let expected = true;
  const meet = (): void => {
    if (vpn?.wanted(DOMAIN).has(site) !== true || !present) return;
    if (!expected) vpn.fail(DOMAIN, site, 'authenticationFailed');
    else if (vpn.states().get(DOMAIN)?.get(site)?.phase !== 'connected') vpn.setUp(DOMAIN, site);
  };
  return Promise.resolve({
    domain: DOMAIN,
    impossible: impossibleTo(peer),
    site: {
      spec: (options = {}) => tunnelTo(peer, 'office', options),
      appear() {
        present = true;
        meet();
        return Promise.resolve();
      },
      leave() {
        present = false;
        vpn?.setDown(DOMAIN, site);
        return Promise.resolve();
      },
    },
    open() {
      const fake = createFakeVpn(vpn === undefined ? {} : { world: vpn.world });
      fake.refuse(DOMAIN, ConnectionId('impossible'), 'It is impossible.');
      vpn = fake;
      return Promise.resolve({
        ...fake,
        async apply(wanted) {
          const failures = await fake.apply(wanted);
          const connection = wanted.get(DOMAIN)?.get(site)?.connection;
          if (connection !== undefined && connection.type !== 'pptp')
            expected =
              connection.authentication.method === 'psk' &&
              connection.authentication.secret.reveal() === SECRET;
          queueMicrotask(meet);
          return failures;
        },
      });
    },
    dispose: () => Promise.resolve(),
  });
});

vpnContract('strongSwan', async () => {
  const lab = await createVpnLab();
  const office = await lab.office(1);
  const runDirectory = createDirectory('vpn');
  await office.charon.load({ swanctl: officeConfiguration(office) });
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    domain: DOMAIN,
    impossible: impossibleTo(office.address),
    site: {
      spec: (options = {}) => tunnelTo(office.address, 'office', options),
      appear: () => office.charon.start(),
      leave: () => office.charon.stop(),
    },
    open: () =>
      createStrongswanVpn({
        runDirectory,
        namespacePath: () => lab.domain.path,
        deviceOf: () => 'tunnel0',
        dataPath: lab.dataPath,
        allowInsecure: false,
        log: silent,
      }),
    async dispose() {
      await office.charon.stop();
      lab.remove();
    },
  };
});
