import { isDeepStrictEqual } from 'node:util';
import type { ConnectionId } from '../model/connection.js';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DIFFIE_HELLMAN_GROUPS,
  ENCRYPTION_ALGORITHMS,
  INTEGRITY_ALGORITHMS,
  PERFECT_FORWARD_SECRECY,
} from '../model/ipsec.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { Secret } from '../model/secret.js';
import type { VpnSupport } from '../model/vpn-support.js';
import { NvgateError } from '../errors.js';
import type { TunnelCause, TunnelFailure, TunnelSpec, Vpn, WantedTunnels } from './port.js';
import { createStateBook } from './states.js';

/** What outlives a process: the daemons, as it were. */
export interface FakeVpnWorld {
  readonly domains: Map<RoutingDomainId, Map<ConnectionId, FakeTunnel>>;
}

interface FakeTunnel {
  readonly spec: TunnelSpec;
  readonly up: boolean;
}

export interface FakeVpnOptions {
  /** Everything and nothing insecure where nothing is said. */
  readonly support?: VpnSupport;
  /** Of an earlier fake, whose daemons run on. */
  readonly world?: FakeVpnWorld;
  readonly now?: () => Date;
}

/** Tunnels in memory. Their peers are what the test does. */
export interface FakeVpn extends Vpn {
  readonly world: FakeVpnWorld;
  /** What was wanted last. */
  wanted(domain: RoutingDomainId): WantedTunnels;
  /** The peer is there and agrees. @throws NvgateError `notFound` when the tunnel is not wanted */
  setUp(domain: RoutingDomainId, connection: ConnectionId): void;
  /** The peer has ended the tunnel. */
  setDown(domain: RoutingDomainId, connection: ConnectionId): void;
  /** A try has failed. */
  fail(
    domain: RoutingDomainId,
    connection: ConnectionId,
    cause: TunnelCause,
    message?: string,
  ): void;
  /** From now on changes of this connection are refused; undefined = no more. */
  refuse(domain: RoutingDomainId, connection: ConnectionId, reason: string | undefined): void;
}

export const FAKE_SUPPORT: VpnSupport = {
  encryptionAlgorithms: ENCRYPTION_ALGORITHMS,
  integrityAlgorithms: INTEGRITY_ALGORITHMS,
  diffieHellmanGroups: DIFFIE_HELLMAN_GROUPS,
  cipherTransformations: CIPHER_TRANSFORMATIONS,
  authenticationTransformations: AUTHENTICATION_TRANSFORMATIONS,
  perfectForwardSecrecy: PERFECT_FORWARD_SECRECY,
  unavailable: {},
  authenticationMethods: ['psk', 'certificate', 'pap', 'chap', 'mschapv2'],
  dataPath: 'kernel',
  allowInsecure: false,
};

export function createFakeVpn(options: FakeVpnOptions = {}): FakeVpn {
  const now = options.now ?? (() => new Date());
  const { domains }: FakeVpnWorld = options.world ?? { domains: new Map() };
  const states = createStateBook(now);
  const refusals = new Map<string, string>();
  const known = new Set<RoutingDomainId>();

  function tunnelOf(domain: RoutingDomainId, connection: ConnectionId): FakeTunnel {
    const tunnel = domains.get(domain)?.get(connection);
    if (tunnel === undefined)
      throw new NvgateError('notFound', `No tunnel ${connection} is wanted in ${domain}.`);
    return tunnel;
  }

  function set(domain: RoutingDomainId, connection: ConnectionId, up: boolean): void {
    const { spec } = tunnelOf(domain, connection);
    domains.get(domain)?.set(connection, { spec, up });
    if (up) states.observe(domain, connection, upObservation(spec));
    else states.observe(domain, connection, { kind: 'down' });
  }

  function apply(domain: RoutingDomainId, wanted: WantedTunnels): TunnelFailure[] {
    const failures: TunnelFailure[] = [];
    const running = domains.get(domain) ?? new Map<ConnectionId, FakeTunnel>();
    for (const connection of [...running.keys(), ...(states.states().get(domain)?.keys() ?? [])])
      if (!wanted.has(connection)) {
        running.delete(connection);
        states.forget(domain, connection);
      }
    for (const [connection, spec] of wanted) {
      const before = running.get(connection);
      if (before !== undefined && sameTunnel(before.spec, spec)) continue;
      const reason = refusals.get(`${domain} ${connection}`);
      if (reason !== undefined) failures.push({ domain, connection, code: 'vpnRefused', reason });
      if (reason === undefined) running.set(connection, { spec, up: false });
      if (reason === undefined || before === undefined)
        states.observe(domain, connection, { kind: 'begun' });
    }
    if (wanted.size === 0) {
      domains.delete(domain);
      known.delete(domain);
    } else {
      domains.set(domain, running);
      known.add(domain);
    }
    return failures;
  }

  return {
    world: { domains },
    wanted: (domain) =>
      new Map([...(domains.get(domain) ?? [])].map(([connection, { spec }]) => [connection, spec])),
    setUp: (domain, connection) => set(domain, connection, true),
    setDown: (domain, connection) => set(domain, connection, false),
    fail(domain, connection, cause, message = cause) {
      const { spec } = tunnelOf(domain, connection);
      domains.get(domain)?.set(connection, { spec, up: false });
      states.observe(domain, connection, { kind: 'down', error: { cause, message, at: now() } });
    },
    refuse(domain, connection, reason) {
      if (reason === undefined) refusals.delete(`${domain} ${connection}`);
      else refusals.set(`${domain} ${connection}`, reason);
    },
    adopt() {
      for (const [domain, tunnels] of domains) {
        known.add(domain);
        for (const [connection, { spec, up }] of tunnels)
          if (up) states.observe(domain, connection, upObservation(spec));
      }
      return Promise.resolve();
    },
    apply: (wanted) =>
      Promise.resolve([...wanted].flatMap(([domain, tunnels]) => apply(domain, tunnels))),
    domains: () => new Set(known),
    states: () => states.states(),
    onChange: (listener) => states.onChange(listener),
    securityAssociations: (domain, connection) =>
      Promise.resolve(
        domains.get(domain)?.get(connection)?.up === true
          ? [
              { kind: 'ike', state: 'ESTABLISHED', algorithms: 'FAKE' },
              { kind: 'child', state: 'INSTALLED', algorithms: 'FAKE', bytesIn: 0, bytesOut: 0 },
            ]
          : [],
      ),
    support: () => Promise.resolve(options.support ?? FAKE_SUPPORT),
    close: () => Promise.resolve(),
  };
}

function upObservation({ connection, device }: TunnelSpec) {
  const { destinationAddress } = connection;
  return {
    ...{ kind: 'up' as const, device },
    ...(destinationAddress === undefined ? {} : { peerAddress: destinationAddress }),
  };
}

/** A route more or less is not the tunnel's concern; a secret is. */
function sameTunnel(a: TunnelSpec, b: TunnelSpec): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b));
}

function comparable(spec: TunnelSpec): unknown {
  return revealed({ ...spec, connection: { ...spec.connection, routes: [] } });
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealed(part)]));
}
