import type { ConnectionDocument } from '../../provider/schemas.js';
import type { Column } from './output.js';

export const CONNECTION_COLUMNS: readonly Column<ConnectionDocument>[] = [
  { header: 'ID', cell: ({ id }) => id },
  { header: 'TYPE', cell: ({ type }) => type },
  { header: 'INTERFACE', cell: (connection) => connection.interface },
  { header: 'EXTERNAL ADDRESS', cell: externalAddress },
  { header: 'PEER', cell: peer },
  {
    header: 'ROUTES',
    cell: ({ routes }) => routes?.map((route) => route.destinationPrefix).join(' '),
  },
  {
    header: 'PORTS',
    cell: (connection) =>
      connection.type === 'nat'
        ? connection.rules?.map((rule) => `${rule.protocol}/${rule.externalPort}`).join(' ')
        : undefined,
  },
  { header: 'STATE', cell: stateText },
  { header: 'SINCE', cell: ({ state }) => state?.since },
  { header: 'LAST ERROR', cell: errorText },
];

function externalAddress(connection: ConnectionDocument): string | undefined {
  switch (connection.type) {
    case 'routed':
      return undefined;
    case 'nat':
      return connection.externalAddress;
    case 'ikev2':
    case 'l2tp':
    case 'pptp':
      return connection.sourceAddress;
  }
}

/** Where the peer is, else where it is called. */
function peer(connection: ConnectionDocument): string | undefined {
  if (connection.type === 'routed' || connection.type === 'nat') return undefined;
  return connection.state?.peerAddress ?? connection.destinationAddress ?? 'any';
}

/** What the kernel does not have cannot be up as the policy says. */
function stateText({ state }: ConnectionDocument): string | undefined {
  if (state === undefined) return undefined;
  if (state.reason !== undefined) return `${state.configuration}: ${state.reason}`;
  return state.configuration === 'synchronized'
    ? (state.connection ?? state.configuration)
    : state.configuration;
}

/** An error of the past is no news once the connection is up. */
function errorText({ state }: ConnectionDocument): string | undefined {
  const { connection, lastError } = state ?? {};
  if (lastError === undefined || connection === 'connected') return undefined;
  return `${lastError.cause}: ${lastError.message}`;
}
