import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionId } from '../../../../src/model/connection.js';
import type { CertificateAuthentication } from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { parseIp } from '../../../../src/net/ip.js';
import { parsePrefix } from '../../../../src/net/prefix.js';
import {
  connectionDigest,
  connectionName,
  loadConn,
  parseConnectionName,
} from '../../../../src/vpn/ike/connection.js';
import { readCredential } from '../../../../src/vpn/ike/credentials.js';
import type { IpsecTunnelSpec } from '../../../../src/vpn/ike/tunnel.js';
import { encodeMessage, type ViciInput } from '../../../../src/vpn/vici/message.js';
import { makeCertificate } from './certificates.js';
import { IKEV2, L2TP, SECRET, specOf, WAITING } from './tunnel-specs.js';

const KEY = new Uint8Array(32).fill(7);

test('names are read back, others are not ours', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/).map(ConnectionId);
  fc.assert(
    fc.property(id, fc.stringMatching(/^[0-9a-f]{8}$/), (connection, digest) => {
      const name = connectionName(connection, digest);
      expect(parseConnectionName(name)).toEqual({ id: connection, digest });
    }),
  );
  for (const name of [
    'office',
    'office@',
    'office@1234567',
    'office@1234567g',
    '@12345678',
    'a b@12345678',
  ])
    expect(parseConnectionName(name)).toBeUndefined();
});

test('the whole message for IKEv2 in user space', async () => {
  expect(await load(specOf(IKEV2))).toEqual({
    version: '2',
    local_addrs: ['203.0.113.1'],
    remote_addrs: ['203.0.113.2'],
    proposals: ['aes256-sha256-modp2048'],
    rekey_time: '25920s',
    reauth_time: '0s',
    rand_time: '2592s',
    over_time: '2880s',
    dpd_delay: '10s',
    keyingtries: '1',
    unique: 'replace',
    mobike: 'no',
    encap: 'yes',
    send_certreq: 'no',
    local: { id: '203.0.113.1', auth: 'psk' },
    remote: { id: '203.0.113.2', auth: 'psk' },
    children: {
      name: {
        mode: 'tunnel',
        local_ts: ['0.0.0.0/0'],
        remote_ts: ['10.2.0.0/16'],
        esp_proposals: ['aes256gcm16-modp2048'],
        rekey_time: '3240s',
        rand_time: '324s',
        life_time: '3600s',
        start_action: 'none',
        close_action: 'none',
        dpd_action: 'clear',
        if_id_in: '%unique',
        if_id_out: '%unique',
      },
    },
  });
});

test('in the kernel: plain ESP, all selectors, and the interface that tells tunnels apart', async () => {
  const conn = await load(specOf(IKEV2, { interfaceId: 4711 }), 'kernel');
  expect(conn['encap']).toBe('no');
  expect(childOf(conn)).toMatchObject({
    local_ts: ['0.0.0.0/0'],
    remote_ts: ['0.0.0.0/0'],
    if_id_in: '4711',
    if_id_out: '4711',
    replay_window: '1024',
  });
});

test('a shared address: charon has the transit address, the peer hears the public one', async () => {
  const conn = await load(specOf(IKEV2, { localAddress: parseIp('100.64.0.2') }));
  expect(conn['local_addrs']).toEqual(['100.64.0.2']);
  expect(conn['local']).toEqual({ id: '203.0.113.1', auth: 'psk' });
});

test('a peer that may come from elsewhere', async () => {
  const conn = await load(specOf({ ...IKEV2, peerAddressMayChange: true }));
  expect(conn['remote_addrs']).toEqual(['203.0.113.2', '0.0.0.0/0']);
  expect(conn['mobike']).toBe('yes');
});

test('any peer, also of IPv6', async () => {
  const conn = await load(specOf(WAITING));
  expect(conn['remote_addrs']).toEqual(['0.0.0.0/0']);
  expect(conn['remote']).toEqual({ id: '%any', auth: 'psk' });
  const sixth = await load(specOf({ ...WAITING, sourceAddress: parseIp('2001:db8::1') }));
  expect(sixth['remote_addrs']).toEqual(['::/0']);
});

