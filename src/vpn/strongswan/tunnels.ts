import type { ConnectionId } from '../../model/connection.js';
import { formatIp } from '../../net/ip.js';
import { explainFailure } from '../ike/cause.js';
import { parseConnectionName } from '../ike/connection.js';
import type { IpsecTunnelSpec } from '../ike/tunnel.js';
import type { TunnelError } from '../port.js';
import type { ViciClient } from '../vici/session.js';
import type { ViciSection } from '../vici/message.js';
import { backoffMs, type Backoff } from './backoff.js';
import { dial, end, hanging, listAssociations } from './dial.js';
import { callerOf, createLogBook, endedInOrder, readLogLine } from './log-book.js';
import { misplaced } from './preference.js';
import { createRefusals, QUIET } from './refusals.js';
import { reinstall } from './reinstall.js';
import {
  byConnection,
  carryingChildren,
  carryingSa,
  newestInterfaceId,
  type SeenSa,
} from './snapshot.js';
import type { Observation } from '../tunnel-state.js';

export interface TunnelsOptions {
  readonly random: () => number;
  readonly now: () => Date;
  /** All calls of the gateway pass it, so that not all start in one moment. */
  readonly pace: () => Promise<void>;
  /** SAs share one policy table: which was installed last counts. */
  readonly sharedPolicies: boolean;
  vici(): ViciClient | undefined;
  isConnected(connection: ConnectionId): boolean;
  observe(connection: ConnectionId, observation: Observation): void;
  /** The SA of a connection is there, at this peer, or has gone. */
  onTransport(connection: ConnectionId, sa: SeenSa | undefined): void;
  /** charon did not answer. */
  onMissed(error: unknown): void;
  /** There is something to look at in so many milliseconds. */
  wake(milliseconds: number): void;
}

/** The IPsec tunnels of one charon: sees how they are and calls the peers of those that are not up. */
export interface Tunnels {
  /** Known from what runs only; nothing is done about them but to watch. */
  adopt(connections: Iterable<ConnectionId>): void;
  /**
   * What is wanted.
   * @param names that charon has it by; absent = as before
   */
  want(
    specs: ReadonlyMap<ConnectionId, IpsecTunnelSpec>,
    names?: ReadonlyMap<ConnectionId, string>,
  ): void;
  connections(): Iterable<ConnectionId>;
  /** What `list-sas` says now. */
  look(sas: readonly SeenSa[]): Promise<void>;
  onEvent(event: string, message: ViciSection): void;
  /** There is no charon, so there are no SAs. */
  lost(): void;
}

interface Tunnel {
  readonly connection: ConnectionId;
  spec?: IpsecTunnelSpec;
  name?: string;
  /** Tries in a row that have failed. */
  failures: number;
  /** When the peer may be called (again), by `performance.now()`. */
  dialAt: number;
  busy: boolean;
  /** Was not there at the last look. */
  absent: boolean;
}

/** From one call to the next; a peer that has come back waits no longer. */
const REDIAL: Backoff = { firstMs: 1_000, longestMs: 8_000 };
const SHORTEST_PAUSE = 500;
/** A look while SAs are being replaced may see neither: only a second one counts. */
const CONFIRM_AFTER = 250;
/** For so long a peer that calls us is not called. */
const CALLER_PATIENCE = 3_000;
const MOST_AGES = 256;
/** What charon says of a peer that keeps silent; we do not wait until it does. */
const GIVEN_UP = 'establishing IKE_SA failed, peer not responding';

