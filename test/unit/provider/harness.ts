import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApp } from '../../../provider/app.js';
import type { Capabilities } from '../../../provider/answer-schemas.js';
import type { CounterReading, GatewayEvent, ProviderContext } from '../../../provider/context.js';
import type { PolicyDocument } from '../../../provider/schemas.js';
import type {
  SecurityAssociationReport,
  TunnelReport,
  TunnelSource,
} from '../../../provider/tunnels.js';
import type { PathMtuReport, PeerProblemReading } from '../../../provider/underlay.js';
import { anyVpnSupport } from '../../../src/cli/any-vpn-support.js';
import type { TraceQuery, TraceResult } from '../../../src/forwarding/trace-result.js';
import { ProviderAddress } from '../../../src/model/addresses.js';
import type { PolicyRef } from '../../../src/model/policy-ref.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import {
  createMemoryPlace,
  openMemoryStore,
  type MemoryPlace,
} from '../../../src/policy/memory-store.js';
import { createPolicyService } from '../../../src/policy/policy-service.js';
import type { LostPolicy } from '../../../src/policy/lost-policy.js';
import type { PolicyService } from '../../../src/policy/service.js';
import { EMPTY_POLICY } from '../../../src/model/policy.js';
import type { ReconcileStatus, StatusSource } from '../../../src/reconcile/status.js';
import { ENVIRONMENT } from '../../support/policy-builder.js';

export const TOKEN = 'a-token-of-the-tests';
export const BLUE = '11111111-2222-3333-4444-000000005001';
export const RED = '11111111-2222-3333-4444-000000006001';

/** What the tests' kernel says of itself: whatever a test sets. */
export interface FakeStatus extends StatusSource {
  revision: number;
  lastRunAt: Date | undefined;
  readonly failures: Map<PolicyRef, string>;
  readonly gatewayFailures: string[];
  /** Revisions that somebody waits for. */
  readonly waitedFor: number[];
  /** Brings a revision to the "kernel". */
  reach(revision: number): void;
}

export function fakeStatus(): FakeStatus {
  const waiting = new Set<() => void>();
  const fake: FakeStatus = {
    revision: 0,
    lastRunAt: undefined,
    failures: new Map(),
    gatewayFailures: [],
    waitedFor: [],
    status: (): ReconcileStatus => ({
      revision: fake.revision,
      lastRunAt: fake.lastRunAt,
      failures: fake.failures,
      gatewayFailures: fake.gatewayFailures,
      repairs: 3,
    }),
    stateOf(ref) {
      const reason = fake.failures.get(ref);
      if (reason !== undefined) return { configuration: 'failed', reason };
      return { configuration: fake.revision === 0 ? 'pending' : 'synchronized' };
    },
    synchronized(revision, signal) {
      fake.waitedFor.push(revision);
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (fake.revision >= revision) resolve();
        };
        waiting.add(look);
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        look();
      });
    },
    reach(revision) {
      fake.revision = revision;
      fake.lastRunAt = new Date('2026-11-22T08:00:00Z');
      for (const look of waiting) look();
    },
  };
  return fake;
}

/** What the tests' tunnels say of themselves, by `routing domain/connection`. */
export interface FakeTunnels extends TunnelSource {
  readonly reports: Map<string, TunnelReport>;
  readonly associations: Map<string, readonly SecurityAssociationReport[]>;
  /** What the VPN daemon fails with when it is asked. */
  failure: Error | undefined;
}

export function fakeTunnels(): FakeTunnels {
  const fake: FakeTunnels = {
    reports: new Map(),
    associations: new Map(),
    failure: undefined,
    stateOf: (domain, connection) => fake.reports.get(`${domain}/${connection}`),
    securityAssociations: (domain, connection) =>
      fake.failure === undefined
        ? Promise.resolve(fake.associations.get(`${domain}/${connection}`) ?? [])
        : Promise.reject(fake.failure),
  };
  return fake;
}

export interface Harness {
  readonly app: FastifyInstance;
  readonly policy: PolicyService;
  readonly place: MemoryPlace;
  readonly status: FakeStatus;
  readonly tunnels: FakeTunnels;
  readonly traced: TraceQuery[];
  readonly logged: string[];
  emit(event: GatewayEvent): void;
  listeners(): number;
  call(method: Method, url: string, options?: CallOptions): Promise<Answer>;
}

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: unknown;
}

export const CAPABILITIES: Capabilities = {
  connectionTypes: ['routed', 'nat'],
  vpnProtocols: [],
  authenticationMethods: [],
  encryptionAlgorithms: [],
  integrityAlgorithms: [],
  diffieHellmanGroups: [],
  cipherTransformations: [],
  authenticationTransformations: [],
  perfectForwardSecrecy: [],
  insecure: {
    allowed: false,
    vpnProtocols: [],
    encryptionAlgorithms: ['DES3'],
    integrityAlgorithms: [],
    diffieHellmanGroups: [],
    cipherTransformations: [],
    authenticationTransformations: [],
    perfectForwardSecrecy: [],
  },
  ipsecDataPath: null,
  vsidRange: { min: 4097, max: 16_777_214 },
  innerMtu: 1458,
  addressFamilies: ['ipv4', 'ipv6'],
  limits: { lookupRecords: 10_000 },
  unavailable: [{ feature: 'ikev2', reason: 'Not in this version.' }],
};

export const COUNTERS: readonly CounterReading[] = [
  { vsid: 5001, verdict: 1, packets: 12n, bytes: 1200n },
  { vsid: 0, verdict: 43, packets: 3n, bytes: 300n },
  { vsid: 0, verdict: 60_000, packets: 1n, bytes: 1n },
];