test('identities of the policy', async () => {
  const named = { ...IKEV2, localIdentity: 'gw.example', remoteIdentity: '*.example' };
  const conn = await load(specOf(named));
  expect(conn['local']).toMatchObject({ id: 'gw.example' });
  expect(conn['remote']).toMatchObject({ id: '*.example' });
});

test('authenticating again replaces rekeying', async () => {
  const mainMode = { ...IKEV2.mainMode, saLifeTimeSeconds: 600, reauthenticate: true };
  expect(await load(specOf({ ...IKEV2, mainMode }))).toMatchObject({
    rekey_time: '0s',
    reauth_time: '540s',
    over_time: '60s',
  });
});

test('a limit by volume', async () => {
  const quickMode = { ...IKEV2.quickMode, saLifeTimeKiloBytes: 1024 };
  expect(childOf(await load(specOf({ ...IKEV2, quickMode })))).toMatchObject({
    rekey_bytes: '943718',
    rand_bytes: '94371',
    life_bytes: '1048576',
  });
});

test('policy-based selectors', async () => {
  const trafficSelectors = {
    local: [parsePrefix('10.1.0.0/24'), parsePrefix('10.1.2.0/24')],
    remote: [parsePrefix('10.2.0.0/24')],
  };
  expect(childOf(await load(specOf({ ...IKEV2, trafficSelectors })))).toMatchObject({
    local_ts: ['10.1.0.0/24', '10.1.2.0/24'],
    remote_ts: ['10.2.0.0/24'],
  });
});

test('the families of the VM network; that of the tunnel where it has no prefix yet', async () => {
  const both = [parsePrefix('10.1.0.0/16'), parsePrefix('fd01::/64'), parsePrefix('10.3.0.0/16')];
  const childIn = async (
    customerPrefixes: IpsecTunnelSpec['customerPrefixes'],
  ): Promise<ViciInput> => childOf(await load(specOf(IKEV2, { customerPrefixes }), 'kernel'));
  expect(await childIn(both)).toMatchObject({ remote_ts: ['0.0.0.0/0', '::/0'] });
  expect(await childIn([parsePrefix('fd01::/64')])).toMatchObject({ local_ts: ['::/0'] });
  expect(await childIn([])).toMatchObject({ local_ts: ['0.0.0.0/0'] });
});

test('user space: everything where there are no routes, or more than one payload holds', async () => {
  const remoteWith = async (count: number): Promise<unknown> => {
    const routes = Array.from({ length: count }, (_, n) => ({
      destinationPrefix: parsePrefix(`10.${n >> 8}.${n & 255}.0/24`),
      metric: 1,
    }));
    return childOf(await load(specOf({ ...IKEV2, routes })))['remote_ts'];
  };
  expect(await remoteWith(0)).toEqual(['0.0.0.0/0']);
  expect(await remoteWith(255)).toHaveLength(255);
  expect(await remoteWith(256)).toEqual(['0.0.0.0/0']);
});

test('L2TP: IKEv1, transport mode, the L2TP port alone', async () => {
  const conn = await load(specOf(L2TP), 'kernel');
  expect(conn).toMatchObject({ version: '1', dpd_timeout: '37s', mobike: 'no' });
  const child = childOf(conn);
  expect(child).toMatchObject({
    mode: 'transport',
    local_ts: ['dynamic[udp/1701]'],
    remote_ts: ['dynamic[udp/1701]'],
  });
  expect(child).not.toHaveProperty('if_id_in');
});

