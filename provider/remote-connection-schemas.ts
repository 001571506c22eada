import { Type, type Static } from 'typebox';
import { DEFAULT_DEAD_PEER_DETECTION_SECONDS } from '../src/model/remote-connection.js';
import { ConnectionFields, ConnectionRouteSchema } from './connection-fields.js';
import { closed, PrefixText } from './field-schemas.js';
import {
  IpsecAuthenticationSchema,
  MainModeSchema,
  QuickModeSchema,
  secretText,
} from './ipsec-schemas.js';

/** Longest user name and password that pppd takes (its MAXNAMELEN and MAXSECRETLEN). */
const PPP_MAX_LENGTH = 255;

const Identity = Type.String({ minLength: 1, maxLength: 255, examples: ['office.example'] });
const UserName = Type.String({ minLength: 1, maxLength: PPP_MAX_LENGTH, examples: ['office'] });
const PppSecret = secretText('The password', PPP_MAX_LENGTH);
const LinkAddresses = {
  localAddress: Type.Optional(
    Type.String({ description: 'The gateway’s end of the link; asked of the peer if absent' }),
  ),
  remoteAddress: Type.Optional(
    Type.String({ description: 'The peer’s end of the link; the responder gives it' }),
  ),
} as const;

const RemoteFields = {
  ...ConnectionFields,
  sourceAddress: Type.String({
    description: 'External address of the gateway’s end; several routing domains may use one',
    examples: ['203.0.113.10'],
  }),
  destinationAddress: Type.Optional(
    Type.String({
      description: 'The peer; absent, 0.0.0.0 or :: for any, the gateway then waits for it to call',
      examples: ['198.51.100.2'],
    }),
  ),
  initiate: Type.Optional(
    Type.Boolean({
      description:
        'The gateway calls and keeps calling; true if absent, never without a destinationAddress',
    }),
  ),
} as const;

const IpsecFields = {
  ...RemoteFields,
  authentication: IpsecAuthenticationSchema,
  localIdentity: Type.Optional(Identity),
  remoteIdentity: Type.Optional(Identity),
  deadPeerDetectionSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 3600,
      default: DEFAULT_DEAD_PEER_DETECTION_SECONDS,
      description: 'Silence after which the peer is asked whether it is there',
    }),
  ),
  mainMode: Type.Optional(MainModeSchema),
  quickMode: Type.Optional(QuickModeSchema),
} as const;

export const TrafficSelectorsSchema = Type.Object(
  {
    local: Type.Array(PrefixText, { minItems: 1 }),
    remote: Type.Array(PrefixText, { minItems: 1 }),
  },
  {
    ...closed,
    description:
      'Policy-based: only what fits both lists passes. If absent route-based: all that is routed there',
  },
);

export const Ikev2ConnectionSchema = Type.Object(
  {
    ...IpsecFields,
    type: Type.Literal('ikev2'),
    peerAddressMayChange: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'The peer may come from elsewhere than destinationAddress, where it is called',
      }),
    ),
    trafficSelectors: Type.Optional(TrafficSelectorsSchema),
    routes: Type.Array(ConnectionRouteSchema),
  },
  { ...closed, $id: 'Ikev2Connection', description: 'VM network to remote site by IKEv2' },
);

export const PointToPointSchema = Type.Object(
  {
    method: Type.Enum(['pap', 'chap', 'mschapv2']),
    userName: UserName,
    secret: PppSecret,
    ...LinkAddresses,
  },
  { ...closed, $id: 'PointToPoint', description: 'The PPP link inside the tunnel' },
);

export const L2tpConnectionSchema = Type.Object(
  {
    ...IpsecFields,
    type: Type.Literal('l2tp'),
    pointToPoint: PointToPointSchema,
    routes: Type.Array(ConnectionRouteSchema),
  },
  {
    ...closed,
    $id: 'L2tpConnection',
    description: 'VM network to remote site by L2TP over IPsec transport mode (RFC 3193)',
  },
);

export const PptpConnectionSchema = Type.Object(
  {
    ...RemoteFields,
    type: Type.Literal('pptp'),
    authentication: Type.Object(
      { method: Type.Literal('mschapv2'), userName: UserName, secret: PppSecret },
      closed,
    ),
    pointToPoint: Type.Optional(Type.Object(LinkAddresses, closed)),
    routes: Type.Array(ConnectionRouteSchema),
  },
  {
    ...closed,
    $id: 'PptpConnection',
    description:
      'VM network to remote site by PPTP with MPPE (RFC 2637). Weak: refused unless the configuration allows it',
  },
);

export type Ikev2ConnectionDocument = Static<typeof Ikev2ConnectionSchema>;
export type L2tpConnectionDocument = Static<typeof L2tpConnectionSchema>;
export type PptpConnectionDocument = Static<typeof PptpConnectionSchema>;
export type PointToPointDocument = Static<typeof PointToPointSchema>;
export type RemoteConnectionDocument =
  Ikev2ConnectionDocument | L2tpConnectionDocument | PptpConnectionDocument;
