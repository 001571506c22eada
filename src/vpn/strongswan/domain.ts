import { messageOf, NvgateError } from '../../errors.js';
import type { ConnectionId } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { readAssociations } from '../ike/associations.js';
import { parseConnectionName } from '../ike/connection.js';
import { isIpsecTunnel, type IpsecTunnelSpec } from '../ike/tunnel.js';
import type { SecurityAssociation, TunnelFailure, TunnelSpec, WantedTunnels } from '../port.js';
import type { CharonPlace } from './charon.js';
import { listAssociations } from './dial.js';
import { removeDirectory } from './directory.js';
import type { DomainLinks } from './links.js';
import { load } from './load.js';
import type { VpnLog } from './log.js';
import { createQueue, type Gate } from './pace.js';
import { byConnection, type SeenSa } from './snapshot.js';
import type { StateBook } from '../states.js';
import { createSupervisor } from './supervisor.js';
import { createTunnels } from './tunnels.js';

export interface DomainOptions {
  readonly domain: RoutingDomainId;
  readonly place: CharonPlace;
  readonly digestKey: Uint8Array;
  readonly states: StateBook;
  readonly links: DomainLinks | undefined;
  readonly startGate: Gate;
  readonly pace: () => Promise<void>;
  readonly prepareDevice: () => Promise<void>;
  /** The device of a tunnel of which nothing is known but that it runs. */
  readonly deviceOf: (connection: ConnectionId) => string;
  readonly random: () => number;
  readonly now: () => Date;
  readonly log: VpnLog;
}

/** The tunnels of one routing domain, and the daemons that hold them. */
export interface DomainTunnels {
  adopt(): Promise<void>;
  apply(wanted: WantedTunnels): Promise<readonly TunnelFailure[]>;
  /** Nothing runs, nothing is wanted. */
  isIdle(): boolean;
  securityAssociations(connection: ConnectionId): Promise<readonly SecurityAssociation[]>;
  /** The status of a link above IPsec may have changed. */
  linksChanged(): void;
  close(): void;
}

/** Milliseconds between looks where nothing calls for one: up to half as much again by chance. */
const POLL = 3_000;
/** And where charon did not answer, which takes long enough to find out. */
const POLL_SILENT = 500;
/** Events come in bursts: one look for all of them. */
const BURST = 20;

