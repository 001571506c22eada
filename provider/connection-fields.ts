import { Type } from 'typebox';
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
  /** What is read back may be pushed again: it is taken and ignored. */
  state: Type.Optional(ConnectionStateSchema),
} as const;
