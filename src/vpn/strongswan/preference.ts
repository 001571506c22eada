import type { ConnectionId, ConnectionRoute } from '../../model/connection.js';
import { formatPrefix } from '../../net/prefix.js';

/*
 * User-space ESP has one device and one policy table for all tunnels of a routing domain, so that
 * no route can choose among them. libipsec (ipsec_policy_mgr.c) takes the policy with the longer
 * prefixes and, of equal ones, that which was installed last; a rekeyed SA takes its predecessor's
 * place. An SA and those it is rekeyed to have one interface id, counted upwards from SA to SA as
 * they are begun: which of two was done first, it does not say.
 */

/** A tunnel in user space that is up. */
export interface PlacedTunnel {
  readonly connection: ConnectionId;
  readonly routes: readonly ConnectionRoute[];
  /** Interface id of its newest SA. */
  readonly interfaceId: number;
  /** Number of the look that first saw that SA; 0 = it was there before anybody looked. */
  readonly seen: number;
}

/**
 * A tunnel that does not surely lie before those that lead to the same place by a worse metric: it
 * has to be installed anew. One at a time, the least preferred first; undefined when the order is
 * right. Two tunnels that are each better on a route of their own cannot both be right: the one
 * with the lower average wins.
 */
export function misplaced(tunnels: readonly PlacedTunnel[]): ConnectionId | undefined {
  return tunnels
    .filter((better) => tunnels.some((worse) => prefers(better, worse) && !isBefore(better, worse)))
    .sort((a, b) => averageMetric(b) - averageMetric(a))[0]?.connection;
}

/** Installed later. Of what an earlier process has left, the order in which it was begun is taken. */
function isBefore(a: PlacedTunnel, b: PlacedTunnel): boolean {
  return a.seen === 0 && b.seen === 0 ? a.interfaceId > b.interfaceId : a.seen > b.seen;
}

function prefers(a: PlacedTunnel, b: PlacedTunnel): boolean {
  return averageMetric(a) < averageMetric(b) && leadToOnePlace(a, b);
}

function leadToOnePlace(a: PlacedTunnel, b: PlacedTunnel): boolean {
  const prefixes = new Set(a.routes.map((route) => formatPrefix(route.destinationPrefix)));
  return b.routes.some((route) => prefixes.has(formatPrefix(route.destinationPrefix)));
}

function averageMetric({ routes }: PlacedTunnel): number {
  return routes.reduce((sum, { metric }) => sum + metric, 0) / Math.max(1, routes.length);
}
