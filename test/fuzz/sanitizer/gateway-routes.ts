import { ipToBytes } from '../../../src/net/ip.js';
import { prefixFamily, type Prefix } from '../../../src/net/prefix.js';

/** A route of the gateway's namespace, and what the kernel says of a packet that takes it. */
export interface GatewayRouteRow {
  readonly destination: Prefix;
  readonly ifindex: number;
  readonly mtu: number;
  readonly result: keyof typeof RESULT;
}

/** BPF_FIB_LKUP_RET_* */
const RESULT = { forwarded: 0, blackhole: 1, notForwarded: 4, noNeighbour: 7 } as const;

const FAMILY = { 4: 2, 6: 10 } as const;
const FAMILY_BITS = 32;

/** As in fib.h. */
const KEY = { family: 4, address: 8, size: 24 } as const;
const VALUE = { mtu: 4, result: 8, size: 12 } as const;

/** Keys and values of `gateway_routes`, one pair behind the other. */
export function gatewayRouteBytes(rows: readonly GatewayRouteRow[]): Buffer {
  return Buffer.concat(rows.map(pairOf));
}

function pairOf({ destination, ifindex, mtu, result }: GatewayRouteRow): Buffer {
  const pair = Buffer.alloc(KEY.size + VALUE.size);
  pair.writeUInt32LE(FAMILY_BITS + destination.length, 0);
  pair.writeUInt32LE(FAMILY[prefixFamily(destination)], KEY.family);
  pair.set(ipToBytes(destination.address), KEY.address);
  pair.writeUInt32LE(ifindex, KEY.size);
  pair.writeUInt32LE(mtu, KEY.size + VALUE.mtu);
  pair.writeUInt32LE(RESULT[result], KEY.size + VALUE.result);
  return pair;
}
