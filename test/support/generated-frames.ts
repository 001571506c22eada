import { EtherType } from '../../src/codec/ethernet.js';
import { Icmpv6Type } from '../../src/codec/icmpv6.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { VSID_RESERVED } from '../../src/model/vsid.js';
import { familyOf, isIpv6, parseIp, type IpFamily } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';
import { onceIn, pick, type Choices } from './choices.js';
import { GROUPS, OWN_PAS } from './generated-tables.js';
import {
  generateDestination,
  generateSender,
  type DomainWorld,
  type Sender,
  type World,
} from './generated-sources.js';
import { generateFragmentationNeeded } from './generated-icmp.js';
import { generateRewritten, generateTransport } from './generated-rewrites.js';
import { mutateInner, mutateUnderlayFrame } from './mutations.js';
import {
  arpRequest,
  ethernet,
  groupReport,
  icmp,
  icmpUnreachable,
  icmpv6,
  neighbourSolicitation,
  nvgre,
  tcp,
  udp,
  type NvgreOptions,
  type Payload,
} from './packets.js';

/** A packet that left a routing domain by `vnet`. */
export interface DomainFrame {
  readonly domain: RoutingDomainId;
  readonly frame: Uint8Array;
  readonly flowHash: number;
}

const STRANGER = '10.9.9.9';
const FOREIGN_MAC = 0x02_00_00_00_00_99 as MacAddress;
const GROUP_MAC = 0x01_00_5e_00_00_fb as MacAddress;
const ODD_GRE_FLAGS = [
  0x2001, 0x2002, 0x0000, 0xa000, 0x8000, 0x3000, 0x1000, 0x6000, 0x2100, 0x2008, 0xb001,
];

/**
 * A frame on the underlay: half of them right, the others wrong in one or more places. The outer
 * Ethernet destination is zero, as a test device's own address may be.
 */
export function generateUnderlayFrame(choices: Choices, world: World): Uint8Array {
  if (onceIn(choices, 10)) return generateFragmentationNeeded(choices, world);
  if (onceIn(choices, 8)) return generateRewritten(choices, world);
  const domain = pick(choices, world.domains);
  const family: IpFamily = onceIn(choices, 3) ? 6 : 4;
  const sender = generateSender(choices, world, domain, family);
  const options: Writable<NvgreOptions> = {
    from: sender.providerAddress,
    to: ownProviderAddress(domain, sender.vsid),
    vsid: sender.vsid,
    flowId: choices.below(256),
    trafficClass: choices.below(256),
    innerSource: sender.mac,
    innerDestination: pick(choices, domain.subnets).gatewayMac,
    inner: generateInner(choices, domain, sender, family),
  };
  if (onceIn(choices, 2)) return nvgre(options);
  if (onceIn(choices, 6)) options.to = pick(choices, GROUPS);
  else if (!onceIn(choices, 3)) mistake(choices, options);
  if (onceIn(choices, 3)) options.inner = mutateInner(choices, options.inner);
  const frame = nvgre(options);
  return onceIn(choices, 2) ? mutateUnderlayFrame(choices, frame) : frame;
}

function ownProviderAddress(domain: DomainWorld, vsid: number): NvgreOptions['to'] {
  const subnet = domain.subnets.find((candidate) => candidate.vsid === vsid);
  return subnet?.providerAddress ?? OWN_PAS[0] ?? STRANGER;
}

/** One thing that a right packet does not say. */
function mistake(choices: Choices, options: Writable<NvgreOptions>): void {
  switch (choices.below(12)) {
    case 0:
      options.from = STRANGER;
      break;
    case 1:
      options.to = STRANGER;
      break;
    case 2:
      options.vsid = pick(choices, [0, 1, 4096, 4097, VSID_RESERVED, VSID_RESERVED - 1, 9999]);
      break;
    case 3:
    case 4:
      options.greFlags = pick(choices, ODD_GRE_FLAGS);
      break;
    case 5:
      options.greProtocol = pick(choices, [0x0800, 0x880b, 0x6559]);
      break;
    case 6:
      options.innerSource = FOREIGN_MAC;
      break;
    case 7:
      options.innerDestination = GROUP_MAC;
      break;
    case 8:
      options.fragmentWord = pick(choices, [0x2000, 0x0001, 0x3fff, 0x8000, 0x0000]);
      break;
    case 9:
      options.flowId = options.vsid & 0xff;
      options.vsid >>>= 8;
      break;
    case 10:
      options.vsid = VSID_RESERVED;
      options.inner = refusal(choices, options);
      break;
    default:
      options.inner = {
        ...options.inner,
        etherType: pick(choices, [
          EtherType.customerVlan,
          EtherType.serviceVlan,
          EtherType.arp,
          EtherType.ipv4,
          EtherType.ipv6,
          0x88cc,
          0x0100,
        ]),
      };
  }
}

/** ICMP of a host that refuses what it was sent, or something like it. */
function refusal(choices: Choices, options: Pick<NvgreOptions, 'from' | 'to'>): Payload {
  return icmpUnreachable({
    from: options.from,
    to: options.to,
    code: pick(choices, [10, 10, 3]),
    returned: new Uint8Array(pick(choices, [0, 28])),
  });
}

