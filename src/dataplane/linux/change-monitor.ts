import { mkdirSync, watch } from 'node:fs';
import { messageOf } from '../../errors.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Place } from '../kernel-object.js';
import type { FeatureProbe, Scope } from '../port.js';
import {
  firewallHint,
  NETFILTER_GROUPS,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  ROUTE_GROUPS,
  routeHint,
  type Hint,
} from './change-message.js';
import { NAMESPACES, type NetworkContext } from './context.js';
import { domainOfNamespace, peerOfAlias } from './names.js';
import { listenToNetlink } from './netlink.js';
import { readLinks } from './read-place.js';

/** Hints that come within so many milliseconds are looked up together. */
const GATHER_MS = 20;

/**
 * Tells which parts of ours somebody has changed something in, itself included, as the kernel tells
 * it: links, addresses, routes, rules, filters, our nft tables, some settings, and the names of
 * namespaces. Of map entries, proxy neighbours and other settings it tells nobody.
 * @returns ends it
 * @throws NvgateError `kernelFeatureMissing`; any error of inotify
 */
export function followChanges(
  context: NetworkContext,
  listener: (scope: Scope) => void,
): () => void {
  const numbers = createNumbers(context);
  const parts = new Set<Place>();
  const hints = new Map<string, Hint>();
  let everything = false;
  let timer: NodeJS.Timeout | undefined;
  let flushing = false;
  let ended = false;

  function soon(): void {
    if (timer !== undefined || flushing || ended) return;
    timer = setTimeout(() => void flush(), GATHER_MS).unref();
  }

  function take(hint: Hint | undefined): void {
    if (hint === undefined) return;
    hints.set(hint === 'numbers' ? hint : `${hint.nsid ?? ''} ${hint.ifindex ?? ''}`, hint);
    soon();
  }

  function lose(): void {
    everything = true;
    soon();
  }

  /** Never rejects. */
  async function flush(): Promise<void> {
    timer = undefined;
    flushing = true;
    const gathered = [...hints.values()];
    hints.clear();
    try {
      for (const part of await numbers.parts(gathered)) parts.add(part);
    } catch {
      // What cannot be told apart may be anything.
      everything = true;
    }
    flushing = false;
    if (hints.size > 0) soon();
    if (ended) return;
    if (everything) listener('all');
    else if (parts.size > 0) listener(scopeOf(parts));
    everything = false;
    parts.clear();
  }

  const lines = [
    listenToNetlink(NETLINK_ROUTE, ROUTE_GROUPS, {
      onMessage: (message) => take(routeHint(message)),
      onLoss: lose,
    }),
  ];
  const end = (): void => {
    ended = true;
    clearTimeout(timer);
    for (const close of lines) close();
  };
  try {
    lines.push(
      listenToNetlink(NETLINK_NETFILTER, NETFILTER_GROUPS, {
        onMessage: (message) => take(firewallHint(message, context.instance)),
        onLoss: lose,
      }),
      watchNames((name) => {
        const domain = domainOfNamespace(context.instance, name);
        if (domain === undefined) return;
        parts.add(domain);
        soon();
      }, lose),
    );
  } catch (error) {
    end();
    throw error;
  }
  // For the first deletion: what is gone cannot be looked up any more.
  take('numbers');
  return end;
}

/** Whether the kernel tells of changes, found out by trying. */
export function probeChangeMonitor(context: NetworkContext): FeatureProbe {
  const name = 'changeMonitor';
  try {
    followChanges(context, () => undefined)();
    return { name, available: true };
  } catch (error) {
    const reason = `${messageOf(error)} Changes by others are found by looking, every reconcileIntervalSeconds.`;
    return { name, available: false, reason };
  }
}

/**
 * Names of namespaces come and go. A namespace whose name is deleted lives on, untold of, for as
 * long as a process is in it.
 */
function watchNames(onName: (name: string) => void, onLoss: () => void): () => void {
  // As iproute2 does with the first namespace.
  mkdirSync(NAMESPACES, { recursive: true });
  const watcher = watch(NAMESPACES, { persistent: false }, (_event, name) =>
    name === null ? onLoss() : onName(name),
  );
  watcher.on('error', onLoss);
  return () => watcher.close();
}

/** What the numbers in netlink messages stand for. */
interface Numbers {
  /** Those parts of ours that the hints are about. */
  parts(hints: readonly Hint[]): Promise<Place[]>;
}

function createNumbers(context: NetworkContext): Numbers {
  let devices = new Map<number, Place>();
  let devicesBefore = new Map<number, Place>();
  let namespaces = new Map<number, RoutingDomainId>();
  /** Somebody else's, as of the last look: there may be many, and busy ones. */
  const others = new Set<string>();

  async function refresh(): Promise<void> {
    const configured = new Set(context.devices.values());
    devicesBefore = devices;
    devices = new Map();
    namespaces = new Map();
    others.clear();
    for (const { ifname, ifindex, ifalias, link_netnsid: nsid } of await readLinks(
      context.namespace,
    )) {
      if (configured.has(ifname)) devices.set(ifindex, 'gateway');
      const end = ifalias === undefined ? undefined : peerOfAlias(context.instance, ifalias);
      if (end === undefined) continue;
      devices.set(ifindex, end.domain);
      if (nsid !== undefined) namespaces.set(nsid, end.domain);
    }
  }

  function partOf({ nsid, ifindex }: Exclude<Hint, 'numbers'>): Place | undefined {
    if (nsid !== undefined) return namespaces.get(nsid);
    if (ifindex === undefined) return 'gateway';
    // A device that is gone was known before.
    return devices.get(ifindex) ?? devicesBefore.get(ifindex);
  }

  function keyOf({ nsid, ifindex }: Exclude<Hint, 'numbers'>): string {
    return nsid === undefined ? `device ${ifindex}` : `namespace ${nsid}`;
  }

  return {
    async parts(hints) {
      const places = hints.filter((hint) => hint !== 'numbers');
      const isStale =
        places.length < hints.length ||
        places.some((hint) => partOf(hint) === undefined && !others.has(keyOf(hint)));
      const found = new Set<Place>();
      const collect = (): void => {
        for (const hint of places) {
          const part = partOf(hint);
          if (part !== undefined) found.add(part);
        }
      };
      collect();
      if (isStale) {
        await refresh();
        collect();
        for (const hint of places) if (partOf(hint) === undefined) others.add(keyOf(hint));
      }
      return [...found];
    },
  };
}

function scopeOf(parts: ReadonlySet<Place>): Scope {
  const domains = new Set<RoutingDomainId>();
  for (const part of parts) if (part !== 'gateway') domains.add(part);
  return { gateway: parts.has('gateway'), domains };
}
