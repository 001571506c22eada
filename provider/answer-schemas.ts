import { Type, type Static } from 'typebox';
import { ERROR_CODES } from '../src/errors.js';
import { PEER_PROBLEM_NAMES } from '../src/forwarding/peer-problem.js';
import { VERDICT_NAMES } from '../src/forwarding/verdict.js';

/*
 * What the API answers besides the policy's nouns. Answers are open: a later version adds fields.
 */

const Strings = Type.Array(Type.String());
const Revision = Type.Integer({ description: 'Number of pushes that led to the policy' });
const Ref = Type.String({ description: 'Path of the object below /v1' });

const CODE_LIST = Object.entries(ERROR_CODES)
  .map(([code, meaning]) => `- \`${code}\`: ${meaning}`)
  .join('\n');

const Code = Type.Enum(Object.keys(ERROR_CODES), {
  $id: 'ErrorCode',
  description: `Stable name of what went wrong:\n${CODE_LIST}`,
});

export const ProblemSchema = Type.Object(
  {
    path: Type.String({ description: 'JSON pointer into the body, or path of an existing object' }),
    code: Code,
    message: Type.String({ description: 'What is wrong and what to do' }),
  },
  { $id: 'Problem', description: 'One thing that is wrong' },
);

/** RFC 9457 */
export const ProblemDocumentSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:nvgate:problem:policyRefused'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Code,
    errors: Type.Optional(Type.Array(ProblemSchema)),
    revision: Type.Optional(
      Type.Integer({ description: 'Where the push was stored all the same: its revision' }),
    ),
  },
  { $id: 'ProblemDocument', description: 'Why a call was refused (RFC 9457)' },
);

export const PushAnswerSchema = Type.Object(
  { revision: Revision, warnings: Type.Array(ProblemSchema) },
  { $id: 'PushAnswer', description: 'The push is stored; it survives a crash from here on' },
);

const FailureSchema = Type.Object({ ref: Type.Optional(Ref), reason: Type.String() });

const PathMtuSchema = Type.Object({
  providerAddress: Type.String({ description: 'PA of the peer' }),
  mtu: Type.Integer({ description: 'Bytes of outer packet that the way there carries' }),
  innerMtu: Type.Integer({ description: 'Bytes of inner packet: what senders are told' }),
  router: Type.String({ description: 'Underlay router that has said so' }),
  learnedAt: Type.String({ description: 'RFC 3339; when it last said so' }),
});

const PeerProblemSchema = Type.Object({
  providerAddress: Type.String({ description: 'PA of the peer' }),
  problem: Type.Enum(PEER_PROBLEM_NAMES),
  description: Type.String({ description: 'What the peer does' }),
  advice: Type.String({ description: 'What to do about it' }),
  packets: Type.Integer({ description: 'Packets since the data plane was first made' }),
  lastSeenAt: Type.String({ description: 'RFC 3339, to the second' }),
});

export const GatewaySchema = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    revision: Revision,
    health: Type.Enum(['ok', 'synchronizing', 'degraded'], {
      description:
        'degraded: part of the policy could not be brought to the kernel, or the stored policy was lost',
    }),
    startedAt: Type.String({ description: 'RFC 3339' }),
    uptimeSeconds: Type.Integer(),
    reconcile: Type.Object({
      revision: Type.Integer({ description: 'Newest revision brought to the kernel' }),
      lastRunAt: Type.Optional(Type.String({ description: 'RFC 3339' })),
      repairs: Type.Integer({ description: 'Kernel objects found missing or wrong, and mended' }),
      failures: Type.Array(FailureSchema),
    }),
    counts: Type.Object({
      providerAddresses: Type.Integer(),
      providerRoutes: Type.Integer(),
      routingDomains: Type.Integer(),
      virtualSubnets: Type.Integer(),
      lookupRecords: Type.Integer(),
      customerRoutes: Type.Integer(),
      connections: Type.Integer(),
    }),
    tunnels: Type.Object(
      {
        connected: Type.Integer(),
        connecting: Type.Integer(),
        disconnected: Type.Integer(),
        failed: Type.Integer(),
      },
      { description: 'Remote connections by state' },
    ),
    pathMtus: Type.Array(PathMtuSchema, {
      description:
        'Peers to which the way carries less than the underlay device, the smallest first',
    }),
    peerProblems: Type.Array(PeerProblemSchema, {
      description: 'Peers whose NVGRE is wrong, those heard of last first; no more than 100',
    }),
  },
  { $id: 'Gateway', description: 'What the gateway is and how it is' },
);

const VpnLists = {
  vpnProtocols: Strings,
  encryptionAlgorithms: Strings,
  integrityAlgorithms: Strings,
  diffieHellmanGroups: Strings,
  cipherTransformations: Strings,
  authenticationTransformations: Strings,
  perfectForwardSecrecy: Strings,
} as const;

