import type { MacAddress } from '../../src/net/mac.js';
import { onceIn, pick, type Choices } from './choices.js';
import { HOST_PAS, OWN_PAS } from './generated-tables.js';
import type { World } from './generated-sources.js';
import { mutateUnderlayFrame } from './mutations.js';
import { ethernet, icmpUnreachable, nvgre, udp, type NvgreOptions } from './packets.js';

const ROUTERS = ['10.2.0.1', '10.3.0.1'];
const STRANGER = '10.9.9.9';
const STRANGE_MAC = 0x02_00_00_00_00_99 as MacAddress;

/**
 * A router's word that a packet did not fit: most about one that the gateway may have sent, cut off
 * where routers cut, the others wrong in one place.
 */
export function generateFragmentationNeeded(choices: Choices, world: World): Uint8Array {
  const subnet = pick(choices, pick(choices, world.domains).subnets);
  const entry = world.tables.virtualSubnet(subnet.vsid);
  const own = entry?.providerAddress ?? pick(choices, OWN_PAS);
  const wrong = onceIn(choices, 2) ? choices.below(10) : -1;
  const returned = nvgre({
    from: wrong === 0 ? STRANGER : wrong === 1 ? pick(choices, OWN_PAS) : own,
    to: wrong === 2 ? STRANGER : pick(choices, HOST_PAS),
    vsid: wrong === 3 ? pick(choices, [4096, 9999, 16_777_215]) : subnet.vsid,
    flowId: choices.below(256),
    ...(wrong === 4 && { fragmentWord: pick(choices, [0, 0x2000, 0x6000, 0x4001]) }),
    ...(wrong === 5 && { greFlags: pick(choices, [0, 0x3000, 0x2001]) }),
    ...(wrong === 6 && { greProtocol: 0x0800 }),
    innerSource: wrong === 7 ? STRANGE_MAC : (entry?.sourceMac ?? STRANGE_MAC),
    innerDestination: STRANGE_MAC,
    inner: udp({ from: '192.168.1.101', to: '192.168.2.101', data: new Uint8Array(1400) }),
  } satisfies NvgreOptions);
  const frame = ethernet({
    payload: icmpUnreachable({
      from: pick(choices, ROUTERS),
      to: own,
      code: wrong === 8 ? pick(choices, [3, 10, 13]) : 4,
      mtu:
        wrong === 9
          ? pick(choices, [0, 575, 1470, 1471, 65_535])
          : pick(choices, [576, 1280, 1300, 1400]),
      returned: returned.subarray(14, 14 + pick(choices, [28, 41, 42, 100, 548])),
    }),
  });
  return onceIn(choices, 6) ? mutateUnderlayFrame(choices, frame) : frame;
}
