import { IcmpType } from '../../src/codec/icmp.js';
import { IpProtocol } from '../../src/codec/ip-protocol.js';
import type { RewriteEntry } from '../../src/model/forwarding-table.js';
import type { IpAddress } from '../../src/net/ip.js';
import { onceIn, pick, type Choices } from './choices.js';
import type { World } from './generated-sources.js';
import { HOST_PAS, OWN_PAS } from './generated-tables.js';
import { mutateInner, mutateUnderlayFrame } from './mutations.js';
import {
  ethernet,
  icmp,
  icmpUnreachable,
  nvgre,
  repairIpv4Checksum,
  tcp,
  udp,
  type Payload,
} from './packets.js';

/* Packets that travel without NVGRE, between two records of rule `nat` (N13), and what resembles them. */

const ROUTER = '10.2.0.1';

/** On the underlay: most from such a record to one of the gateway's own. */
export function generateRewritten(choices: Choices, world: World): Uint8Array {
  const { rewrites } = world.entries;
  const own = addressOf(
    choices,
    rewrites.filter(({ local }) => local),
    OWN_PAS,
  );
  const far = addressOf(
    choices,
    rewrites.filter((entry) => isFarEnd(entry, own, world)),
    HOST_PAS,
  );
  const payload = onceIn(choices, 12)
    ? fragmentationNeeded(choices, own, far)
    : generateTransport(choices, far, own);
  const frame = ethernet({ payload });
  return onceIn(choices, 5) ? mutateUnderlayFrame(choices, frame) : frame;
}

/** Most of them in the routing domain of the gateway's own. */
function isFarEnd({ local, routingDomain }: RewriteEntry, own: IpAddress, world: World): boolean {
  return !local && world.tables.rewrite(own)?.routingDomain === routingDomain;
}

function addressOf(
  choices: Choices,
  entries: readonly RewriteEntry[],
  others: readonly IpAddress[],
): IpAddress {
  return entries.length === 0 || onceIn(choices, 8)
    ? pick(choices, others)
    : pick(choices, entries).providerAddress;
}

function fragmentationNeeded(choices: Choices, own: IpAddress, far: IpAddress): Payload {
  const data = new Uint8Array(1400);
  const { bytes } = onceIn(choices, 2)
    ? udp({ from: own, to: far, data })
    : tcp({ from: own, to: far, data });
  if (onceIn(choices, 4)) bytes[6] = pick(choices, [0, 0x20, 0x60]);
  return icmpUnreachable({
    ...{ from: onceIn(choices, 3) ? far : ROUTER, to: own, code: onceIn(choices, 6) ? 3 : 4 },
    mtu: pick(choices, [575, 576, 1400, 1440, 1500]),
    returned: bytes.subarray(0, pick(choices, [20, 28, 60, 548])),
  });
}

/** IPv4 with everything that has a checksum over the addresses or an address within it. */
export function generateTransport(choices: Choices, from: IpAddress, to: IpAddress): Payload {
  const data = new Uint8Array(pick(choices, [0, 1, 8, 33, 400]));
  data.fill(choices.below(256));
  switch (choices.below(5)) {
    case 0:
      return fragmented(choices, withoutChecksum(choices, udp({ from, to, data })));
    case 1:
      return fragmented(choices, tcp({ from, to, data }));
    case 2:
      return fragmented(choices, icmp({ from, to, sequence: choices.below(65536) }));
    case 3:
      return fragmented(choices, otherProtocol(choices, udp({ from, to, data })));
    default:
      return icmpError(choices, from, to);
  }
}

/** Zero: the sender has not made one. */
function withoutChecksum(choices: Choices, payload: Payload): Payload {
  if (onceIn(choices, 3)) payload.bytes.fill(0, 26, 28);
  return payload;
}

function otherProtocol(choices: Choices, payload: Payload): Payload {
  const { dccp, udpLite, gre } = IpProtocol;
  payload.bytes[9] = pick(choices, [dccp, udpLite, udpLite, gre, 50, 132]);
  repairIpv4Checksum(payload.bytes, 0);
  return payload;
}

/** The first fragment of more, or a later one. */
function fragmented(choices: Choices, payload: Payload): Payload {
  if (!onceIn(choices, 4)) return payload;
  payload.bytes.set(
    pick(choices, [
      [0x20, 0],
      [0x20, 185],
      [0, 185],
    ]),
    6,
  );
  repairIpv4Checksum(payload.bytes, 0);
  return payload;
}

/** About a packet that came the other way: as a host sends it, or wrong somewhere. */
function icmpError(choices: Choices, from: IpAddress, to: IpAddress): Payload {
  const mistaken = onceIn(choices, 6);
  const about = mistaken
    ? pick(choices, [
        tcp({ from: pick(choices, HOST_PAS), to: from }),
        tcp({ from: to, to: ROUTER }),
        otherProtocol(choices, udp({ from: to, to: from })),
        nvgreInner(from, to),
      ])
    : pick(choices, [
        tcp({ from: to, to: from, data: new Uint8Array(9) }),
        withoutChecksum(choices, udp({ from: to, to: from, data: new Uint8Array(40) })),
        icmp({ from: to, to: from }),
      ]);
  const returned = onceIn(choices, 6) ? mutateInner(choices, about) : fragmented(choices, about);
  const error = icmpUnreachable({
    ...{ from, to, code: choices.below(16) },
    mtu: pick(choices, [0, 1400]),
    returned: returned.bytes.subarray(0, pick(choices, [0, 19, 20, 28, 37, 38, 548])),
  });
  if (onceIn(choices, 2)) error.bytes[20] = pick(choices, [...Object.values(IcmpType), 0, 13]);
  return error;
}

/** What the host has got in NVGRE, so that its error is about that. */
function nvgreInner(from: IpAddress, to: IpAddress): Payload {
  const frame = nvgre({
    ...{ from: to, to: from, vsid: 5001, innerSource: '02-00-00-00-00-01' },
    innerDestination: '02-00-00-00-00-02',
    inner: icmp({ from: to, to: from }),
  });
  return { etherType: 0x0800, bytes: frame.subarray(14) };
}
