import { isRemote, type Connection } from '../src/model/connection.js';
import type { ObjectState } from '../src/model/object-state.js';
import { policyRef } from '../src/model/policy-ref.js';
import type { RoutingDomainId } from '../src/model/routing-domain-id.js';
import { NvgateError } from '../src/errors.js';
import { formatIp } from '../src/net/ip.js';
import type { ConnectionStateDocument } from './connection-state-schema.js';
import type { ProviderContext } from './context.js';
import type { SecurityAssociationReport, TunnelReport, TunnelState } from './tunnels.js';

/** What the states of connections are made of. */
export interface StateContext {
  readonly status: Pick<ProviderContext['status'], 'stateOf'>;
  readonly tunnels: Pick<ProviderContext['tunnels'], 'stateOf' | 'securityAssociations'>;
}

/** The state of one connection, without its security associations. */
export function connectionState(
  { status, tunnels }: StateContext,
  domain: RoutingDomainId,
  connection: Connection,
): ConnectionStateDocument {
  const state = status.stateOf(policyRef.connection(domain, connection.id));
  if (!isRemote(connection)) return { ...state, connection: localState(state) };
  const tunnel = tunnels.stateOf(domain, connection.id);
  return tunnel === undefined
    ? { ...state, connection: state.configuration === 'failed' ? 'failed' : 'connecting' }
    : { ...state, ...formatTunnel(tunnel) };
}

/** As `connectionState`, with the security associations that a remote connection has now. */
export async function wholeConnectionState(
  context: StateContext,
  domain: RoutingDomainId,
  connection: Connection,
): Promise<ConnectionStateDocument> {
  const state = connectionState(context, domain, connection);
  if (!isRemote(connection)) return state;
  const securityAssociations = await knownAssociations(context, domain, connection);
  return {
    ...state,
    ...(securityAssociations !== undefined && {
      securityAssociations: securityAssociations.map(formatAssociation),
    }),
  };
}

/** Undefined where the VPN daemon does not answer: what else is known is told all the same. */
export async function knownAssociations(
  { tunnels }: Pick<StateContext, 'tunnels'>,
  domain: RoutingDomainId,
  connection: Pick<Connection, 'id'>,
): Promise<readonly SecurityAssociationReport[] | undefined> {
  try {
    return await tunnels.securityAssociations(domain, connection.id);
  } catch (error) {
    if (error instanceof NvgateError) return undefined;
    throw error;
  }
}

/** A local connection has no peer: it is up once the kernel has it. */
function localState({ configuration }: ObjectState): TunnelState {
  switch (configuration) {
    case 'synchronized':
      return 'connected';
    case 'pending':
      return 'connecting';
    case 'failed':
      return 'failed';
  }
}

function formatTunnel({
  connection,
  since,
  lastError,
  peerAddress,
}: TunnelReport): Omit<ConnectionStateDocument, 'configuration'> {
  return {
    connection,
    since: since.toISOString(),
    ...(lastError !== undefined && {
      lastError: {
        cause: lastError.cause,
        message: lastError.message,
        at: lastError.at.toISOString(),
      },
    }),
    ...(peerAddress !== undefined && { peerAddress: formatIp(peerAddress) }),
  };
}

function formatAssociation(
  association: SecurityAssociationReport,
): NonNullable<ConnectionStateDocument['securityAssociations']>[number] {
  const { localSelectors, remoteSelectors, ...figures } = association;
  return {
    ...figures,
    ...(localSelectors !== undefined && { localSelectors: [...localSelectors] }),
    ...(remoteSelectors !== undefined && { remoteSelectors: [...remoteSelectors] }),
  };
}
