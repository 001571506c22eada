import type { Ipv4 } from '../../net/ip.js';
import type { Carrier } from './carrier.js';
import { createKeeper } from './keeper.js';
import { pptpdName, removeFiles, replaceFile, seenPath, type PppPlace } from './place.js';
import { endPppds, pppdOfDevice } from './pppd-process.js';
import { pptpdConf } from './pptpd-conf.js';

export const PPTPD = '/usr/sbin/pptpd';

/** Seconds that a caller has for its first message, while which pptpd hears nobody else. */
const FIRST_MESSAGE = 2;

/**
 * pptpd at one local address. The links that it has begun go on without it, and options and
 * secrets are read anew for each call: it needs no restart for any change.
 */
export function createPptpd(place: PppPlace, address: Ipv4, random: () => number): Carrier {
  const { directory } = place;
  const name = pptpdName(address);
  const [conf, options, pid] = [`${name}.conf`, `${name}.options`, `run/${name}.pid`];
  const keeper = createKeeper({
    ...{ place, name, random },
    command: {
      file: PPTPD,
      args: ['-f', '-c', seenPath(conf), '-p', `/${pid}`, '-t', String(FIRST_MESSAGE)],
    },
  });
  return {
    find: () => keeper.find(),
    async tend() {
      await keeper.ensure(() => replaceFile(directory, conf, pptpdConf(address)));
    },
    async hangUp(_, device) {
      const pppd = device === undefined ? undefined : await pppdOfDevice(place, device);
      if (pppd !== undefined) await endPppds([pppd]);
    },
    async stop() {
      await keeper.stop();
      await removeFiles(directory, [conf, options, pid, `${name}.log`]);
    },
  };
}
