import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { policyRef } from '../../src/model/policy-ref.js';
import { connectionState, wholeConnectionState } from '../connection-state.js';
import type { ProviderContext } from '../context.js';
import { ConnectionSchema } from '../schemas.js';
import { formatConnection, readConnectionIdentity } from '../translate/connection.js';
import { registerNoun } from './collection.js';
import { DOMAIN_SCOPE } from './noun.js';

/** /v1/routing-domains/{rdid}/connections */
export function connections(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, DOMAIN_SCOPE, {
    kind: 'connection',
    title: 'connection',
    path: 'connections',
    schema: ConnectionSchema,
    params: { id: Type.String({ description: 'Id of the connection' }) },
    keyFields: ({ id }) => ({ id }),
    readIdentity: readConnectionIdentity,
    compare: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    objects: (domain) => domain.connections.values(),
    find: (domain, { id }) => domain.connections.get(id),
    ref: ({ id }, domain) => policyRef.connection(domain, id),
    format: formatConnection,
    state: (context, connection, domain) => connectionState(context, domain, connection),
    wholeState: (context, connection, domain) => wholeConnectionState(context, domain, connection),
  });
}
