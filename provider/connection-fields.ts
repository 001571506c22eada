import { Type } from 'typebox';
import { TCP_MSS_MAX, TCP_MSS_MIN } from '../src/model/tcp-mss.js';
import { ConnectionStateSchema } from './connection-state-schema.js';
import { closed, Metric, PrefixText } from './field-schemas.js';

export const ConnectionRouteSchema = Type.Object(
  { destinationPrefix: PrefixText, metric: Type.Optional(Metric) },
  closed,
);

/** What connections of all types have, besides their type and their routes. */
export const ConnectionFields = {
  id: Type.String({ minLength: 1, maxLength: 63, examples: ['internet'] }),
  interface: Type.Optional(
    Type.String({ description: 'External device of the configuration; the first one if absent' }),
  ),
  tcpMssClamping: Type.Optional(
    Type.Union(
      [Type.Literal('pathMtu'), Type.Integer({ minimum: TCP_MSS_MIN, maximum: TCP_MSS_MAX })],
      {
        description:
          'Longest TCP segment through the connection, both ways, IPv4 and IPv6: bytes, or pathMtu for what the gateway’s routes to both ends carry; if absent the ends decide',
      },
    ),
  ),
  /** What is read back may be pushed again: it is taken and ignored. */
  state: Type.Optional(ConnectionStateSchema),
} as const;
