import type { ConnectionId } from '../../model/connection.js';
import { formatIp, isIpv4, parseIp, type Ipv4 } from '../../net/ip.js';

export type LinkRole = 'call' | 'wait';

/** A PPP link as everything that handles it knows it. */
export interface Link {
  readonly connection: ConnectionId;
  /** What carries it. */
  readonly type: 'l2tp' | 'pptp';
  /** The gateway calls, or waits for the peer to. */
  readonly role: LinkRole;
  readonly localAddress: Ipv4;
  /** Absent: anybody may call. */
  readonly peer?: Ipv4;
  /** Linux device; absent where pppd numbers its devices, because it learns only then who calls. */
  readonly device?: string;
  /** The peer's end of the link, where the gateway gives it. */
  readonly remoteAddress?: Ipv4;
  /** Of all files of the link: another digest, another link. */
  readonly digest: string;
}

/** The text of a link's record, the file that tells a later process what an earlier one set up. */
export function formatRecord(link: Link): string {
  const { type, role, localAddress, peer, device, remoteAddress, digest } = link;
  const record = {
    ...{ type, role, localAddress: formatIp(localAddress) },
    ...(peer === undefined ? {} : { peer: formatIp(peer) }),
    ...(device === undefined ? {} : { device }),
    ...(remoteAddress === undefined ? {} : { remoteAddress: formatIp(remoteAddress) }),
    digest,
  };
  return `${JSON.stringify(record)}\n`;
}

/** Undefined where the text is no record, of this version at least. */
export function parseRecord(connection: ConnectionId, text: string): Link | undefined {
  try {
    const record = JSON.parse(text) as Partial<Record<string, unknown>>;
    const { type, role, device, digest } = record;
    const localAddress = addressIn(record, 'localAddress');
    const peer = addressIn(record, 'peer');
    const remoteAddress = addressIn(record, 'remoteAddress');
    if (type !== 'l2tp' && type !== 'pptp') return undefined;
    if (role !== 'call' && role !== 'wait') return undefined;
    if (localAddress === undefined || typeof digest !== 'string') return undefined;
    return {
      ...{ connection, type, role, localAddress, digest },
      ...(peer === undefined ? {} : { peer }),
      ...(typeof device === 'string' ? { device } : {}),
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
    };
  } catch {
    return undefined;
  }
}

function addressIn(record: Partial<Record<string, unknown>>, key: string): Ipv4 | undefined {
  const text = record[key];
  if (typeof text !== 'string') return undefined;
  const address = parseIp(text);
  return isIpv4(address) ? address : undefined;
}