export function createDomainTunnels(options: DomainOptions): DomainTunnels {
  const { domain, place, states, links, log } = options;
  const queue = createQueue();
  let wanted: ReadonlyMap<ConnectionId, TunnelSpec> = new Map();
  let idle = true;
  /** charon does not know all that is wanted yet. */
  let behind = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;

  const supervisor = createSupervisor({
    place,
    startGate: options.startGate,
    prepareDevice: options.prepareDevice,
    random: options.random,
    log,
    onEvent: (event, message) => tunnels.onEvent(event, message),
    onLost: (reason, inARow) => charonLost(reason, inARow),
    onRevive: () => void queue(revive),
  });

  const tunnels = createTunnels({
    random: options.random,
    now: options.now,
    pace: options.pace,
    sharedPolicies: place.dataPath === 'userSpace',
    vici: () => supervisor.vici(),
    isConnected: (connection) => states.of(domain, connection)?.phase === 'connected',
    observe: (connection, observation) => states.observe(domain, connection, observation),
    onTransport: (connection, sa) => transport(connection, sa),
    onMissed: (error) => void queue(() => supervisor.missed(error)),
    wake,
  });

  function ipsecSpecs(): Map<ConnectionId, IpsecTunnelSpec> {
    const specs = new Map<ConnectionId, IpsecTunnelSpec>();
    for (const [connection, spec] of wanted) if (isIpsecTunnel(spec)) specs.set(connection, spec);
    return specs;
  }

  function linkSpecs(): Map<ConnectionId, TunnelSpec> {
    return new Map([...wanted].filter(([, { connection }]) => connection.type !== 'ikev2'));
  }

  function transport(connection: ConnectionId, sa: SeenSa | undefined): void {
    const spec = wanted.get(connection);
    const type = spec?.connection.type ?? (sa?.version === 1 ? 'l2tp' : 'ikev2');
    if (type !== 'ikev2') {
      links?.transport(connection, sa?.remoteHost);
      return;
    }
    if (sa === undefined) return;
    states.observe(domain, connection, {
      kind: 'up',
      device: spec?.device ?? options.deviceOf(connection),
      ...(sa.remoteHost === undefined ? {} : { peerAddress: sa.remoteHost }),
    });
  }

  function linksChanged(): void {
    for (const [connection, status] of links?.status() ?? []) {
      const device = status.device ?? wanted.get(connection)?.device;
      if (status.up && device !== undefined) {
        const { peerAddress } = status;
        states.observe(domain, connection, {
          ...{ kind: 'up', device },
          ...(peerAddress === undefined ? {} : { peerAddress }),
        });
      } else {
        const { error } = status;
        states.observe(domain, connection, {
          kind: 'down',
          ...(error === undefined ? {} : { error }),
        });
      }
    }
  }

  function wake(milliseconds: number): void {
    if (closed) return;
    const at = performance.now() + Math.max(BURST, milliseconds);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timerAt = Infinity;
      void queue(behind ? revive : look);
    }, at - performance.now()).unref();
  }

  async function look(): Promise<void> {
    const vici = supervisor.vici();
    if (vici === undefined || closed) return;
    try {
      const sas = await listAssociations(vici);
      await supervisor.answered();
      await tunnels.look(sas);
    } catch (error) {
      await supervisor.missed(error);
      wake(POLL_SILENT);
    }
    wake(POLL * (1 + options.random() / 2));
  }

  function charonLost(reason: string, inARow: number): void {
    tunnels.lost();
    const message = `charon, which holds the tunnel, was lost: ${reason}. It is started again.`;
    const error = { cause: 'daemonFailed' as const, message, at: options.now() };
    for (const connection of tunnels.connections()) {
      links?.transport(connection, undefined);
      if (wanted.get(connection)?.connection.type === 'ikev2' || !wanted.has(connection))
        states.observe(domain, connection, { kind: 'down', ...(inARow > 1 ? { error } : {}) });
    }
  }

  async function revive(): Promise<void> {
    if (closed || ipsecSpecs().size === 0) return;
    for (const failure of await bringUp()) log.warn(failure, 'A tunnel could not be set up');
  }

  /** Has a charon run that knows what is wanted. */
  async function bringUp(): Promise<TunnelFailure[]> {
    const specs = ipsecSpecs();
    behind = true;
    try {
      const vici = await supervisor.ensure();
      const { names, failures } = await load(vici, specs, {
        dataPath: place.dataPath,
        digestKey: options.digestKey,
      });
      tunnels.want(specs, names);
      behind = false;
      await look();
      return failures.map((failure) => ({ domain, ...failure }));
    } catch (error) {
      const code = error instanceof NvgateError ? error.code : 'vpnDaemonFailed';
      const reason = messageOf(error);
      log.error({ code, reason }, 'The tunnels of a routing domain have no daemon');
      tunnels.want(specs);
      for (const connection of specs.keys())
        states.observe(domain, connection, {
          kind: 'tried',
          error: { cause: 'daemonFailed', message: reason, at: options.now() },
        });
      await supervisor.missed(error);
      if (supervisor.vici() !== undefined) wake(POLL);
      return [{ domain, code, reason }];
    }
  }

  async function applyLinks(): Promise<readonly TunnelFailure[]> {
    const specs = linkSpecs();
    if (links !== undefined) return links.apply(specs);
    return [...specs].map(([connection, spec]) => ({
      domain,
      connection,
      code: 'unsupportedConnection' as const,
      reason: `This gateway cannot hold ${spec.connection.type} connections.`,
    }));
  }

  async function apply(next: WantedTunnels): Promise<readonly TunnelFailure[]> {
    const before = [...(states.states().get(domain)?.keys() ?? [])];
    wanted = next;
    idle = next.size === 0;
    const ipsec = ipsecSpecs();
    const failures: TunnelFailure[] = [];
    if (ipsec.size > 0) failures.push(...(await bringUp()));
    failures.push(...(await applyLinks()));
    if (ipsec.size === 0) {
      tunnels.want(ipsec, new Map());
      await supervisor.stop();
    }
    if (idle) await removeDirectory(place.directory);
    for (const connection of before) if (!next.has(connection)) states.forget(domain, connection);
    for (const connection of next.keys())
      if (states.of(domain, connection) === undefined)
        states.observe(domain, connection, { kind: 'begun' });
    return failures;
  }

  return {
    adopt: () =>
      queue(async () => {
        idle = false; // There is a directory, at least.
        await supervisor.adopt();
        const vici = supervisor.vici();
        if (vici !== undefined)
          try {
            const sas = await listAssociations(vici);
            tunnels.adopt(byConnection(sas).keys());
            await tunnels.look(sas);
          } catch (error) {
            log.warn({ reason: messageOf(error) }, 'A charon that runs does not answer');
          }
        await links?.adopt();
        wake(POLL);
      }),
    apply: (next) => queue(() => apply(next)),
    isIdle: () => idle,
    async securityAssociations(connection) {
      const vici = supervisor.vici();
      if (vici === undefined) return [];
      const messages = await vici.stream('list-sas', 'list-sa', {}, { timeoutMs: 5_000 });
      return messages
        .flatMap(readAssociations)
        .filter(({ name }) => parseConnectionName(name)?.id === connection)
        .flatMap(({ associations }) => associations);
    },
    linksChanged,
    close() {
      closed = true;
      clearTimeout(timer);
      supervisor.close();
      links?.close();
    },
  };
}