/** GET /v1/capabilities (G6): as found on the running system. */
export const CapabilitiesSchema = Type.Object(
  {
    connectionTypes: Type.Array(Type.String(), {
      description: 'What a connection may be; insecure ones where they are allowed',
    }),
    ...VpnLists,
    authenticationMethods: Strings,
    insecure: Type.Object(
      {
        allowed: Type.Boolean({ description: '`allowInsecureVpn` of the configuration' }),
        ...VpnLists,
      },
      { description: 'On the system but weak, and listed nowhere else; refused unless allowed' },
    ),
    ipsecDataPath: Type.Union([Type.Enum(['kernel', 'userSpace']), Type.Null()], {
      description: 'Where ESP is done; null where there is no IPsec',
    }),
    vsidRange: Type.Object({ min: Type.Integer(), max: Type.Integer() }),
    innerMtu: Type.Integer({ description: 'Largest inner IP packet in bytes' }),
    addressFamilies: Type.Array(Type.Enum(['ipv4', 'ipv6'])),
    limits: Type.Record(Type.String(), Type.Integer()),
    unavailable: Type.Array(Type.Object({ feature: Type.String(), reason: Type.String() })),
  },
  { $id: 'Capabilities', description: 'What the gateway supports on this system now' },
);

export const CountersSchema = Type.Object(
  {
    counters: Type.Array(
      Type.Object({
        vsid: Type.Integer({ description: '0 where the packet named no virtual subnet' }),
        verdict: Type.Enum(VERDICT_NAMES),
        kind: Type.Enum(['forwarded', 'dropped']),
        description: Type.String(),
        packets: Type.Integer(),
        bytes: Type.Integer(),
      }),
    ),
  },
  { $id: 'Counters', description: 'Since the data plane was first made' },
);

export const TraceQuerySchema = Type.Object(
  {
    vsid: Type.Integer({ description: 'VSID that the packet comes from', examples: [5001] }),
    from: Type.String({ description: 'Source CA', examples: ['192.168.1.101'] }),
    to: Type.String({ description: 'Destination', examples: ['192.168.2.101'] }),
    protocol: Type.Optional(Type.Enum(['tcp', 'udp'])),
    port: Type.Optional(
      Type.Integer({ description: 'Destination port', minimum: 1, maximum: 65535 }),
    ),
  },
  { $id: 'TraceQuery', additionalProperties: false },
);

export const TraceAnswerSchema = Type.Object(
  {
    routingDomain: Type.Union([Type.String(), Type.Null()]),
    outcome: Type.Object({
      kind: Type.Enum(['gateway', 'tunnel', 'multicast', 'connection', 'dropped']),
      verdict: Type.Enum(VERDICT_NAMES),
      sentence: Type.String(),
      vsid: Type.Optional(Type.Integer()),
      by: Type.Optional(Type.String({ description: 'What decided where the packet goes' })),
      macAddress: Type.Optional(Type.String()),
      providerAddress: Type.Optional(Type.String({ description: 'Outer destination' })),
      providerAddresses: Type.Optional(
        Type.Array(Type.String(), { description: 'A PA multicast group, or every host' }),
      ),
      leftOut: Type.Optional(Type.Integer({ description: 'Hosts that get no copy' })),
      sourceProviderAddress: Type.Optional(Type.String({ description: 'Outer source' })),
      sourceMac: Type.Optional(Type.String({ description: 'Inner source MAC' })),
      destinationMac: Type.Optional(Type.String({ description: 'Inner destination MAC' })),
      underlay: Type.Optional(Type.String()),
      pathMtu: Type.Optional(
        Type.Integer({ description: 'Bytes of outer packet that a router on the way carries' }),
      ),
      connection: Type.Optional(Type.String({ description: 'Id of the connection' })),
      destinationPrefix: Type.Optional(Type.String({ description: 'Route of the connection' })),
    }),
    steps: Type.Array(Type.Object({ name: Type.String(), sentence: Type.String() })),
  },
  { $id: 'TraceAnswer', description: 'What would become of the packet, and each decision (P5)' },
);

export const HealthSchema = Type.Object(
  { status: Type.Literal('ok') },
  { $id: 'Health', description: 'The process serves' },
);

export const ReadinessSchema = Type.Object(
  { ready: Type.Boolean(), revision: Revision, synchronizedRevision: Type.Integer() },
  { $id: 'Readiness', description: 'Ready once the stored policy was brought to the kernel' },
);

export type ProblemDocument = Static<typeof ProblemDocumentSchema>;
export type PushAnswer = Static<typeof PushAnswerSchema>;
export type GatewayAnswer = Static<typeof GatewaySchema>;
export type Capabilities = Static<typeof CapabilitiesSchema>;
export type CountersAnswer = Static<typeof CountersSchema>;
export type TraceQueryDocument = Static<typeof TraceQuerySchema>;
export type TraceAnswer = Static<typeof TraceAnswerSchema>;
export type ReadinessAnswer = Static<typeof ReadinessSchema>;
