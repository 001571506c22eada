import { ping } from '../../support/ping.js';
import { EXTERNAL } from '../../support/scene-plan.js';
import { customerAddressOf } from '../cast.js';
import { demand, type Check } from '../check.js';
import { summaryOf } from '../ping-text.js';

/** IPv4 and ICMP header around what ping sends. */
const HEADERS = 28;
const TOO_BIG = 1500;
/** 1500 of the underlay less 42. */
const INNER_MTU = 1458;

export const pathMtuCheck: Check = {
  id: 'path-mtu',
  title: 'Path MTU: what NVGRE does not leave room for is refused with the size that fits',
  async run({ scene }, say) {
    const { physicalHost: source } = EXTERNAL;
    const vm = customerAddressOf('blue1');
    const send = (bytes: number) =>
      ping(scene.externalHost, vm, {
        ...{ source, count: 3, dontFragment: true, payloadBytes: bytes - HEADERS },
      });
    const big = await send(TOO_BIG);
    const [error] = big.errors;
    say(`${source} -> blue1, ${TOO_BIG} bytes with DF: ${summaryOf(big)}`);
    if (error !== undefined) say(`  From ${error.from}: ${error.message}`);
    demand(error !== undefined, 'Nobody said that the packet is too big.');
    demand(error.from !== source, 'The packet did not get as far as the gateway.');
    demand(big.received === 0, `${big.received} packets of ${TOO_BIG} bytes got through.`);
    demand(big.mtu === INNER_MTU, `The gateway told an MTU of ${big.mtu}, not ${INNER_MTU}.`);

    const right = await send(INNER_MTU);
    say(`${source} -> blue1, ${INNER_MTU} bytes with DF: ${summaryOf(right)}`);
    demand(right.received === 3, `${INNER_MTU} bytes: ${summaryOf(right)}`);
    return {
      detail: `${TOO_BIG} bytes get ICMP "fragmentation needed", MTU ${INNER_MTU}; ${INNER_MTU} bytes pass`,
      figures: { innerMtu: big.mtu },
    };
  },
};
