import { join } from 'node:path';
import { messageOf, NvgateError } from '../../errors.js';
import type { ConnectionId } from '../../model/connection.js';
import { isIpv4 } from '../../net/ip.js';
import type { TunnelFailure, TunnelSpec } from '../port.js';
import { removeDirectory } from '../strongswan/directory.js';
import type { DomainLinks, DomainLinksOptions } from '../strongswan/links.js';
import type { VpnLog } from '../strongswan/log.js';
import { createQueue } from '../strongswan/pace.js';
import { createCarriers } from './carriers.js';
import type { Transport } from './carrier.js';
import { createHeldLink, type HeldLink } from './held-link.js';
import { NO_INTERFACES, readInterfaces } from './interfaces.js';
import {
  isUnfinished,
  readRecord,
  removeFilesOf,
  removeRecord,
  writeFiles,
  writeRecords,
} from './link-files.js';
import { formatRecord, type Link } from './link.js';
import { createLogs } from './logs.js';
import { logFile, makePlace, recordsIn, carrierName, daemonsIn, type PppPlace } from './place.js';
import { planLinks, type PlannedLink } from './plan.js';
import { endPppds, findPppds, peerOf, pppdOfDevice } from './pppd-process.js';

export interface PppDomainOptions extends DomainLinksOptions {
  readonly allowInsecure: boolean;
  readonly outerMtu: () => Promise<number>;
  readonly log: VpnLog;
  readonly now: () => Date;
  readonly random: () => number;
}

/** Milliseconds between looks while a link is about to come up, and while none is. */
const POLL_BUSY = 500;
const POLL_CALM = 2_000;
/** Milliseconds after which a negotiation that leads nowhere is ended. */
const LONGEST_TRY = 45_000;

