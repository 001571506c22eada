import { Readable } from 'node:stream';
import type { ObjectState } from '../src/model/object-state.js';
import { policyRef, type PolicyRef } from '../src/model/policy-ref.js';
import type { Policy } from '../src/model/policy.js';
import type { RoutingDomain, RoutingDomainHead } from '../src/model/routing-domain.js';
import {
  formatConnection,
  formatCustomerRoute,
  formatLookupRecord,
  formatProviderAddress,
  formatProviderRoute,
  formatRoutingDomainHead,
  formatVirtualSubnet,
} from './translate/index.js';

type StateOf = (ref: PolicyRef) => ObjectState;

/** Objects written at once: large enough to be quick, small enough to let others in between. */
const OBJECTS_PER_CHUNK = 500;

/**
 * A policy document as JSON text, piece by piece, each object with its state. The policy is taken
 * as it is at the call: what a push changes while the text is being sent is not seen.
 */
export function streamPolicy(policy: Policy, stateOf: StateOf): Readable {
  return Readable.from(policyText(freezePolicy(policy), stateOf));
}

/** As `streamPolicy`, for one routing domain with all it holds. */
export function streamRoutingDomain(domain: RoutingDomain, stateOf: StateOf): Readable {
  return Readable.from(domainText(freezeDomain(domain), stateOf));
}

/** Objects are replaced and never edited, so a copy of the lists is a copy of the policy. */
function freezePolicy(policy: Policy) {
  return {
    providerAddresses: [...policy.providerAddresses.values()],
    providerRoutes: [...policy.providerRoutes.values()],
    routingDomains: Array.from(policy.routingDomains.values(), freezeDomain),
  };
}

function freezeDomain(domain: RoutingDomain) {
  return {
    head: domain.head,
    virtualSubnets: [...domain.virtualSubnets.values()],
    lookupRecords: [...domain.lookupRecords.values()],
    customerRoutes: [...domain.customerRoutes.values()],
    connections: [...domain.connections.values()],
  };
}

function* policyText(
  policy: ReturnType<typeof freezePolicy>,
  stateOf: StateOf,
): Generator<string, void, undefined> {
  yield '{"apiVersion":"nvgate/v1"';
  yield* listText('providerAddresses', policy.providerAddresses, (record) => ({
    ...formatProviderAddress(record),
    state: stateOf(policyRef.providerAddress(record)),
  }));
  yield* listText('providerRoutes', policy.providerRoutes, (route) => ({
    ...formatProviderRoute(route),
    state: stateOf(policyRef.providerRoute(route)),
  }));
  yield ',"routingDomains":[';
  for (const [index, domain] of policy.routingDomains.entries()) {
    if (index > 0) yield ',';
    yield* domainText(domain, stateOf);
  }
  yield ']}';
}

function* domainText(
  domain: ReturnType<typeof freezeDomain>,
  stateOf: StateOf,
): Generator<string, void, undefined> {
  const { id } = domain.head;
  yield headText(domain.head, stateOf);
  yield* listText('virtualSubnets', domain.virtualSubnets, (subnet) => ({
    ...formatVirtualSubnet(subnet),
    state: stateOf(policyRef.virtualSubnet(id, subnet.vsid)),
  }));
  yield* listText('lookupRecords', domain.lookupRecords, (record) => ({
    ...formatLookupRecord(record),
    state: stateOf(policyRef.lookupRecord(id, record)),
  }));
  yield* listText('customerRoutes', domain.customerRoutes, (route) => ({
    ...formatCustomerRoute(route),
    state: stateOf(policyRef.customerRoute(id, route)),
  }));
  yield* listText('connections', domain.connections, (connection) => ({
    ...formatConnection(connection),
    state: stateOf(policyRef.connection(id, connection.id)),
  }));
  yield '}';
}

/** The domain's object up to where its lists follow. */
function headText(head: RoutingDomainHead, stateOf: StateOf): string {
  const state = stateOf(policyRef.routingDomain(head.id));
  return JSON.stringify({ ...formatRoutingDomainHead(head), state }).slice(0, -1);
}

/** One more field of an object: a list. */
function* listText<T>(
  name: string,
  objects: readonly T[],
  format: (object: T) => object,
): Generator<string, void, undefined> {
  yield `,${JSON.stringify(name)}:[`;
  for (let start = 0; start < objects.length; start += OBJECTS_PER_CHUNK) {
    const chunk = objects.slice(start, start + OBJECTS_PER_CHUNK).map(format);
    yield (start > 0 ? ',' : '') + JSON.stringify(chunk).slice(1, -1);
  }
  yield ']';
}
