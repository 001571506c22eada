import { NvgreOffset } from '../../src/codec/nvgre.js';
import { formatIp, type Ipv4, type Ipv6 } from '../../src/net/ip.js';
import { macToBytes, parseMac } from '../../src/net/mac.js';
import { ethernet, hex, nvgre, type NvgreOptions, type Payload } from './packets.js';
import {
  initialPlacement,
  PROVIDER_ADDRESSES,
  TENANTS,
  vmPlan,
  type VmName,
} from './scene-plan.js';

/* What is on the gateway's two wires, outer Ethernet addresses included. */

export const GATEWAY_PA = PROVIDER_ADDRESSES.gateway;

/** The MAC address of whoever has the PA on the underlay: its last byte, digit for digit. */
export function underlayMac(providerAddress: string): string {
  const digits = (providerAddress.split('.')[3] ?? '').padStart(2, '0');
  return `02-00-00-00-00-${digits}`;
}

export const GATEWAY_MAC = underlayMac(GATEWAY_PA);
export const EXTERNAL_GATEWAY_MAC = '02-00-00-00-E1-02';
/** All that is outside is behind one router. */
export const EXTERNAL_ROUTER_MAC = '02-00-00-00-E1-01';

/** Frames, in the order of their arrival, by the wire that they are on. */
export interface Traffic {
  readonly underlay: readonly Uint8Array[];
  readonly external: readonly Uint8Array[];
}

/** A VM as the gateway's policy knows it. */
export interface VmPlace {
  readonly vsid: number;
  readonly address: string;
  readonly address6: string;
  readonly mac: string;
  readonly providerAddress: string;
  /** MAC address of its subnet's gateway. */
  readonly gatewayMac: string;
  readonly gateway: string;
  readonly gateway6: string;
}

/** A VM of the standard scene. */
export function vmPlace(name: VmName): VmPlace {
  const { tenant, vsid, macAddress, addresses } = vmPlan(name, true);
  const subnet = TENANTS[tenant].subnets.find((each) => each.vsid === vsid);
  const [address, address6] = addresses;
  if (subnet === undefined || address === undefined || address6 === undefined)
    throw new Error(`the scene has no place for ${name}`);
  return {
    vsid,
    address: address.customerAddress,
    address6: address6.customerAddress,
    mac: macAddress,
    providerAddress: PROVIDER_ADDRESSES[initialPlacement()[name]],
    gatewayMac: subnet.gatewayMac,
    gateway: subnet.gateway,
    gateway6: subnet.gateway6,
  };
}

/**
 * Routers between the external wire and a VM: the gateway's own namespace and the routing domain.
 * Each takes one off the TTL.
 */
export const EXTERNAL_HOPS = 2;

type TunnelOptions = Omit<NvgreOptions, 'to' | 'from'>;

/** A host's frame for the gateway. */
export function toGateway(
  options: TunnelOptions & { readonly from: string; readonly to?: string },
): Uint8Array {
  const { from, to = GATEWAY_PA } = options;
  return between(underlayMac(from), GATEWAY_MAC, nvgre({ ...options, from, to }));
}

/** The gateway's frame for a host. */
export function fromGateway(
  options: TunnelOptions & { readonly to: string; readonly from?: string },
): Uint8Array {
  const { to, from = GATEWAY_PA } = options;
  return between(GATEWAY_MAC, underlayMac(to), nvgre({ ...options, from, to }));
}

/** What leaves the VM's host when the VM sends the packet to its gateway. */
export function fromVm(
  vm: VmPlace,
  inner: Payload,
  options: Partial<Omit<TunnelOptions, 'inner'>> & { readonly to?: string } = {},
): Uint8Array {
  return toGateway({
    from: vm.providerAddress,
    vsid: vm.vsid,
    innerSource: vm.mac,
    innerDestination: vm.gatewayMac,
    inner,
    ...options,
  });
}

/** What leaves the gateway when it sends the packet to the VM. */
export function toVm(
  vm: VmPlace,
  inner: Payload,
  options: Partial<Omit<TunnelOptions, 'inner'>> & { readonly from?: string } = {},
): Uint8Array {
  return fromGateway({
    to: vm.providerAddress,
    vsid: vm.vsid,
    innerSource: vm.gatewayMac,
    innerDestination: vm.mac,
    inner,
    ...options,
  });
}

/** On the external wire, to the gateway. */
export function fromOutside(payload: Payload): Uint8Array {
  return ethernet({ source: EXTERNAL_ROUTER_MAC, destination: EXTERNAL_GATEWAY_MAC, payload });
}

/** On the external wire, from the gateway. */
export function toOutside(payload: Payload): Uint8Array {
  return ethernet({ source: EXTERNAL_GATEWAY_MAC, destination: EXTERNAL_ROUTER_MAC, payload });
}

/** The FlowID of an NVGRE frame. The kernel chooses it where the gateway makes the header new. */
export function flowIdOf(frame: Uint8Array | undefined): number {
  return frame?.[NvgreOffset.key + 3] ?? -1;
}

export function vsidOf(frame: Uint8Array | undefined): number {
  return Buffer.from(frame ?? []).readUIntBE(NvgreOffset.key, 3);
}

/** Frames by the wire that they are on, as text: a failed comparison reads well. */
export function hexOf(traffic: Partial<Traffic>): Record<keyof Traffic, string[]> {
  const { underlay = [], external = [] } = traffic;
  return { underlay: underlay.map(hex), external: external.map(hex) };
}

/** Hexadecimal digits, written in groups. */
export function digits(...groups: readonly string[]): string {
  return groups.join('').replaceAll(' ', '');
}

/** The packet inside an NVGRE frame. */
export function innerPacket(frame: Uint8Array | undefined): Buffer {
  return Buffer.from(frame ?? []).subarray(NvgreOffset.innerPacket);
}

/** Source and destination of an IP packet. */
export function addressesOf(packet: Buffer): [source: string, destination: string] {
  const [at, length] = (packet[0] ?? 0) >> 4 === 4 ? [12, 4] : [8, 16];
  const address = (offset: number): string => {
    const bytes = packet.subarray(offset, offset + length);
    return formatIp(
      length === 4 ? (bytes.readUInt32BE(0) as Ipv4) : (BigInt(`0x${hex(bytes)}`) as Ipv6),
    );
  };
  return [address(at), address(at + length)];
}

/** The frame with other outer Ethernet addresses. */
export function between(source: string, destination: string, frame: Uint8Array): Uint8Array {
  const addressed = Uint8Array.from(frame);
  addressed.set(macToBytes(parseMac(destination)), 0);
  addressed.set(macToBytes(parseMac(source)), 6);
  return addressed;
}
