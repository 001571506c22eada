import { Type, type Static } from 'typebox';
import { ConnectionFields, ConnectionRouteSchema } from './connection-fields.js';
import { Address, closed, Name } from './field-schemas.js';
import {
  Ikev2ConnectionSchema,
  L2tpConnectionSchema,
  PptpConnectionSchema,
} from './remote-connection-schemas.js';

const Port = Type.Integer({ minimum: 1, maximum: 65535 });

export const NatConnectionSchema = Type.Object(
  {
    ...ConnectionFields,
    type: Type.Literal('nat'),
    externalAddress: Address,
    rules: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Name,
            protocol: Type.Enum(['tcp', 'udp']),
            externalPort: Port,
            internalAddress: Address,
            internalPort: Port,
          },
          closed,
        ),
      ),
    ),
    routes: Type.Optional(Type.Array(ConnectionRouteSchema)),
  },
  {
    ...closed,
    $id: 'NatConnection',
    description: 'VM network to physical network by NAT; without routes the default route',
  },
);

export const RoutedConnectionSchema = Type.Object(
  {
    ...ConnectionFields,
    type: Type.Literal('routed'),
    routes: Type.Array(ConnectionRouteSchema),
  },
  {
    ...closed,
    $id: 'RoutedConnection',
    description: 'VM network to physical network by routing',
  },
);

export const ConnectionSchema = Type.Union(
  [
    NatConnectionSchema,
    RoutedConnectionSchema,
    Ikev2ConnectionSchema,
    L2tpConnectionSchema,
    PptpConnectionSchema,
  ],
  {
    $id: 'Connection',
    description: 'A way out of a VM network',
    discriminator: {
      propertyName: 'type',
      mapping: {
        nat: '#/components/schemas/NatConnection',
        routed: '#/components/schemas/RoutedConnection',
        ikev2: '#/components/schemas/Ikev2Connection',
        l2tp: '#/components/schemas/L2tpConnection',
        pptp: '#/components/schemas/PptpConnection',
      },
    },
  },
);

export type ConnectionDocument = Static<typeof ConnectionSchema>;
export type NatConnectionDocument = Static<typeof NatConnectionSchema>;
