import { constants } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, NvgateError } from '../../errors.js';
import type { ConnectionId } from '../../model/connection.js';
import type { Ipv4 } from '../../net/ip.js';
import { backoffMs, type Backoff } from '../strongswan/backoff.js';
import type { CarriedLink, Carrier } from './carrier.js';
import { createKeeper } from './keeper.js';
import type { Link } from './link.js';
import { optionsFile, readText, replaceFile, removeFiles, seenPath, xl2tpdName } from './place.js';
import type { PppPlace } from './place.js';
import { endPppds, findPppds, usesOptions } from './pppd-process.js';
import { command, lacName, section, sectionsOf, sectionText, xl2tpdConf } from './xl2tpd-conf.js';

export const XL2TPD = '/usr/sbin/xl2tpd';

/** From one call to the next; a peer that has come back waits no longer. */
const REDIAL: Backoff = { firstMs: 5_000, longestMs: 12_000 };
/** Milliseconds until xl2tpd has forgotten a tunnel that nobody answers in (`CONTROL_RETRIES`). */
const FORGOTTEN = 15_000;

interface Call {
  failures: number;
  /** When the peer may be called (again), by `performance.now()`. */
  dialAt: number;
  /** xl2tpd may know a tunnel of an earlier call, */
  old: boolean;
  /** and has forgotten it by then, where it is not up. */
  freeAt: number;
}

/** A link whose peer has an SA. */
interface Protected {
  readonly link: Link;
  readonly phase: CarriedLink['phase'];
  readonly peer: Ipv4;
}

/**
 * xl2tpd at one local address: all L2TP tunnels of an address end at one socket. It runs only
 * while IPsec protects a link of it, and says nothing before. A section is never taken out of a
 * running xl2tpd, which would use the freed memory: it does no harm once its options file is gone.
 */
export function createXl2tpd(place: PppPlace, address: Ipv4, random: () => number): Carrier {
  const { directory } = place;
  const name = xl2tpdName(address);
  const conf = `${name}.conf`;
  const control = `${name}.control`;
  const pid = `run/${name}.pid`;
  const keeper = createKeeper({
    ...{ place, name, random },
    command: {
      file: XL2TPD,
      args: [
        '-D',
        ...['-c', seenPath(conf), '-C', seenPath(control), '-p', `/${pid}`],
        // Secrets of L2TP itself, of which there are none.
        ...['-s', '/dev/null'],
      ],
    },
  });
  const calls = new Map<ConnectionId, Call>();
  /** The sections that xl2tpd has, by kind and name; undefined = to be read. */
  let sections: Map<string, string> | undefined;

  async function start(links: readonly Protected[]): Promise<boolean> {
    const state = await keeper.ensure(async () => {
      // Left over from one that has died, and without it of no use.
      await endPppds(await pppdsOf(links.map(({ link }) => link)));
      const wanted = links.map(({ link, peer }) => section(link, peer));
      await replaceFile(directory, conf, xl2tpdConf(address, wanted));
      await removeFiles(directory, [control, pid]);
      sections = undefined;
      calls.clear();
    });
    return state !== 'waiting';
  }

  async function addSections(links: readonly Protected[]): Promise<void> {
    sections ??= sectionsOf((await readText(directory, conf)) ?? '');
    for (const { link, peer } of links) {
      const wanted = section(link, peer);
      const key = `${wanted.kind} ${wanted.name}`;
      const text = sectionText(wanted);
      if (sections.get(key) === text) continue;
      await say(command.add(wanted));
      await appendFile(join(directory, conf), text);
      sections.set(key, text);
    }
  }

  function callOf({ connection }: Link): Call {
    let call = calls.get(connection);
    if (call === undefined) {
      call = { failures: 0, dialAt: 0, old: false, freeAt: 0 };
      calls.set(connection, call);
    }
    return call;
  }

  async function dial({ link, phase }: Protected, links: readonly Protected[]): Promise<void> {
    let call = callOf(link);
    if (phase !== 'idle') {
      if (phase === 'up') call.failures = 0;
      call.old = true;
      return;
    }
    const alone = links.length === 1;
    const now = performance.now();
    if (now < (alone ? call.dialAt : Math.max(call.dialAt, call.freeAt))) return;
    const failures = call.failures + 1;
    if (call.old && alone) {
      // Nothing else is in it: the shortest way out of whatever state the last call has left.
      await keeper.stop();
      if (!(await start(links))) return;
      call = callOf(link);
    }
    await say(command.connect(lacName(link)));
    Object.assign(call, {
      failures,
      dialAt: now + backoffMs(REDIAL, failures, random()),
      ...{ old: true, freeAt: now + FORGOTTEN },
    });
  }

  /** Writes a command to xl2tpd's control file, which is there a moment after xl2tpd. */
  async function say(text: string): Promise<void> {
    const path = join(directory, control);
    const end = performance.now() + CONTROL_TIMEOUT;
    for (;;)
      try {
        // xl2tpd reads until the file is closed, and nothing else meanwhile.
        const file = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
        try {
          await file.write(`${text}\n`);
        } finally {
          await file.close();
        }
        // Two commands in one read would be taken for one.
        await sleep(CONTROL_PAUSE);
        return;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if ((code !== 'ENXIO' && code !== 'ENOENT') || performance.now() > end)
          throw new NvgateError(
            'vpnDaemonFailed',
            `xl2tpd does not take commands: ${messageOf(error)}`,
            { cause: error },
          );
        await sleep(CONTROL_PAUSE);
      }
  }

  async function pppdsOf(links: readonly Link[]) {
    const files = links.map(optionsFile);
    const pppds = await findPppds(place);
    return pppds.filter((pppd) => files.some((file) => usesOptions(pppd, file)));
  }

  return {
    find: () => keeper.find(),
    async tend(links) {
      const secured = links.flatMap(({ link, phase, transport }) =>
        typeof transport === 'number' ? [{ link, phase, peer: transport }] : [],
      );
      if (secured.length === 0) {
        const idle = links.every(({ transport }) => transport === 'none');
        if (idle && (await keeper.find()) !== undefined) await keeper.stop();
        return;
      }
      if (!(await start(secured))) return;
      await addSections(secured);
      for (const each of secured) if (each.link.role === 'call') await dial(each, secured);
    },
    async hangUp(link) {
      if (link.role === 'call' && (await keeper.find()) !== undefined) {
        await say(command.disconnect(lacName(link)));
        const freeAt = performance.now() + FORGOTTEN;
        calls.set(link.connection, { failures: 0, dialAt: 0, old: true, freeAt });
      }
      await endPppds(await pppdsOf([link]));
    },
    async stop() {
      await keeper.stop();
      await removeFiles(directory, [conf, control, pid]);
      calls.clear();
      sections = undefined;
    },
  };
}

const CONTROL_TIMEOUT = 3_000;
const CONTROL_PAUSE = 20;
