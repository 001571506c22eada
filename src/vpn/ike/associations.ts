import { NvgateError } from '../../errors.js';
import { parseIp, type IpAddress } from '../../net/ip.js';
import type { SecurityAssociation } from '../port.js';
import type { ViciSection } from '../vici/message.js';
import { listOf, numberOf, sectionOf, sectionsOf, textOf } from '../vici/read.js';

/** One IKE SA, as `list-sa`, `ike-updown` and `child-updown` events tell of it. */
export interface IkeAssociation {
  /** Of the connection: `parseConnectionName` reads it. */
  readonly name: string;
  readonly uniqueId: number;
  /** CONNECTING, ESTABLISHED, REKEYING, REKEYED, DELETING… */
  readonly state: string;
  /** Absent while charon does not know it. */
  readonly localHost?: IpAddress;
  readonly remoteHost?: IpAddress;
  /** Absent until the peer has said it. */
  readonly remoteId?: string;
  /** The IKE SA, then its children, as the API shows them. */
  readonly associations: readonly SecurityAssociation[];
  readonly children: readonly ChildAssociation[];
}

export interface ChildAssociation {
  /** Of the connection that it belongs to. */
  readonly name: string;
  readonly uniqueId: number;
  /** INSTALLED while packets pass; also CREATED, ROUTED, INSTALLING, REKEYING, REKEYED, DELETING… */
  readonly state: string;
}

/**
 * The IKE SAs of a message, which has one section for each: `{office@1c2f03ab: {uniqueid, …}}`.
 * @throws NvgateError `vpnDaemonFailed` when it is not what charon says
 */
export function readAssociations(message: ViciSection): readonly IkeAssociation[] {
  return sectionsOf(message).map(([name, sa]) => {
    const children = sectionsOf(sectionOf(sa, 'child-sas')).map(([, child]) => child);
    return {
      name,
      uniqueId: required(sa, 'uniqueid', numberOf),
      state: required(sa, 'state', textOf),
      ...present('localHost', known(textOf(sa, 'local-host'), parseIp)),
      ...present('remoteHost', known(textOf(sa, 'remote-host'), parseIp)),
      ...present(
        'remoteId',
        known(textOf(sa, 'remote-id'), (identity) => identity),
      ),
      associations: [ikeAssociation(sa), ...children.map(childAssociation)],
      children: children.map((child) => ({
        name: required(child, 'name', textOf),
        uniqueId: required(child, 'uniqueid', numberOf),
        state: required(child, 'state', textOf),
      })),
    };
  });
}

function ikeAssociation(sa: ViciSection): SecurityAssociation {
  return {
    kind: 'ike',
    state: required(sa, 'state', textOf),
    algorithms: algorithms(sa, ['encr', 'integ', 'prf']),
    ...present('establishedSecondsAgo', numberOf(sa, 'established')),
    // An SA that is to authenticate again has only the second.
    ...present('rekeyInSeconds', remaining(sa, 'rekey-time') ?? remaining(sa, 'reauth-time')),
  };
}

function childAssociation(child: ViciSection): SecurityAssociation {
  return {
    kind: 'child',
    state: required(child, 'state', textOf),
    algorithms: algorithms(child, ['encr', 'integ']),
    ...present('establishedSecondsAgo', numberOf(child, 'install-time')),
    ...present('rekeyInSeconds', remaining(child, 'rekey-time')),
    ...present('bytesIn', numberOf(child, 'bytes-in')),
    ...present('bytesOut', numberOf(child, 'bytes-out')),
    ...present('packetsIn', numberOf(child, 'packets-in')),
    ...present('packetsOut', numberOf(child, 'packets-out')),
    localSelectors: listOf(child, 'local-ts'),
    remoteSelectors: listOf(child, 'remote-ts'),
  };
}

/** `AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048`; empty before they are chosen. */
function algorithms(sa: ViciSection, kinds: readonly ('encr' | 'integ' | 'prf')[]): string {
  const names = kinds.map((kind) => {
    const name = textOf(sa, `${kind}-alg`);
    const bits = textOf(sa, `${kind}-keysize`);
    return name !== undefined && bits !== undefined ? `${name}-${bits}` : name;
  });
  return [...names, textOf(sa, 'dh-group')].filter((name) => name !== undefined).join('/');
}

/** Less than nothing while charon is about to do it. */
function remaining(sa: ViciSection, key: string): number | undefined {
  const seconds = numberOf(sa, key);
  return seconds === undefined ? undefined : Math.max(0, seconds);
}

/** charon says %any of what it does not know yet. */
function known<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined || text.startsWith('%any') ? undefined : read(text);
}

function present<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function required<T>(
  section: ViciSection,
  key: string,
  read: (section: ViciSection, key: string) => T | undefined,
): T {
  const value = read(section, key);
  if (value === undefined)
    throw new NvgateError('vpnDaemonFailed', `charon tells of an SA without ${key}.`);
  return value;
}
