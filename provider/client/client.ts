import type {
  Capabilities,
  CountersAnswer,
  GatewayAnswer,
  TraceAnswer,
  TraceQueryDocument,
} from '../answer-schemas.js';
import type { ChangeDocument } from '../change-schemas.js';
import type {
  ConnectionDocument,
  CustomerRouteDocument,
  LookupRecordDocument,
  PolicyDocument,
  ProviderAddressDocument,
  ProviderRouteDocument,
  RoutingDomainDocument,
  VirtualSubnetDocument,
} from '../schemas.js';
import { callJson, collection, push, type Collection, type WriteOptions } from './collection.js';
import { followEvents, type EventsOptions } from './events.js';
import type { GatewayEvent, PolicyReading, Pushed } from './responses.js';
import { createTransport, readText, type TransportOptions } from './transport.js';

export interface ClientOptions extends Omit<TransportOptions, 'timeout'> {
  /** Milliseconds without a byte from the gateway after which a call fails; 30,000 if absent. */
  readonly timeout?: number;
}

/**
 * The provider API of one gateway, a method per call. Every method throws ApiProblemError where
 * the gateway refuses, NvgateError `gatewayUnreachable` where it does not answer.
 */
export interface Client {
  gateway(): Promise<GatewayAnswer>;
  capabilities(): Promise<Capabilities>;
  policy(): Promise<PolicyReading>;
  replacePolicy(policy: PolicyDocument, options?: WriteOptions): Promise<Pushed>;
  /** Sent as it comes (NDJSON), so changes need not fit in memory; applied whole or not at all. */
  changePolicy(
    changes: Iterable<ChangeDocument> | AsyncIterable<ChangeDocument>,
    options?: WriteOptions,
  ): Promise<Pushed>;
  readonly providerAddresses: Collection<ProviderAddressDocument>;
  readonly providerRoutes: Collection<ProviderRouteDocument>;
  readonly routingDomains: Collection<RoutingDomainDocument>;
  /** What one routing domain holds. */
  routingDomain(id: string): RoutingDomainClient;
  trace(request: TraceQueryDocument): Promise<TraceAnswer>;
  counters(): Promise<CountersAnswer['counters']>;
  /** The revision the gateway is at, then what happens, until the caller or the gateway ends it. */
  events(options?: EventsOptions): AsyncGenerator<GatewayEvent, void, undefined>;
  /** Metrics in the Prometheus text format. */
  metrics(): Promise<string>;
  /** Lets go of idle connections. */
  close(): void;
}

export interface RoutingDomainClient {
  readonly virtualSubnets: Collection<VirtualSubnetDocument>;
  readonly lookupRecords: Collection<LookupRecordDocument>;
  readonly customerRoutes: Collection<CustomerRouteDocument>;
  readonly connections: Collection<ConnectionDocument>;
}

/** @throws NvgateError `invalidValue` when the URL cannot be used; nothing is sent yet */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport({ timeout: 30_000, ...options });
  const get = <Answer>(path: string) => callJson<Answer>(transport, { method: 'GET', path });

  return {
    gateway: () => get('/v1/gateway'),
    capabilities: () => get('/v1/capabilities'),
    async policy() {
      const response = await transport.open({ method: 'GET', path: '/v1/policy' });
      const revision = Number(/\d+/.exec(response.headers.etag ?? '')?.[0] ?? Number.NaN);
      return { revision, policy: JSON.parse(await readText(response)) as PolicyDocument };
    },
    replacePolicy: (policy, write) =>
      push(transport, { method: 'PUT', path: '/v1/policy', body: { json: policy } }, write),
    changePolicy: (changes, write) =>
      push(transport, { method: 'PATCH', path: '/v1/policy', body: { lines: changes } }, write),
    providerAddresses: collection(transport, '/v1/provider-addresses'),
    providerRoutes: collection(transport, '/v1/provider-routes'),
    routingDomains: collection(transport, '/v1/routing-domains'),
    routingDomain(id) {
      const path = `/v1/routing-domains/${encodeURIComponent(id)}`;
      return {
        virtualSubnets: collection(transport, `${path}/virtual-subnets`),
        lookupRecords: collection(transport, `${path}/lookup-records`),
        customerRoutes: collection(transport, `${path}/customer-routes`),
        connections: collection(transport, `${path}/connections`),
      };
    },
    trace: (request) =>
      callJson(transport, { method: 'POST', path: '/v1/trace', body: { json: request } }),
    counters: async () => (await get<CountersAnswer>('/v1/counters')).counters,
    events: (events) => followEvents(transport, events),
    async metrics() {
      return readText(await transport.open({ method: 'GET', path: '/metrics' }));
    },
    close: () => transport.close(),
  };
}