function generateInner(
  choices: Choices,
  domain: DomainWorld,
  sender: Sender,
  family: IpFamily,
): Payload {
  if (!onceIn(choices, 4)) return generateIp(choices, domain, sender, family);
  const target = pick(choices, onceIn(choices, 5) ? domain.remote : domain.local).customerAddress;
  if (isIpv6(target) || isIpv6(sender.address))
    return generateNeighbourMessage(choices, sender, isIpv6(target) ? target : 'fe80::1');
  return arpRequest({
    senderMac: onceIn(choices, 8) ? FOREIGN_MAC : sender.mac,
    senderIp: onceIn(choices, 8) ? '0.0.0.0' : sender.address,
    targetIp: target,
    operation: onceIn(choices, 8) ? 2 : 1,
  });
}

function generateNeighbourMessage(
  choices: Choices,
  sender: Sender,
  target: Parameters<typeof neighbourSolicitation>[0]['target'],
): Payload {
  const from = isIpv6(sender.address) && !onceIn(choices, 4) ? sender.address : 'fe80::77';
  if (onceIn(choices, 6))
    return icmpv6({
      from,
      to: 'ff02::1',
      hopLimit: 255,
      type: 133 + choices.below(6),
      body: new Uint8Array(4 + choices.below(30)),
    });
  return neighbourSolicitation({
    from: onceIn(choices, 12) ? '::' : from,
    target,
    hopLimit: onceIn(choices, 12) ? 64 : 255,
    code: onceIn(choices, 12) ? 1 : 0,
    ...(!onceIn(choices, 8) && { linkLayer: onceIn(choices, 8) ? FOREIGN_MAC : sender.mac }),
  });
}

function generateIp(
  choices: Choices,
  domain: DomainWorld,
  sender: Pick<Sender, 'address'>,
  family: IpFamily,
): Payload {
  const from = onceIn(choices, 10) ? pick(choices, domain.local).customerAddress : sender.address;
  const options = {
    from: familyOf(from) === family ? from : sender.address,
    to: generateDestination(choices, domain, family),
    hopLimit: pick(choices, [64, 128, 255, 2, 1, 0]),
    trafficClass: choices.below(256),
  };
  if (family === 4 && onceIn(choices, 3))
    return generateTransport(choices, options.from, options.to);
  const data = new Uint8Array(pick(choices, [0, 1, 8, 33, 400, 1200]));
  data.fill(choices.below(256));
  switch (choices.below(3)) {
    case 0:
      return udp({ ...options, fromPort: 1 + choices.below(65535), data });
    case 1:
      return tcp({ ...options, fromPort: 1 + choices.below(65535), data });
    default:
      return icmp({ ...options, sequence: choices.below(65536) });
  }
}

/** A packet out of a routing domain, as its kernel would hand it over; some as it never would. */
export function generateDomainFrame(choices: Choices, world: World): DomainFrame {
  const domain = pick(choices, world.domains);
  const family: IpFamily = onceIn(choices, 3) ? 6 : 4;
  const outside = parseIp(family === 4 ? '198.51.100.9' : '2001:db8:ffff::9');
  const records = onceIn(choices, 4) ? domain.remote : domain.local;
  const inside = records.filter(({ customerAddress: each }) => familyOf(each) === family);
  const address = onceIn(choices, 2) ? outside : pick(choices, inside).customerAddress;
  const payload = onceIn(choices, 40)
    ? groupReport({ from: address, to: family === 4 ? '224.0.0.22' : 'ff02::16' })
    : onceIn(choices, 8)
      ? icmpv6({
          from: 'fe80::1',
          to: generateDestination(choices, domain, 6),
          type: pick(choices, [...Object.values(Icmpv6Type), 1, 2, 128]),
          body: new Uint8Array(20),
        })
      : generateIp(choices, domain, { address }, family);
  const frame = ethernet({ payload: onceIn(choices, 10) ? tagged(choices, payload) : payload });
  return {
    domain: domain.id,
    frame: onceIn(choices, 12) ? disfigured(choices, frame) : frame,
    flowHash: choices.below(0x1_0000_0000),
  };
}

/** With an 802.1Q or 802.1ad tag, sometimes with two. */
function tagged(choices: Choices, payload: Payload): Payload {
  const bytes = new Uint8Array(4 + payload.bytes.byteLength);
  new DataView(bytes.buffer).setUint16(0, choices.below(4096));
  new DataView(bytes.buffer).setUint16(2, payload.etherType);
  bytes.set(payload.bytes, 4);
  const etherType = onceIn(choices, 3) ? EtherType.serviceVlan : EtherType.customerVlan;
  return onceIn(choices, 6) ? tagged(choices, { etherType, bytes }) : { etherType, bytes };
}

/** Of another protocol, or cut off behind the Ethernet header and a tag. */
function disfigured(choices: Choices, frame: Uint8Array): Uint8Array {
  if (onceIn(choices, 2)) return frame.slice(0, 18 + choices.below(40));
  const other = frame.slice();
  new DataView(other.buffer).setUint16(12, pick(choices, [EtherType.arp, 0x88cc, 0x0600]));
  return other;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