/** The PPP links of one routing domain. */
export function createDomainLinks(options: PppDomainOptions): DomainLinks {
  const { domain, log, now, random } = options;
  const place: PppPlace = {
    directory: join(options.directory, 'ppp'),
    networkNamespace: options.networkNamespace,
  };
  const queue = createQueue();
  const carriers = createCarriers(place, random);
  const logs = createLogs(place);
  const held = new Map<ConnectionId, HeldLink>();
  const transports = new Map<ConnectionId, Transport>();
  let shown = '';
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function hold(link: Link): HeldLink {
    const fresh = createHeldLink(link, now);
    fresh.transport = transports.get(link.connection) ?? fresh.transport;
    held.set(link.connection, fresh);
    return fresh;
  }

  function later(): void {
    clearTimeout(timer);
    if (closed || held.size === 0) return;
    const busy = [...held.values()].some(
      ({ link, phase, transport }) =>
        phase !== 'up' &&
        (link.type === 'l2tp' ? typeof transport === 'number' : link.role === 'call'),
    );
    const pause = (busy ? POLL_BUSY : POLL_CALM) * (1 + random() / 4);
    timer = setTimeout(() => void queue(look), pause).unref();
  }

  /** Ends the links that IPsec protects no longer, or elsewhere. */
  async function hangUpUnprotected(): Promise<void> {
    for (const each of held.values()) {
      const { link, transport, secured } = each;
      if (link.type !== 'l2tp' || transport === 'unknown') continue;
      const peer = transport === 'none' ? undefined : transport;
      each.secured = peer;
      if (peer === undefined ? each.phase !== 'idle' : secured !== undefined && secured !== peer)
        await hangUp(each);
    }
  }

  async function hangUpStuck(): Promise<void> {
    for (const each of held.values()) {
      const { link, tryingSince, blocked } = each;
      const stuck = tryingSince !== undefined && performance.now() - tryingSince > LONGEST_TRY;
      if (link.type === 'l2tp' && (stuck || (blocked && link.role === 'wait'))) await hangUp(each);
    }
  }

  async function hangUp(each: HeldLink): Promise<void> {
    const { link } = each;
    try {
      await carriers.of(link).hangUp(link, each.status().device);
    } catch (error) {
      log.warn({ connection: link.connection, reason: messageOf(error) }, 'A link does not end');
    }
  }

  /** @param tend whether the daemons are also kept running, and told what to do */
  async function see(tend: boolean): Promise<void> {
    const links = [...held.values()];
    const failures = tend ? await carriers.tend(links) : new Map<string, string>();
    for (const [daemon, reason] of failures)
      log.warn({ daemon, reason }, 'A daemon of PPP links does not run');
    const pid = (await carriers.anyPid(links.map(({ link }) => link))) ?? (await pidOfLink(links));
    const interfaces = pid === undefined ? NO_INTERFACES : await readInterfaces(pid);
    const lines = await logs.read(links.map(({ link }) => link));
    for (const each of links) {
      const carrier = carrierName(each.link);
      const file = logFile(each.link);
      each.see({
        interfaces,
        pppd: lines.get(file) ?? [],
        carrier: lines.get(`${carrier}.output`) ?? [],
        failure: failures.get(carrier),
        shared: links.filter(({ link }) => logFile(link) === file).length > 1,
      });
      await findCaller(each);
    }
    tell();
  }

  /** Of a link that goes on without the daemon that has begun it, which PPTP callers' do. */
  async function pidOfLink(links: readonly HeldLink[]): Promise<number | undefined> {
    for (const each of links) {
      const { device } = each.status();
      if (each.link.type !== 'pptp' || device === undefined) continue;
      const pppd = await pppdOfDevice(place, device);
      if (pppd !== undefined) return pppd.daemon.pid;
    }
    return undefined;
  }

  /** Where a peer that may be anywhere is, as soon as it is up. */
  async function findCaller(each: HeldLink): Promise<void> {
    const { device } = each.status();
    if (device === undefined || each.status().peerAddress !== undefined) return;
    const pppd = await pppdOfDevice(place, device);
    each.caller = pppd === undefined ? undefined : peerOf(pppd);
  }

  function tell(): void {
    const text = JSON.stringify([...held].map(([id, each]) => [id, each.status()]));
    if (text === shown) return;
    shown = text;
    options.onChange();
  }

  async function look(): Promise<void> {
    if (closed) return;
    try {
      await hangUpUnprotected();
      await see(true);
      await hangUpStuck();
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'The PPP links could not be looked at');
    }
    later();
  }

  /** @param again whether the connection is to have a link, another one */
  async function end(each: HeldLink, again: boolean): Promise<void> {
    await hangUp(each);
    held.delete(each.link.connection);
    if (!again) await removeFilesOf(place, each.link);
  }

  async function endAll(): Promise<void> {
    clearTimeout(timer);
    for (const each of [...held.values()]) await end(each, false);
    await carriers.stopAllBut(new Set());
    // All PPP in the namespace is ours.
    await endPppds(await findPppds(place));
    transports.clear();
    await removeDirectory(place.directory);
  }

  async function apply(
    wanted: ReadonlyMap<ConnectionId, TunnelSpec>,
  ): Promise<readonly TunnelFailure[]> {
    if (wanted.size === 0) {
      if (held.size > 0 || (await daemonsIn(place.directory)).length > 0) await endAll();
      else await removeDirectory(place.directory);
      return [];
    }
    const { allowInsecure } = options;
    const { links, refused } = planLinks(wanted, {
      allowInsecure,
      outerMtu: await options.outerMtu(),
    });
    for (const connection of transports.keys())
      if (!wanted.has(connection)) transports.delete(connection);
    await makePlace(place);
    await holdRecorded();
    for (const { link } of links.values())
      if (!held.has(link.connection) && (await isUnfinished(place, link)))
        await carriers.of(link).hangUp(link, undefined);
    const changed = [...held.values()].filter(({ link }) =>
      isChanged(link, links.get(link.connection)),
    );
    for (const { link } of changed) await removeRecord(place, link);
    await writeFiles(place, links);
    for (const each of changed) await end(each, links.has(each.link.connection));
    await writeRecords(place, links);
    for (const [id, { link, userName }] of links) (held.get(id) ?? hold(link)).userName = userName;
    await carriers.stopAllBut(new Set([...links.values()].map(({ link }) => carrierName(link))));
    await look();
    return [...refused].map(([connection, { code, message }]) => ({
      ...{ domain, connection, code, reason: message },
    }));
  }

  /** Links that are known from their records alone. */
  async function holdRecorded(): Promise<void> {
    for (const connection of await recordsIn(place.directory)) {
      if (held.has(connection)) continue;
      const link = await readRecord(place, connection);
      if (link !== undefined) hold(link);
    }
  }

  return {
    adopt: () =>
      queue(async () => {
        await holdRecorded();
        if (held.size === 0) return;
        logs.skipOld();
        await see(false);
      }),
    apply: (wanted) =>
      queue(async () => {
        try {
          return await apply(wanted);
        } catch (error) {
          const code = error instanceof NvgateError ? error.code : 'vpnDaemonFailed';
          const reason = messageOf(error);
          log.error({ code, reason }, 'The PPP links of a routing domain could not be set up');
          later();
          return [...wanted.keys()].map((connection) => ({ domain, connection, code, reason }));
        }
      }),
    transport(connection, peerAddress) {
      const transport =
        peerAddress !== undefined && isIpv4(peerAddress) ? peerAddress : ('none' as const);
      if (transports.get(connection) === transport) return;
      transports.set(connection, transport);
      const each = held.get(connection);
      if (each === undefined || each.link.type !== 'l2tp') return;
      each.transport = transport;
      void queue(look);
    },
    status: () => new Map([...held].map(([connection, each]) => [connection, each.status()])),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** A link is changed where what it was made of is not what it would be made of now. */
function isChanged(link: Link, planned: PlannedLink | undefined): boolean {
  return planned === undefined || formatRecord(planned.link) !== formatRecord(link);
}
