import type { ConnectionId } from '../../model/connection.js';
import { parseConnectionName } from '../ike/connection.js';
import type { Loaded } from './loaded.js';
import type { SeenSa } from './snapshot.js';

/** What has to go from a charon after everything wanted was offered to it. */
export interface Removals {
  /** Names of connections to unload. */
  readonly connections: readonly string[];
  /** Ids of shared keys to unload. */
  readonly sharedKeys: readonly string[];
  /** IKE SAs of what has gone or changed. */
  readonly associations: readonly number[];
  /** All credentials have to be forgotten and loaded again: VICI forgets no single certificate. */
  readonly credentials: boolean;
}

/** Ids of the wanted connections that charon does not have as they are wanted. */
export function missingFrom(
  loaded: Loaded,
  wanted: ReadonlyMap<ConnectionId, string>,
): ConnectionId[] {
  return [...wanted]
    .filter(([, name]) => !loaded.connections.has(name))
    .map(([connection]) => connection);
}

/**
 * What nobody wants any more. Of a connection whose change charon has refused, what it had before
 * stays, tunnel included.
 * @param loaded before anything was offered
 * @param wanted connection names by id
 * @param refused connections whose new form charon did not take
 */
export function removals(
  loaded: Loaded,
  wanted: ReadonlyMap<ConnectionId, string>,
  refused: ReadonlySet<ConnectionId>,
  associations: readonly SeenSa[],
): Removals {
  const stays = (name: string): boolean => {
    const id = parseConnectionName(name)?.id;
    return id !== undefined && (refused.has(id) || wanted.get(id) === name);
  };
  const gone = [...loaded.connections].filter(([name]) => !stays(name));
  return {
    connections: gone.map(([name]) => name),
    sharedKeys: [
      ...loaded.sharedKeys.filter((name) => !stays(name)),
      // What was offered with a connection that was refused then.
      ...[...refused].flatMap((id) => wanted.get(id) ?? []),
    ],
    associations: associations
      .filter(({ name }) => parseConnectionName(name) !== undefined && !stays(name))
      .map(({ uniqueId }) => uniqueId),
    // What was refused keeps living on credentials that only charon still has.
    credentials: refused.size === 0 && gone.some(([, { byCertificate }]) => byCertificate),
  };
}
