import type { ConnectionId } from '../../model/connection.js';
import { parseIp, type IpAddress } from '../../net/ip.js';
import { parseConnectionName } from '../ike/connection.js';
import { flagOf, numberOf, sectionOf, sectionsOf, textOf } from '../vici/read.js';
import type { ViciSection } from '../vici/message.js';

/** An IKE SA as `list-sas` shows it: what decides whether a tunnel is up. */
export interface SeenSa {
  /** Of the connection; `(unnamed)` before the peer has said who it is. */
  readonly name: string;
  readonly uniqueId: number;
  /** Of IKE: 1 is L2TP's. */
  readonly version: number;
  readonly state: string;
  readonly remoteHost?: IpAddress;
  /** We have called. */
  readonly initiator: boolean;
  /** The other side has said something. */
  readonly answered: boolean;
  readonly children: readonly SeenChild[];
}

export interface SeenChild {
  readonly uniqueId: number;
  readonly state: string;
  /** Of the SA's outbound half; user-space SAs are numbered in the order of their making. */
  readonly interfaceId: number;
}

/** Carries packets. A REKEYED one does until its successor, which is installed, takes over. */
const CARRYING = new Set(['INSTALLED', 'UPDATING', 'REKEYING', 'REKEYED']);

/** @param messages of the `list-sa` events of one `list-sas` */
export function readSnapshot(messages: readonly ViciSection[]): SeenSa[] {
  return messages.flatMap((message) =>
    sectionsOf(message).map(([name, section]): SeenSa => {
      const remoteHost = addressOf(textOf(section, 'remote-host'));
      return {
        name,
        uniqueId: numberOf(section, 'uniqueid') ?? 0,
        version: numberOf(section, 'version') ?? 0,
        state: textOf(section, 'state') ?? '',
        ...(remoteHost === undefined ? {} : { remoteHost }),
        initiator: flagOf(section, 'initiator'),
        answered: !/^0*$/.test(
          textOf(section, flagOf(section, 'initiator') ? 'responder-spi' : 'initiator-spi') ?? '',
        ),
        children: sectionsOf(sectionOf(section, 'child-sas')).map(([, child]) => ({
          uniqueId: numberOf(child, 'uniqueid') ?? 0,
          state: textOf(child, 'state') ?? '',
          interfaceId: Number.parseInt(textOf(child, 'if-id-out') ?? '0', 16),
        })),
      };
    }),
  );
}

export function carryingChildren(sa: SeenSa): SeenChild[] {
  return sa.children.filter((child) => CARRYING.has(child.state));
}

/** Interface id of the newest child that carries packets; undefined where none does. */
export function newestInterfaceId(sas: readonly SeenSa[]): number | undefined {
  const ids = sas.flatMap(carryingChildren).map(({ interfaceId }) => interfaceId);
  return ids.length === 0 ? undefined : Math.max(...ids);
}

/** Of SAs of one connection, the one that carries packets; the newest where several do. */
export function carryingSa(sas: readonly SeenSa[]): SeenSa | undefined {
  return sas
    .filter((sa) => carryingChildren(sa).length > 0)
    .reduce<SeenSa | undefined>(
      (newest, sa) => (newest === undefined || sa.uniqueId > newest.uniqueId ? sa : newest),
      undefined,
    );
}

/** The SAs whose names are ours, by connection. */
export function byConnection(sas: readonly SeenSa[]): Map<ConnectionId, SeenSa[]> {
  const found = new Map<ConnectionId, SeenSa[]>();
  for (const sa of sas) {
    const id = parseConnectionName(sa.name)?.id;
    if (id === undefined) continue;
    const others = found.get(id);
    if (others === undefined) found.set(id, [sa]);
    else others.push(sa);
  }
  return found;
}

/** `%any` and the like, while an SA is young, are no address. */
function addressOf(text: string | undefined): IpAddress | undefined {
  if (text === undefined || text.startsWith('%')) return undefined;
  return parseIp(text);
}
