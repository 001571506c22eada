import fc from 'fast-check';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../../../src/model/ipsec.js';

/** Stands in every secret that the documents hold: nothing that is read back may have it. */
export const SECRET_MARK = 'hunter2';

/** Fields that are there or not. */
const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });

const octet = fc.integer({ min: 1, max: 254 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));
const address = fc.oneof(ipv4, ipv6);
const prefix = fc.oneof(
  ipv4.map((text) => `${text}/32`),
  octet.map((first) => `${first}.0.0.0/8`),
);
const text = fc.string({ minLength: 1, maxLength: 20 });
const secret = text.map((rest) => `${SECRET_MARK}${rest}`);
const path = fc.stringMatching(/^\/[a-z]{1,10}\.pem$/);
const pem = fc.base64String().map((body) => `-----BEGIN X-----\n${body}\n-----END X-----\n`);
const routes = fc.uniqueArray(
  fc.record({ destinationPrefix: prefix, metric: fc.integer({ min: 0, max: 65_535 }) }),
  { selector: (route) => route.destinationPrefix, maxLength: 3 },
);

const mainMode = fc.record({
  encryptionAlgorithm: fc.constantFrom(...ENCRYPTION_ALGORITHMS),
  integrityAlgorithm: fc.constantFrom(...INTEGRITY_ALGORITHMS),
  diffieHellmanGroup: fc.constantFrom(...DIFFIE_HELLMAN_GROUPS),
  saLifeTimeSeconds: fc.integer({ min: 60, max: 172_799 }),
  reauthenticate: fc.boolean(),
});
const quickMode = joined(
  fc.record({
    cipherTransformationConstant: fc.constantFrom(...CIPHER_TRANSFORMATIONS),
    authenticationTransformationConstant: fc.constantFrom(...AUTHENTICATION_TRANSFORMATIONS),
    perfectForwardSecrecy: fc.constantFrom(...PERFECT_FORWARD_SECRECY),
    saLifeTimeSeconds: fc.integer({ min: 30, max: 172_799 }),
  }),
  optional({ saLifeTimeKiloBytes: fc.integer({ min: 1024, max: 2_147_483_647 }) }),
);

const certificate = joined(
  fc.record({
    method: fc.constant('certificate' as const),
    revocation: fc.constantFrom('relaxed' as const, 'strict' as const),
  }),
  fc.oneof(
    joined(fc.record({ certificate: pem }), optional({ privateKey: secret })),
    fc.record({ certificateFile: path, privateKeyFile: path }),
  ),
  fc.oneof(
    fc.record({ certificateAuthorities: fc.array(pem, { minLength: 1, maxLength: 2 }) }),
    fc.record({
      certificateAuthorities: fc.array(pem, { minLength: 1, maxLength: 2 }),
      certificateAuthorityFiles: fc.array(path, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ certificateAuthorityFiles: fc.array(path, { minLength: 1, maxLength: 2 }) }),
  ),
  optional({ revocationLists: fc.array(pem, { minLength: 1, maxLength: 2 }) }),
);
const psk = joined(fc.record({ method: fc.constant('psk' as const) }), optional({ secret }));

const ends = joined(
  fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
    interface: fc.constant('external'),
    sourceAddress: address,
    routes,
  }),
  fc.oneof(
    fc.record({ initiate: fc.constant(false) }),
    fc.record({ initiate: fc.boolean(), destinationAddress: address }),
  ),
);
const ipsec = joined(
  ends,
  fc.record({
    authentication: fc.oneof(psk, certificate),
    deadPeerDetectionSeconds: fc.integer({ min: 1, max: 3600 }),
    mainMode,
    quickMode,
  }),
  optional({ localIdentity: text, remoteIdentity: text }),
);

const ikev2 = joined(
  ipsec,
  fc.record({ type: fc.constant('ikev2' as const), peerAddressMayChange: fc.boolean() }),
  optional({
    trafficSelectors: fc.record({
      local: fc.array(prefix, { minLength: 1, maxLength: 2 }),
      remote: fc.array(prefix, { minLength: 1, maxLength: 2 }),
    }),
  }),
);
const linkAddresses = optional({ localAddress: address, remoteAddress: address });
const l2tp = joined(
  ipsec,
  fc.record({
    type: fc.constant('l2tp' as const),
    pointToPoint: joined(
      fc.record({
        method: fc.constantFrom('pap' as const, 'chap' as const, 'mschapv2' as const),
        userName: text,
      }),
      optional({ secret }),
      linkAddresses,
    ),
  }),
);
const pptp = joined(
  ends,
  fc.record({
    type: fc.constant('pptp' as const),
    authentication: joined(
      fc.record({ method: fc.constant('mschapv2' as const), userName: text }),
      optional({ secret }),
    ),
  }),
  fc.oneof(
    fc.constant({}),
    fc.record({ pointToPoint: fc.record({ localAddress: address }) }),
    fc.record({ pointToPoint: fc.record({ localAddress: address, remoteAddress: address }) }),
  ),
);

/** Remote connections in the form that `formatPolicy` writes, but for their secrets. */
export const remoteDocument = fc.oneof(ikev2, l2tp, pptp);

/** The document as it is read back. */
export function withoutSecrets<Document>(document: Document): Document {
  return JSON.parse(
    JSON.stringify(document, (name, value: unknown) =>
      name === 'secret' || name === 'privateKey' ? undefined : value,
    ),
  ) as Document;
}

/** One object with the fields of all. */
function joined<A extends object, B extends object, C extends object, D extends object>(
  ...parts: [fc.Arbitrary<A>, fc.Arbitrary<B>, fc.Arbitrary<C>?, fc.Arbitrary<D>?]
): fc.Arbitrary<A & B & C & D> {
  return fc
    .tuple(...(parts as fc.Arbitrary<object>[]))
    .map((objects) => Object.assign({}, ...objects) as A & B & C & D);
}

/** A connection of each type with all that must be there, its secrets among it. */
export const OFFICE = {
  ikev2: {
    id: 'office',
    type: 'ikev2',
    sourceAddress: '203.0.113.10',
    destinationAddress: '198.51.100.2',
    authentication: { method: 'psk', secret: SECRET_MARK },
    routes: [{ destinationPrefix: '192.168.101.0/24', metric: 10 }],
  },
  l2tp: {
    id: 'branch',
    type: 'l2tp',
    sourceAddress: '203.0.113.10',
    destinationAddress: '198.51.100.3',
    authentication: { method: 'psk', secret: SECRET_MARK },
    pointToPoint: { method: 'mschapv2', userName: 'branch', secret: SECRET_MARK },
    routes: [{ destinationPrefix: '192.168.102.0/24', metric: 10 }],
  },
  pptp: {
    id: 'depot',
    type: 'pptp',
    sourceAddress: '203.0.113.10',
    destinationAddress: '198.51.100.4',
    authentication: { method: 'mschapv2', userName: 'depot', secret: SECRET_MARK },
    routes: [{ destinationPrefix: '192.168.103.0/24', metric: 10 }],
  },
} as const;