test('certificates: ours, and the authorities that the peer’s may have', async () => {
  const made = await makeCertificate('gw.example');
  const conn = await load(specOf({ ...IKEV2, authentication: authenticationWith(made) }));
  expect(conn).toMatchObject({ send_certreq: 'yes', send_cert: 'always' });
  expect(conn['local']).toEqual({
    id: '203.0.113.1',
    auth: 'pubkey',
    certs: [der(made.certificate)],
  });
  expect(conn['remote']).toEqual({
    id: '203.0.113.2',
    auth: 'pubkey',
    cacerts: [der(made.certificate), der(made.certificate)],
    revocation: 'strict',
  });
});

test('nothing of a secret is in the message', async () => {
  const made = await makeCertificate('gw.example');
  for (const authentication of [IKEV2.authentication, authenticationWith(made)]) {
    const message = encodeMessage(await load(specOf({ ...IKEV2, authentication }))).toString(
      'latin1',
    );
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain('PRIVATE KEY');
  }
});

test('the digest changes with all that charon is told, and with nothing else', async () => {
  const spec = specOf(IKEV2);
  const before = await digest(spec);
  expect(before).toMatch(/^[0-9a-f]{8}$/);
  expect(await digest(specOf({ ...IKEV2, initiate: false }))).toBe(before);

  const secret = new Secret(`${SECRET}!`);
  const changed: IpsecTunnelSpec[] = [
    specOf({ ...IKEV2, authentication: { method: 'psk', secret } }),
    specOf({ ...IKEV2, remoteIdentity: 'office.example' }),
    specOf({ ...IKEV2, deadPeerDetectionSeconds: 11 }),
    specOf(IKEV2, { localAddress: parseIp('100.64.0.2') }),
    specOf({ ...IKEV2, mainMode: { ...IKEV2.mainMode, integrityAlgorithm: 'SHA384' } }),
    specOf({ ...IKEV2, quickMode: { ...IKEV2.quickMode, saLifeTimeSeconds: 1800 } }),
  ];
  const digests = await Promise.all(changed.map((each) => digest(each)));
  expect(new Set([before, ...digests]).size).toBe(changed.length + 1);
  expect(await digest(spec, 'userSpace', new Uint8Array(32))).not.toBe(before);
});

test('routes are charon’s business in user space only', async () => {
  const moved = specOf({ ...IKEV2, routes: [] });
  expect(await digest(moved, 'userSpace')).not.toBe(await digest(specOf(IKEV2), 'userSpace'));
  expect(await digest(moved, 'kernel')).toBe(await digest(specOf(IKEV2), 'kernel'));
});

async function load(
  spec: IpsecTunnelSpec,
  dataPath: 'userSpace' | 'kernel' = 'userSpace',
): Promise<ViciInput> {
  const credential = await readCredential(spec.connection.authentication, noFiles);
  const message = loadConn(spec, 'name', credential, dataPath);
  expect(Object.keys(message)).toEqual(['name']);
  return section(message['name']);
}

async function digest(
  spec: IpsecTunnelSpec,
  dataPath: 'userSpace' | 'kernel' = 'userSpace',
  key: Uint8Array = KEY,
): Promise<string> {
  const credential = await readCredential(spec.connection.authentication, noFiles);
  return connectionDigest(spec, credential, dataPath, key);
}

function childOf(conn: ViciInput): ViciInput {
  return section(section(conn['children'])['name']);
}

function section(value: ViciInput[string] | undefined): ViciInput {
  if (typeof value !== 'object' || value instanceof Uint8Array || Array.isArray(value))
    throw new Error('not a section');
  return value as ViciInput;
}

function noFiles(path: string): Promise<string> {
  return Promise.reject(new Error(`${path} was not asked for`));
}

function authenticationWith(made: {
  certificate: string;
  privateKey: string;
}): CertificateAuthentication {
  return {
    method: 'certificate',
    credential: { certificate: made.certificate, privateKey: new Secret(made.privateKey) },
    certificateAuthorities: [{ certificate: `${made.certificate}\n${made.certificate}` }],
    revocationLists: [],
    revocation: 'strict',
  };
}

function der(pem: string): Uint8Array {
  const base64 = pem.replaceAll(/-----[^-]*-----/g, '');
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
