import { messageOf } from '../../errors.js';
import { findDaemon, stopDaemon } from '../daemon/process.js';
import type { Carrier, CarriedLink } from './carrier.js';
import type { Link } from './link.js';
import { carrierName, daemonsIn, removeFiles, type PppPlace } from './place.js';
import { createPptpCall } from './pptp.js';
import { createPptpd } from './pptpd.js';
import { createXl2tpd } from './xl2tpd.js';

/** The daemons that carry the links of a routing domain. */
export interface Carriers {
  of(link: Link): Carrier;
  /**
   * Tends them all.
   * @returns why a daemon is not there, by its name
   */
  tend(links: readonly CarriedLink[]): Promise<ReadonlyMap<string, string>>;
  /** A process in the namespace, of those that carry these links. */
  anyPid(links: readonly Link[]): Promise<number | undefined>;
  /** Ends all daemons but those with these names, whoever has started them. */
  stopAllBut(names: ReadonlySet<string>): Promise<void>;
}

export function createCarriers(place: PppPlace, random: () => number): Carriers {
  const carriers = new Map<string, Carrier>();

  function of(link: Link): Carrier {
    const name = carrierName(link);
    let carrier = carriers.get(name);
    if (carrier === undefined) {
      carrier = create(place, link, random);
      carriers.set(name, carrier);
    }
    return carrier;
  }

  return {
    of,
    async tend(links) {
      const failures = new Map<string, string>();
      const byCarrier = new Map<string, CarriedLink[]>();
      for (const each of links) {
        const name = carrierName(each.link);
        byCarrier.set(name, [...(byCarrier.get(name) ?? []), each]);
      }
      await Promise.all(
        [...byCarrier].map(async ([name, carried]) => {
          const [first] = carried;
          if (first === undefined) return;
          try {
            await of(first.link).tend(carried);
          } catch (error) {
            failures.set(name, messageOf(error));
          }
        }),
      );
      return failures;
    },
    async anyPid(links) {
      for (const link of links) {
        const daemon = await of(link).find();
        if (daemon !== undefined) return daemon.pid;
      }
      return undefined;
    },
    async stopAllBut(names) {
      for (const [name, carrier] of [...carriers]) {
        if (names.has(name)) continue;
        await carrier.stop();
        carriers.delete(name);
      }
      for (const name of await daemonsIn(place.directory)) {
        if (names.has(name)) continue;
        const daemon = await findDaemon(place.directory, name);
        if (daemon !== undefined) await stopDaemon(daemon);
        await removeFiles(place.directory, [`${name}.pid`, `${name}.output`]);
      }
    },
  };
}

function create(place: PppPlace, link: Link, random: () => number): Carrier {
  if (link.type === 'l2tp') return createXl2tpd(place, link.localAddress, random);
  return link.role === 'wait'
    ? createPptpd(place, link.localAddress, random)
    : createPptpCall(place, link, random);
}
