import koffi from 'koffi';
import { expectSuccess, libbpf, type Fd } from '../../../src/dataplane/bpf/libbpf.js';
import { isIpv4, parseIp } from '../../../src/net/ip.js';
import { macToBytes, parseMac } from '../../../src/net/mac.js';
import { enterNamespace } from '../../support/network-namespace-thread.js';
import { compileBpf, openBpf } from '../bpf/object.js';
import type { Place } from './path.js';

/** The programs of wire-end.bpf.c on a device. */
export interface WireEnd {
  /** Generated packets that have arrived so far; each is dropped. */
  received(): number;
  close(): void;
}

/** What makes a host of an NVGRE network of a namespace whose VMs have addresses 192.168.N.x. */
export interface NvgreHost {
  readonly providerAddress: string;
  readonly gatewayProviderAddress: string;
  /** 192.168.N.0/24 is virtual subnet `firstVsid` + N. */
  readonly firstVsid: number;
  readonly vmMac: string;
  readonly gatewayMac: string;
}

const INGRESS = 1;
const EGRESS = 2;

export async function createWireEnd(place: Place, host?: NvgreHost): Promise<WireEnd> {
  const bpf = libbpf();
  const object = openBpf(await compileBpf('wire-end'));
  const zero = Buffer.alloc(4);
  if (host !== undefined)
    expectSuccess(bpf.update(object.map('hosts'), zero, hostValue(host), 0), 'map hosts');
  const leave = enterNamespace(place.namespace.path);
  try {
    const ifindex = indexOf(place.device);
    attach(ifindex, INGRESS, object.program('arrive'));
    if (host !== undefined) attach(ifindex, EGRESS, object.program('leave'));
  } finally {
    leave();
  }
  const arrived = object.map('arrived');
  const counts = Buffer.alloc(8 * bpf.possibleCpus());
  return {
    received() {
      expectSuccess(bpf.lookup(arrived, zero, counts), 'map arrived');
      let sum = 0;
      for (let at = 0; at < counts.length; at += 8) sum += Number(counts.readBigUInt64LE(at));
      return sum;
    },
    close: () => object.close(),
  };
}

/** struct host. */
function hostValue(host: NvgreHost): Buffer {
  const value = Buffer.alloc(24);
  value.writeUInt32BE(addressNumber(host.providerAddress), 0);
  value.writeUInt32BE(addressNumber(host.gatewayProviderAddress), 4);
  value.writeUInt32LE(host.firstVsid, 8);
  value.set(macToBytes(parseMac(host.gatewayMac)), 12);
  value.set(macToBytes(parseMac(host.vmMac)), 18);
  return value;
}

/** An IPv4 address as a number. */
export function addressNumber(text: string): number {
  const address = parseIp(text);
  if (!isIpv4(address)) throw new TypeError(`${text} is not an IPv4 address`);
  return Number(address);
}

const ifNameToIndex = koffi.load('libc.so.6').func('uint32_t if_nametoindex(const char *name)') as (
  name: string,
) => number;

/** Of a device in the namespace that the calling thread is in. */
function indexOf(device: string): number {
  const index = ifNameToIndex(device);
  if (index === 0) throw new Error(`no device ${device}`);
  return index;
}

/** A cls_bpf filter, direct action; struct bpf_tc_hook and bpf_tc_opts of libbpf 1.x. */
function attach(ifindex: number, point: number, program: Fd): void {
  const bpf = libbpf();
  const hook = (on: number): Buffer => {
    const value = Buffer.alloc(24);
    value.writeBigUInt64LE(24n, 0);
    value.writeInt32LE(ifindex, 8);
    value.writeUInt32LE(on, 12);
    return value;
  };
  // Fails where clsact is there already.
  bpf.hookCreate(hook(INGRESS | EGRESS));
  const options = Buffer.alloc(32);
  options.writeBigUInt64LE(32n, 0);
  options.writeInt32LE(program, 8);
  expectSuccess(bpf.attach(hook(point), options), `BPF filter on device ${ifindex}`);
}
