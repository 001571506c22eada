import { readFile } from 'node:fs/promises';
import { messageOf, NvgateError, type ErrorCode } from '../../errors.js';
import type { ConnectionId } from '../../model/connection.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import {
  connectionDigest,
  connectionName,
  loadConn,
  parseConnectionName,
} from '../ike/connection.js';
import { credentials, readCredential } from '../ike/credentials.js';
import type { IpsecTunnelSpec, ReadCredential } from '../ike/tunnel.js';
import type { ViciClient } from '../vici/session.js';
import { readLoaded, type Loaded } from './loaded.js';
import { missingFrom, removals } from './plan.js';
import { readSnapshot } from './snapshot.js';

export interface LoadOptions {
  readonly dataPath: IpsecDataPath;
  readonly digestKey: Uint8Array;
}

export interface LoadFailure {
  readonly connection: ConnectionId;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface LoadResult {
  /** Names in charon of the wanted connections; of a refused one, that which it had before. */
  readonly names: ReadonlyMap<ConnectionId, string>;
  readonly failures: readonly LoadFailure[];
}

interface Named {
  readonly spec: IpsecTunnelSpec;
  readonly credential: ReadCredential;
  readonly name: string;
}

/**
 * Brings a charon to the wanted connections: loads what it lacks, and only then takes away what
 * nobody wants, with its SAs. What it has already is not touched.
 * @throws NvgateError `timedOut` or `vpnDaemonFailed` when charon does not answer
 */
export async function load(
  vici: ViciClient,
  specs: ReadonlyMap<ConnectionId, IpsecTunnelSpec>,
  options: LoadOptions,
): Promise<LoadResult> {
  const failures: LoadFailure[] = [];
  const wanted = new Map<ConnectionId, Named>();
  const fail = (connection: ConnectionId, error: unknown): void => {
    if (isDaemonTrouble(error)) throw error;
    const code = error instanceof NvgateError ? error.code : 'vpnRefused';
    failures.push({ connection, code, reason: messageOf(error) });
  };
  for (const [connection, spec] of specs)
    try {
      wanted.set(connection, await named(spec, options));
    } catch (error) {
      fail(connection, error);
    }

  const names = new Map([...wanted].map(([connection, { name }]) => [connection, name]));
  const loaded = await readLoaded(vici);
  for (const connection of missingFrom(loaded, names)) {
    const tunnel = wanted.get(connection);
    if (tunnel === undefined) continue;
    try {
      await loadCredentials(vici, tunnel);
      await vici.request(
        'load-conn',
        loadConn(tunnel.spec, tunnel.name, tunnel.credential, options.dataPath),
      );
    } catch (error) {
      fail(connection, error);
    }
  }

  const refused = new Set(failures.map(({ connection }) => connection));
  const snapshot = readSnapshot(await vici.stream('list-sas', 'list-sa'));
  const gone = removals(loaded, names, refused, snapshot);
  for (const name of gone.connections) await vici.request('unload-conn', { name });
  for (const id of gone.sharedKeys) await vici.request('unload-shared', { id });
  for (const id of gone.associations)
    await vici.run('terminate', { 'ike-id': String(id), force: 'yes', timeout: '-1' });
  if (gone.credentials) {
    await vici.request('clear-creds');
    for (const tunnel of wanted.values()) await loadCredentials(vici, tunnel);
  }
  return { names: namesAfter(loaded, names, refused), failures };
}

/** What was refused is what it was before, where it was anything. */
function namesAfter(
  loaded: Loaded,
  wanted: ReadonlyMap<ConnectionId, string>,
  refused: ReadonlySet<ConnectionId>,
): Map<ConnectionId, string> {
  const names = new Map([...wanted].filter(([connection]) => !refused.has(connection)));
  for (const name of loaded.connections.keys()) {
    const connection = parseConnectionName(name)?.id;
    if (connection !== undefined && refused.has(connection)) names.set(connection, name);
  }
  return names;
}

async function named(spec: IpsecTunnelSpec, options: LoadOptions): Promise<Named> {
  const { connection } = spec;
  const credential = await readCredential(connection.authentication, readPem);
  const digest = connectionDigest(spec, credential, options.dataPath, options.digestKey);
  return { spec, credential, name: connectionName(connection.id, digest) };
}

async function loadCredentials(vici: ViciClient, tunnel: Named): Promise<void> {
  for (const { command, message } of credentials(tunnel.spec, tunnel.name, tunnel.credential))
    await vici.request(command, message);
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new NvgateError(
      'invalidCertificate',
      `${path} could not be read on the gateway: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function isDaemonTrouble(error: unknown): boolean {
  return (
    error instanceof NvgateError && (error.code === 'timedOut' || error.code === 'vpnDaemonFailed')
  );
}
