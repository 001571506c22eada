import type { Carrier } from './carrier.js';
import { createKeeper } from './keeper.js';
import type { Link } from './link.js';
import { carrierName, optionsFile, type PppPlace } from './place.js';
import { seenOptions } from './pppd-options.js';
import { endPppds, findPppds, usesOptions } from './pppd-process.js';

export const PPPD = '/usr/sbin/pppd';
/** Started by pppd, as its options file says. */
export const PPTP = '/usr/sbin/pptp';

/** The pppd of one PPTP connection that calls; it calls again for ever by itself. */
export function createPptpCall(place: PppPlace, link: Link, random: () => number): Carrier {
  const keeper = createKeeper({
    ...{ place, name: carrierName(link), random },
    command: { file: PPPD, args: ['file', seenOptions(link)] },
  });
  async function stop(): Promise<void> {
    await keeper.stop();
    const file = optionsFile(link);
    await endPppds((await findPppds(place)).filter((pppd) => usesOptions(pppd, file)));
  }
  return {
    find: () => keeper.find(),
    async tend() {
      await keeper.ensure(() => Promise.resolve());
    },
    hangUp: stop,
    stop,
  };
}
