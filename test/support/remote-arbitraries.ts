import fc from 'fast-check';
import { ConnectionId } from '../../src/model/connection.js';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
  type MainMode,
  type QuickMode,
} from '../../src/model/ipsec.js';
import type {
  IpsecAuthentication,
  PointToPoint,
  RemoteConnection,
} from '../../src/model/remote-connection.js';
import { KEEP_SECRET, Secret } from '../../src/model/secret.js';
import { ipFromBytes, type IpAddress } from '../../src/net/ip.js';
import { maskAddress, type Prefix } from '../../src/net/prefix.js';
import { ikev2, l2tp, pptp } from './remote-connections.js';

/*
 * Two kinds of remote connections: any at all, every field with any value of its type, for what
 * has to carry them; and few, which often meet each other, for what judges them.
 */
const ips: fc.Arbitrary<IpAddress> = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  )
  .map(ipFromBytes);
const prefixes: fc.Arbitrary<Prefix> = fc
  .tuple(ips, fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => ({ address: maskAddress(address, length), length }));
const texts = fc.string({ unit: 'binary', maxLength: 12 });
const secrets = texts.map((text) => new Secret(text));

const mainModes: fc.Arbitrary<MainMode> = fc.record({
  encryptionAlgorithm: fc.constantFrom(...ENCRYPTION_ALGORITHMS),
  integrityAlgorithm: fc.constantFrom(...INTEGRITY_ALGORITHMS),
  diffieHellmanGroup: fc.constantFrom(...DIFFIE_HELLMAN_GROUPS),
  saLifeTimeSeconds: fc.nat(),
  reauthenticate: fc.boolean(),
});
const quickModes: fc.Arbitrary<QuickMode> = fc.record(
  {
    cipherTransformationConstant: fc.constantFrom(...CIPHER_TRANSFORMATIONS),
    authenticationTransformationConstant: fc.constantFrom(...AUTHENTICATION_TRANSFORMATIONS),
    perfectForwardSecrecy: fc.constantFrom(...PERFECT_FORWARD_SECRECY),
    saLifeTimeSeconds: fc.nat(),
    saLifeTimeKiloBytes: fc.nat(),
  },
  {
    requiredKeys: [
      'cipherTransformationConstant',
      'authenticationTransformationConstant',
      'perfectForwardSecrecy',
      'saLifeTimeSeconds',
    ],
  },
);
const authentications: fc.Arbitrary<IpsecAuthentication> = fc.oneof(
  fc.record({ method: fc.constant('psk' as const), secret: secrets }),
  fc.record({
    method: fc.constant('certificate' as const),
    credential: fc.oneof(
      fc.record({ certificate: texts, privateKey: secrets }),
      fc.record({ certificateFile: texts, privateKeyFile: texts }),
    ),
    certificateAuthorities: fc.array(
      fc.oneof(fc.record({ certificate: texts }), fc.record({ certificateFile: texts })),
      { maxLength: 3 },
    ),
    revocationLists: fc.array(texts, { maxLength: 2 }),
    revocation: fc.constantFrom('strict' as const, 'relaxed' as const),
  }),
);
const links: fc.Arbitrary<PointToPoint> = fc.record(
  {
    method: fc.constantFrom('pap' as const, 'chap' as const, 'mschapv2' as const),
    userName: texts,
    secret: secrets,
    localAddress: ips,
    remoteAddress: ips,
  },
  { requiredKeys: ['method', 'userName', 'secret'] },
);

const base = {
  id: fc.constantFrom('office', 'corp').map(ConnectionId),
  routes: fc.array(fc.record({ destinationPrefix: prefixes, metric: fc.nat() }), { maxLength: 2 }),
  sourceAddress: ips,
  initiate: fc.boolean(),
  interface: texts,
  tcpMssClamping: fc.constantFrom('pathMtu' as const, 536, 1300),
  destinationAddress: ips,
};
const ipsec = {
  ...base,
  authentication: authentications,
  mainMode: mainModes,
  quickMode: quickModes,
  deadPeerDetectionSeconds: fc.nat(),
  localIdentity: texts,
  remoteIdentity: texts,
};
const baseKeys = ['type', 'id', 'routes', 'sourceAddress', 'initiate'] as const;
const ipsecKeys = [
  ...baseKeys,
  'authentication',
  'mainMode',
  'quickMode',
  'deadPeerDetectionSeconds',
] as const;

/** Any at all, of any type; valid only by chance. */
export const remoteConnections: fc.Arbitrary<RemoteConnection> = fc.oneof(
  fc.record(
    {
      ...ipsec,
      type: fc.constant('ikev2' as const),
      peerAddressMayChange: fc.boolean(),
      trafficSelectors: fc.record({
        local: fc.array(prefixes, { maxLength: 2 }),
        remote: fc.array(prefixes, { maxLength: 2 }),
      }),
    },
    { requiredKeys: [...ipsecKeys, 'peerAddressMayChange'] },
  ),
  fc.record(
    { ...ipsec, type: fc.constant('l2tp' as const), pointToPoint: links },
    { requiredKeys: [...ipsecKeys, 'pointToPoint'] },
  ),
  fc.record(
    { ...base, type: fc.constant('pptp' as const), pointToPoint: links },
    { requiredKeys: [...baseKeys, 'pointToPoint'] },
  ),
);

/**
 * Connections of few ids, addresses, peers, identities and secrets.
 * @param options.kept whether some come without their secret, as a push may
 */
export function fewRemoteConnections(options: {
  readonly kept: boolean;
}): fc.Arbitrary<RemoteConnection> {
  const few = [new Secret('first secret of the office'), new Secret('second secret of the office')];
  const secret = fc.constantFrom(...few, ...(options.kept ? [KEEP_SECRET] : []));
  return fc
    .record({
      type: fc.constantFrom('ikev2', 'ikev2', 'ikev2', 'l2tp', 'pptp'),
      id: fc.constantFrom('corp', 'internet', 'third'),
      source: fc.constantFrom('203.0.113.10', '203.0.113.20'),
      destination: fc.constantFrom('198.51.100.2', '198.51.100.3', null),
      route: fc.constantFrom('10.20.0.0/16', '10.0.0.0/8'),
      remoteIdentity: fc.constantFrom('a.example', 'b.example', '*.example', undefined),
      peerAddressMayChange: fc.boolean(),
      /** 0 is refused by itself, whatever else there is. */
      deadPeerDetectionSeconds: fc.constantFrom(10, 10, 10, 0),
      secret,
    })
    .map(({ type, id, source, destination, route, remoteIdentity, ...fields }) => {
      const { peerAddressMayChange, deadPeerDetectionSeconds } = fields;
      const ends = { source, destination, routes: [route] };
      const authentication = { method: 'psk', secret: fields.secret } as const;
      const pointToPoint = { method: 'mschapv2', userName: 'u', secret: fields.secret } as const;
      switch (type) {
        case 'ikev2':
          return ikev2(id, ends, {
            authentication,
            peerAddressMayChange,
            deadPeerDetectionSeconds,
            ...(remoteIdentity !== undefined && { remoteIdentity }),
          });
        case 'l2tp':
          return l2tp(id, ends, { authentication, pointToPoint });
        case 'pptp':
          return pptp(id, ends, { pointToPoint });
      }
    });
}
