import { Type, type Static } from 'typebox';
import { ObjectStateFields } from './field-schemas.js';

const Time = (description: string) => Type.String({ description: `${description}; RFC 3339` });
const Selectors = Type.Optional(Type.Array(Type.String()));
const Counter = Type.Optional(Type.Integer({ description: 'Of pairs of ESP SAs' }));

/** What IKE has agreed on, as it is now. */
export const SecurityAssociationSchema = Type.Object(
  {
    kind: Type.Enum(['ike', 'child'], { description: 'IKE SA, or a pair of ESP SAs under it' }),
    state: Type.String(),
    algorithms: Type.String({
      examples: ['AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048'],
    }),
    establishedSecondsAgo: Type.Optional(Type.Integer()),
    rekeyInSeconds: Type.Optional(Type.Integer()),
    bytesIn: Counter,
    bytesOut: Counter,
    packetsIn: Counter,
    packetsOut: Counter,
    localSelectors: Selectors,
    remoteSelectors: Selectors,
  },
  { $id: 'SecurityAssociation', description: 'An IKE SA or a pair of ESP SAs of a connection' },
);

/** State of a connection (P7, G9). Read only. */
export const ConnectionStateSchema = Type.Object(
  {
    ...ObjectStateFields,
    connection: Type.Optional(
      Type.Enum(['connected', 'connecting', 'disconnected', 'failed'], {
        description:
          'Of a remote connection: connecting also while it waits for the peer to call; failed while it is tried again; disconnected after an orderly end. A local one is connected once the kernel has it',
      }),
    ),
    since: Type.Optional(Time('When a remote connection came to be so')),
    lastError: Type.Optional(
      Type.Object(
        {
          cause: Type.String({ examples: ['authenticationFailed'] }),
          message: Type.String({ description: 'What went wrong and what to do' }),
          at: Time('When'),
        },
        { description: 'The newest failure; stays after the connection is up again' },
      ),
    ),
    peerAddress: Type.Optional(
      Type.String({ description: 'Where the peer is now', examples: ['198.51.100.2'] }),
    ),
    securityAssociations: Type.Optional(
      Type.Array(SecurityAssociationSchema, { description: 'Where one connection is read' }),
    ),
  },
  {
    $id: 'ConnectionState',
    description: 'Whether the kernel has the connection, and whether it is up; read only',
  },
);

export type SecurityAssociationDocument = Static<typeof SecurityAssociationSchema>;
export type ConnectionStateDocument = Static<typeof ConnectionStateSchema>;
