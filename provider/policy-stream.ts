import { Readable } from 'node:stream';
import { policyRef } from '../src/model/policy-ref.js';
import type { Policy } from '../src/model/policy.js';
import type { RoutingDomain, RoutingDomainHead } from '../src/model/routing-domain.js';
import { connectionState, type StateContext } from './connection-state.js';
import {
  formatConnection,
  formatCustomerRoute,
  formatLookupRecord,
  formatProviderAddress,
  formatProviderRoute,
  formatRoutingDomainHead,
  formatVirtualSubnet,
} from './translate/index.js';

/** Objects written at once: large enough to be quick, small enough to let others in between. */
const OBJECTS_PER_CHUNK = 500;

/**
 * A policy document as JSON text, piece by piece, each object with its state. The policy is taken
 * as it is at the call: what a push changes while the text is being sent is not seen.
 */
export function streamPolicy(policy: Policy, context: StateContext): Readable {
  return Readable.from(policyText(freezePolicy(policy), context));
}

/** As `streamPolicy`, for one routing domain with all it holds. */
export function streamRoutingDomain(domain: RoutingDomain, context: StateContext): Readable {
  return Readable.from(domainText(freezeDomain(domain), context));
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
  context: StateContext,
): Generator<string, void, undefined> {
  const { status } = context;
  yield '{"apiVersion":"nvgate/v1"';
  yield* listText('providerAddresses', policy.providerAddresses, (record) => ({
    ...formatProviderAddress(record),
    state: status.stateOf(policyRef.providerAddress(record)),
  }));
  yield* listText('providerRoutes', policy.providerRoutes, (route) => ({
    ...formatProviderRoute(route),
    state: status.stateOf(policyRef.providerRoute(route)),
  }));
  yield ',"routingDomains":[';
  for (const [index, domain] of policy.routingDomains.entries()) {
    if (index > 0) yield ',';
    yield* domainText(domain, context);
  }
  yield ']}';
}

function* domainText(
  domain: ReturnType<typeof freezeDomain>,
  context: StateContext,
): Generator<string, void, undefined> {
  const { status } = context;
  const { id } = domain.head;
  yield headText(domain.head, context);
  yield* listText('virtualSubnets', domain.virtualSubnets, (subnet) => ({
    ...formatVirtualSubnet(subnet),
    state: status.stateOf(policyRef.virtualSubnet(id, subnet.vsid)),
  }));
  yield* listText('lookupRecords', domain.lookupRecords, (record) => ({
    ...formatLookupRecord(record),
    state: status.stateOf(policyRef.lookupRecord(id, record)),
  }));
  yield* listText('customerRoutes', domain.customerRoutes, (route) => ({
    ...formatCustomerRoute(route),
    state: status.stateOf(policyRef.customerRoute(id, route)),
  }));
  yield* listText('connections', domain.connections, (connection) => ({
    ...formatConnection(connection),
    state: connectionState(context, id, connection),
  }));
  yield '}';
}

/** The domain's object up to where its lists follow. */
function headText(head: RoutingDomainHead, context: StateContext): string {
  const state = context.status.stateOf(policyRef.routingDomain(head.id));
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