const [PEER, ROUTER] = [parseIpv4('10.1.1.20'), parseIpv4('10.1.1.1')];

export const PATH_MTUS: readonly PathMtuReport[] = [
  {
    providerAddress: ProviderAddress(PEER),
    ...{ mtu: 1400, innerMtu: 1358, router: ROUTER, learnedAt: new Date('2026-11-22T08:00:00Z') },
  },
];

export const PEER_PROBLEM_READINGS: readonly PeerProblemReading[] = [
  { providerAddress: ProviderAddress(PEER), problem: 39, packets: 7n, ageSeconds: 60 },
  { providerAddress: ProviderAddress(PEER), problem: 1, packets: 2n, ageSeconds: 0 },
  { providerAddress: ProviderAddress(PEER), problem: 60_000, packets: 1n, ageSeconds: 0 },
];

/**
 * The API over a real policy service, its store in memory and its kernel a fake.
 * @param lost a policy that the gateway has lost before it started
 */
export async function startHarness(lost?: LostPolicy): Promise<Harness> {
  const place = createMemoryPlace();
  const environment = { ...ENVIRONMENT, vpn: anyVpnSupport(false) };
  const policy = await createPolicyService(openMemoryStore(place), environment, {
    snapshot: { revision: 0, policy: EMPTY_POLICY },
    ...(lost !== undefined && { lost }),
  });
  const tunnels = fakeTunnels();
  const status = fakeStatus();
  const listeners = new Set<(event: GatewayEvent) => void>();
  const traced: TraceQuery[] = [];
  const logged: string[] = [];
  const context: ProviderContext = {
    gateway: { name: 'edge', version: '1.2.3', startedAt: new Date(Date.now() - 5000) },
    policy,
    status,
    tunnels,
    underlay: {
      pathMtus: () => PATH_MTUS,
      peerProblems: () => Promise.resolve(PEER_PROBLEM_READINGS),
    },
    environment,
    capabilities: () => CAPABILITIES,
    trace(query): TraceResult {
      traced.push(query);
      return {
        query,
        routingDomain: undefined,
        source: undefined,
        route: undefined,
        outcome: { kind: 'dropped', verdict: 'vsidUnknown', sentence: 'No such subnet.' },
        steps: [{ name: 'virtualSubnet', sentence: 'There is none.' }],
      };
    },
    counters: () => Promise.resolve(COUNTERS),
    events: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    token: TOKEN,
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
  };
  const app = buildApp(context);
  await app.ready();
  return {
    app,
    policy,
    place,
    status,
    tunnels,
    traced,
    logged,
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    listeners: () => listeners.size,
    async call(method, url, { body, headers = {}, token = TOKEN } = {}) {
      const response = await app.inject({
        method,
        url,
        headers: {
          ...(token !== '' && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      });
      const text = response.body;
      const type = String(response.headers['content-type']);
      return {
        status: response.statusCode,
        headers: response.headers,
        text,
        json: type.includes('json') ? (JSON.parse(text) as unknown) : undefined,
      };
    },
  };
}

/** A policy that is right: two tenants with equal addresses, blue routed and red translated. */
export function examplePolicy(): PolicyDocument {
  const tenant = (id: string, name: string, vsid: number) => ({
    id,
    name,
    virtualSubnets: [
      { vsid, prefixes: ['192.168.1.0/24'], gateway: { macAddress: '10-10-10-10-10-01' } },
      { vsid: vsid + 1, prefixes: ['192.168.2.0/24'] },
    ],
    lookupRecords: [
      {
        vsid,
        customerAddress: '192.168.1.101',
        macAddress: '00155D011404',
        providerAddress: '10.1.1.20',
        vmName: `${name}01`,
      },
      {
        vsid: vsid + 1,
        customerAddress: '192.168.2.102',
        macAddress: '00:15:5d:01:14:05',
        providerAddress: '10.1.1.30',
      },
    ],
    customerRoutes: [
      { vsid, destinationPrefix: '192.168.1.0/24', nextHop: '0.0.0.0', metric: 255 },
      { vsid: vsid + 1, destinationPrefix: '192.168.2.0/24', nextHop: '0.0.0.0' },
    ],
  });
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24 }],
    providerRoutes: [{ destinationPrefix: '0.0.0.0/0', nextHop: '10.1.1.1' }],
    routingDomains: [
      {
        ...tenant(BLUE, 'blue', 5001),
        connections: [
          { id: 'corp', type: 'routed', routes: [{ destinationPrefix: '192.168.101.0/24' }] },
        ],
      },
      {
        ...tenant(RED, 'red', 6001),
        connections: [
          {
            id: 'internet',
            type: 'nat',
            externalAddress: '203.0.113.10',
            rules: [
              {
                name: 'web',
                protocol: 'tcp',
                externalPort: 8080,
                internalAddress: '192.168.1.101',
                internalPort: 80,
              },
            ],
          },
        ],
      },
    ],
  };
}

/** What stands at a JSON pointer; undefined where nothing does. */
export function valueAt(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, part) => (value as Fields | undefined)?.[part], document);
}

/** Puts a value in a document, whatever its type allows; `-` is the end of a list, undefined deletes. */
export function setAt(document: unknown, pointer: string, value: unknown): void {
  const cut = pointer.lastIndexOf('/');
  const parent = valueAt(document, pointer.slice(0, cut)) as Fields;
  const name = pointer.slice(cut + 1);
  if (value === undefined) Reflect.deleteProperty(parent, name);
  else if (Array.isArray(parent) && name === '-') parent.push(value);
  else parent[name] = value;
}

type Fields = Record<string, unknown>;
