import { IpProtocol } from '../../src/codec/ip-protocol.js';
import { readIpv4 } from '../../src/codec/ipv4.js';
import { NvgreOffset } from '../../src/codec/nvgre.js';
import { formatIp, parseIpv4, type Ipv4 } from '../../src/net/ip.js';
import { formatMac, groupMac } from '../../src/net/mac.js';
import { ethernet, hex, nvgre, udp, type NvgreOptions } from './packets.js';
import { eventually } from './process.js';
import { sendLeaving, type LeavingFrame, type RawHosts } from './raw-host.js';
import {
  between,
  flowIdOf,
  GATEWAY_MAC,
  GATEWAY_PA,
  toVm,
  type VmPlace,
} from './raw-host-frames.js';

/** What a routing domain sends, and who shows that nothing else comes of it. */
export interface Sending {
  readonly leaving: readonly LeavingFrame[];
  /** Frames that are to come of it. */
  readonly count: number;
  readonly routingDomain: string;
  /** A VM of the routing domain. */
  readonly witness: VmPlace;
}

let marks = 0;

/**
 * Sends packets out of a routing domain and answers with the NVGRE frames that they become, sorted:
 * as many as are to come, and all that come before a unicast packet that is sent after them.
 */
export async function spread(hosts: RawHosts, sending: Sending): Promise<Uint8Array[]> {
  const { wires, gateway } = hosts;
  const frames: Uint8Array[] = [];
  const take = (): void => {
    frames.push(...wires.take().underlay.filter((frame) => protocolOf(frame) === IpProtocol.gre));
  };
  wires.take();
  for (const each of sending.leaving) sendLeaving(gateway, each);
  await eventually(`${sending.count} frames come of it`, () => {
    take();
    return frames.length >= sending.count || undefined;
  });
  const { witness, routingDomain } = sending;
  const mark = Buffer.from(`witness ${(marks += 1)}.`);
  const payload = udp({ from: witness.gateway, to: witness.address, data: mark });
  sendLeaving(gateway, { routingDomain, frame: ethernet({ payload }) });
  const isWitness = (frame: Uint8Array): boolean => Buffer.from(frame).includes(mark);
  await eventually('what is sent after it comes, too', () => {
    take();
    return frames.some(isWitness) || undefined;
  });
  const others = frames.filter((frame) => !isWitness(frame));
  return others.sort((a, b) => Buffer.compare(a, b));
}

/** What the gateway sends to a PA multicast group. */
export function toGroup(group: string, options: Omit<NvgreOptions, 'from' | 'to'>): Uint8Array {
  const frame = nvgre({ ...options, from: GATEWAY_PA, to: group });
  return between(GATEWAY_MAC, formatMac(groupMac(parseIpv4(group))), frame);
}

/** Frames as text, each FlowID taken from the frame that was found. */
export function expected(
  found: readonly Uint8Array[],
  make: readonly ((flowId: number) => Uint8Array)[],
): string[] {
  return make.map((each, index) => hex(each(flowIdOf(found[index]))));
}

/** To the host of the VM, with the inner MAC of a group. */
export function copyTo(
  vm: VmPlace,
  inner: NvgreOptions['inner'],
  innerDestination: string,
): (flowId: number) => Uint8Array {
  return (flowId) => toVm(vm, inner, { flowId, innerDestination });
}

/** A change of membership that a device has reported (IGMPv3, RFC 3376 section 4.2). */
export interface MembershipChange {
  readonly group: string;
  readonly change: 'join' | 'leave';
}

const REPORT = 0x22;
const RECORD_BYTES = 8;
/** Group record types: to exclude no sources, to include none. */
const CHANGES: Readonly<Record<number, MembershipChange['change']>> = { 4: 'join', 3: 'leave' };

export function membershipChanges(frames: readonly Uint8Array[]): MembershipChange[] {
  return frames.flatMap((frame) => {
    const ip =
      protocolOf(frame) === IpProtocol.igmp ? readIpv4(viewOf(frame), ETHERNET) : undefined;
    const report = ETHERNET + (ip?.headerWords ?? 0) * 4;
    if (ip === undefined || frame[report] !== REPORT) return [];
    const records = viewOf(frame).getUint16(report + 6);
    return Array.from({ length: records }, (_, index) => {
      const at = report + 8 + index * RECORD_BYTES;
      const change = CHANGES[frame[at] ?? 0];
      return { change, group: formatIp(viewOf(frame).getUint32(at + 4) as Ipv4) };
    }).flatMap(({ change, group }) => (change === undefined ? [] : [{ change, group }]));
  });
}

const ETHERNET = NvgreOffset.outerIp;

function protocolOf(frame: Uint8Array): number | undefined {
  return frame.byteLength < ETHERNET + 20 || viewOf(frame).getUint16(12) !== 0x0800
    ? undefined
    : frame[ETHERNET + 9];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
