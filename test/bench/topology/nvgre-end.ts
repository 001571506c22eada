import { ip, type Namespace } from '../../support/namespace.js';
import { connect } from '../../support/topology.js';
import {
  FIRST_VSID,
  GATEWAY_MAC,
  GATEWAY_PA,
  HOST_PA,
  neighbour,
  VM_MAC,
  VM_ROUTER,
  vmAddresses,
} from './plan.js';
import { createQuietNamespace, macOf } from './quiet-namespace.js';
import { createWireEnd, type WireEnd } from './wire-end.js';

/** A host of the NVGRE network: one namespace with all VMs' addresses, NVGRE done by its wire. */
export interface NvgreEnd extends WireEnd {
  readonly namespace: Namespace;
}

export interface NvgreEndOptions {
  readonly networks: number;
  /** Of the gateway, in the VMs' subnets. */
  readonly gatewayMac?: string;
  /** False: frames leave whole and segmented, for a gateway in user space. */
  readonly offload?: boolean;
  /** Whether the kernel answers for the PA, for a gateway that asks. */
  readonly answersArp?: boolean;
}

/** What an underlay of 1500 bytes leaves. */
const INNER_MTU = 1458;
/** 64 KiB less the overlay: the outer packet has a 16-bit length, too. */
const LONGEST = 65_400;

/** Connects it to the gateway's device, which this makes. */
export async function createNvgreEnd(
  gateway: Namespace,
  device: string,
  options: NvgreEndOptions,
): Promise<NvgreEnd> {
  const { networks, gatewayMac = GATEWAY_MAC, offload, answersArp } = options;
  const namespace = await createQuietNamespace('host');
  await connect(
    { namespace: gateway, device, ...(offload === undefined ? {} : { offload }) },
    {
      ...{ namespace, device: 'wire', ...(offload === undefined ? {} : { offload }) },
      addresses: [
        ...vmAddresses(networks).map((address) => `${address}/16`),
        ...(answersArp === true ? [`${HOST_PA}/24`] : []),
      ],
    },
  );
  // The programs write the inner Ethernet header; this neighbour gives the outer one.
  await ip(
    namespace,
    `link set wire gso_max_size ${LONGEST}`,
    neighbour(VM_ROUTER, await macOf(gateway, device), 'wire'),
    `route add default via ${VM_ROUTER} mtu ${INNER_MTU}`,
  );
  const end = await createWireEnd(
    { namespace, device: 'wire' },
    {
      ...{ providerAddress: HOST_PA, gatewayProviderAddress: GATEWAY_PA, firstVsid: FIRST_VSID },
      ...{ vmMac: VM_MAC, gatewayMac },
    },
  );
  return { namespace, ...end };
}
