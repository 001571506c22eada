import { NvgreOffset } from '../../src/codec/nvgre.js';
import { ethernet, icmpUnreachable, nvgre, udp, type NvgreOptions } from './packets.js';
import { between, GATEWAY_MAC, GATEWAY_PA, underlayMac, type VmPlace } from './raw-host-frames.js';

/** A router of the underlay that plays no other part. */
export const ROUTER = '10.1.1.9';

export interface TooBigOptions {
  /** What the router says that it carries. */
  readonly mtu: number;
  /** Of the packet in question, from its IP header on; 128 where absent. */
  readonly returnedBytes?: number;
  /** To whom it says so; the gateway's PA where absent. */
  readonly to?: string;
  readonly code?: number;
  /** What differs in the packet in question from one that the gateway sends to the VM. */
  readonly returned?: Partial<Omit<NvgreOptions, 'inner'>>;
}

/** ICMP "fragmentation needed" about a full packet of the gateway to the VM. */
export function tooBigFor(vm: VmPlace, options: TooBigOptions): Uint8Array {
  const { mtu, returnedBytes = 128, to = GATEWAY_PA, code = 4, returned = {} } = options;
  const packet = nvgre({
    ...{ from: GATEWAY_PA, to: vm.providerAddress, vsid: vm.vsid, flowId: 7 },
    ...{ innerSource: vm.gatewayMac, innerDestination: vm.mac },
    ...returned,
    inner: udp({ from: '192.168.101.10', to: vm.address, data: new Uint8Array(1430) }),
  });
  const start = NvgreOffset.outerIp;
  const message = icmpUnreachable({
    ...{ from: ROUTER, to, code, mtu },
    returned: packet.subarray(start, start + returnedBytes),
  });
  return between(underlayMac(ROUTER), GATEWAY_MAC, ethernet({ payload: message }));
}