export function createTunnels(options: TunnelsOptions): Tunnels {
  const tunnels = new Map<ConnectionId, Tunnel>();
  const book = createLogBook();
  const refusals = createRefusals();
  /** When an IKE SA that is not established was first seen. */
  const firstSeen = new Map<number, number>();
  /** Number of the look that first saw the SAs with an interface id. */
  const seenIn = new Map<number, number>();
  let looks = 0;
  let reinstalling = false;
  let reinstallAt = 0;

  function tunnelOf(connection: ConnectionId): Tunnel {
    let tunnel = tunnels.get(connection);
    if (tunnel === undefined) {
      tunnel = { connection, failures: 0, dialAt: 0, busy: false, absent: true };
      tunnels.set(connection, tunnel);
    }
    return tunnel;
  }

  function explain(tunnel: Tunnel, lines: readonly string[]): TunnelError | undefined {
    if (tunnel.spec === undefined || lines.length === 0) return undefined;
    return { ...explainFailure(lines, { spec: tunnel.spec }), at: options.now() };
  }

  function tried(tunnel: Tunnel, lines: readonly string[]): void {
    const error = explain(tunnel, lines);
    if (error !== undefined) options.observe(tunnel.connection, { kind: 'tried', error });
  }

  /** The tunnel that a peer wanted that we turn away: by name, or by where it called from. */
  function refusedTunnel(name: string, lines: readonly string[]): Tunnel | undefined {
    const id = parseConnectionName(name)?.id;
    if (id !== undefined) return tunnels.get(id);
    const caller = callerOf(lines);
    return [...tunnels.values()].find(({ spec }) => {
      const peer = spec?.connection.destinationAddress;
      return peer !== undefined && formatIp(peer) === caller;
    });
  }

  function explainRefusals(): void {
    for (const { uniqueId, name } of refusals.take(performance.now())) {
      const lines = book.of(uniqueId);
      const tunnel = refusedTunnel(name, lines);
      if (tunnel !== undefined) tried(tunnel, lines);
    }
  }

  function ageOf(sa: SeenSa): number {
    const now = performance.now();
    const since = firstSeen.get(sa.uniqueId);
    if (since !== undefined) return now - since;
    firstSeen.set(sa.uniqueId, now);
    return 0;
  }

  function age(sas: readonly SeenSa[]): void {
    const young = sas.filter((sa) => sa.state === 'CONNECTING' || sa.state === 'CREATED');
    const there = new Set(young.map(({ uniqueId }) => uniqueId));
    for (const uniqueId of firstSeen.keys()) if (!there.has(uniqueId)) firstSeen.delete(uniqueId);
    for (const sa of young.slice(-MOST_AGES)) ageOf(sa);
  }

  function number(sas: readonly SeenSa[]): void {
    const there = new Set(sas.flatMap(carryingChildren).map(({ interfaceId }) => interfaceId));
    for (const interfaceId of seenIn.keys())
      if (!there.has(interfaceId)) seenIn.delete(interfaceId);
    for (const interfaceId of there) if (!seenIn.has(interfaceId)) seenIn.set(interfaceId, looks);
    looks += 1;
  }

  function lookAt(tunnel: Tunnel, own: readonly SeenSa[]): 'up' | 'down' | 'unsure' {
    const { connection } = tunnel;
    const carrying = carryingSa(own);
    if (carrying !== undefined) {
      tunnel.absent = false;
      tunnel.failures = 0;
      tunnel.dialAt = 0;
      options.onTransport(connection, carrying);
      return 'up';
    }
    if (!tunnel.absent) {
      tunnel.absent = true;
      options.wake(CONFIRM_AFTER);
      return 'unsure';
    }
    options.onTransport(connection, undefined);
    if (options.isConnected(connection)) {
      const lines = tunnel.name === undefined ? [] : book.latestOf(tunnel.name);
      const error = endedInOrder(lines) ? undefined : explain(tunnel, lines);
      tunnel.dialAt = performance.now() + options.random() * SHORTEST_PAUSE;
      options.observe(connection, { kind: 'down', ...(error === undefined ? {} : { error }) });
    } else {
      options.observe(connection, { kind: 'down' });
    }
    return 'down';
  }

  /** The peer is about to be up by a call of its own; what it calls for shows only at the end. */
  function peerCalls(spec: IpsecTunnelSpec, sas: readonly SeenSa[], own: readonly SeenSa[]) {
    const { destinationAddress } = spec.connection;
    const from = destinationAddress === undefined ? undefined : formatIp(destinationAddress);
    return sas.some(
      (sa) =>
        !sa.initiator &&
        sa.state === 'CONNECTING' &&
        (own.includes(sa) ||
          (parseConnectionName(sa.name) === undefined &&
            sa.remoteHost !== undefined &&
            formatIp(sa.remoteHost) === from)) &&
        ageOf(sa) < CALLER_PATIENCE,
    );
  }

  async function call(
    tunnel: Tunnel,
    vici: ViciClient,
    sas: readonly SeenSa[],
    own: readonly SeenSa[],
  ): Promise<void> {
    const { spec, name } = tunnel;
    if (spec === undefined || name === undefined || !spec.connection.initiate) return;
    if (tunnel.busy) return;
    const late = hanging(own, ageOf);
    if (late.length > 0) {
      for (const sa of late) tried(tunnel, [...book.of(sa.uniqueId), GIVEN_UP]);
      await end(vici, late);
    }
    const trying = own.some(
      (sa) => sa.initiator && sa.state === 'CONNECTING' && !late.includes(sa),
    );
    if (trying || peerCalls(spec, sas, own)) {
      options.wake(1_000);
      return;
    }
    const wait = tunnel.dialAt - performance.now();
    if (wait > 0) {
      options.wake(wait);
      return;
    }
    tunnel.busy = true;
    void attempt(tunnel, vici, name).finally(() => {
      tunnel.busy = false;
      options.wake(0);
    });
  }

  async function attempt(tunnel: Tunnel, vici: ViciClient, name: string): Promise<void> {
    try {
      await options.pace();
      const started = performance.now();
      const outcome = await dial(vici, name);
      if (outcome.kind === 'done' || tunnel.name !== name) return;
      const sas = (await listAssociations(vici)).filter((sa) => sa.name === name);
      if (carryingSa(sas) !== undefined) return; // The peer was faster.
      const unfinished = sas.filter((sa) => sa.initiator && sa.state === 'CONNECTING');
      if (unfinished.some((sa) => sa.answered)) return; // It talks: it gets the time it takes.
      await end(vici, unfinished);
      tunnel.failures += 1;
      tunnel.dialAt = Math.max(
        performance.now() + SHORTEST_PAUSE,
        started + backoffMs(REDIAL, tunnel.failures, options.random()),
      );
      tried(tunnel, unfinished.length === 0 ? outcome.log : [...outcome.log, GIVEN_UP]);
    } catch (error) {
      tunnel.dialAt = performance.now() + 2 * SHORTEST_PAUSE;
      if (options.vici() === vici) options.onMissed(error);
    }
  }

  /** Puts the tunnel with the better metric before that with the worse one. */
  function order(vici: ViciClient, seen: ReadonlyMap<ConnectionId, readonly SeenSa[]>): void {
    if (!options.sharedPolicies || reinstalling || performance.now() < reinstallAt) return;
    const placed = [...tunnels.values()].flatMap(({ connection, spec }) => {
      const interfaceId = newestInterfaceId(seen.get(connection) ?? []);
      if (spec === undefined || interfaceId === undefined) return [];
      const { routes } = spec.connection;
      return [{ connection, routes, interfaceId, seen: seenIn.get(interfaceId) ?? looks }];
    });
    const connection = misplaced(placed);
    const name = connection === undefined ? undefined : tunnels.get(connection)?.name;
    if (connection === undefined || name === undefined) return;
    reinstalling = true;
    void reinstall(vici, name, seen.get(connection) ?? [])
      .then((done) => (reinstallAt = done ? 0 : performance.now() + 30_000))
      .catch((error: unknown) => {
        reinstallAt = performance.now() + 30_000;
        if (options.vici() === vici) options.onMissed(error);
      })
      .finally(() => {
        reinstalling = false;
        options.wake(0);
      });
  }

  return {
    adopt(connections) {
      for (const connection of connections) tunnelOf(connection);
    },
    connections: () => tunnels.keys(),
    want(specs, names) {
      for (const connection of [...tunnels.keys()])
        if (!specs.has(connection)) tunnels.delete(connection);
      for (const [connection, spec] of specs) {
        const tunnel = tunnelOf(connection);
        tunnel.spec = spec;
        if (names === undefined) continue;
        const name = names.get(connection);
        if (tunnel.name !== undefined && tunnel.name !== name) {
          // Another tunnel from now on; the old one has been ended.
          tunnel.failures = 0;
          tunnel.dialAt = 0;
          tunnel.absent = true;
          options.observe(connection, { kind: 'begun' });
        }
        if (name === undefined) delete tunnel.name;
        else tunnel.name = name;
      }
    },
    async look(sas) {
      const vici = options.vici();
      if (vici === undefined) return;
      explainRefusals();
      age(sas);
      number(sas);
      const seen = byConnection(sas);
      for (const tunnel of tunnels.values()) {
        const own = (seen.get(tunnel.connection) ?? []).filter(
          (sa) => tunnel.name === undefined || sa.name === tunnel.name,
        );
        if (lookAt(tunnel, own) === 'down') await call(tunnel, vici, sas, own);
      }
      order(vici, seen);
    },
    onEvent(event, message) {
      if (event !== 'log') {
        options.wake(0);
        return;
      }
      const line = readLogLine(message);
      if (line === undefined) return;
      book.add(line);
      if (refusals.add(line, performance.now())) options.wake(QUIET);
    },
    lost() {
      firstSeen.clear();
      seenIn.clear();
      looks = 1;
      for (const tunnel of tunnels.values()) {
        delete tunnel.name;
        tunnel.absent = true;
        tunnel.failures = 0;
        tunnel.dialAt = 0;
      }
    },
  };
}
