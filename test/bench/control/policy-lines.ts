import type { ChangeDocument } from '../../../provider/change-schemas.js';
import { GATEWAY_MAC, GATEWAY_PA, HOST_PA, OUTSIDE_NETWORK, VM_MAC } from '../topology/plan.js';
import { routingDomainId } from '../topology/nvgate-policy.js';

/*
 * Policies of any size, as NDJSON bodies of PATCH /v1/policy that are ready to send, so that making
 * them takes no part in what is measured.
 */

/** Lines put together, so that a body is written in few pieces. */
const LINES_PER_CHUNK = 1_000;

export type Body = readonly Buffer[];

export function linesOf(changes: Iterable<ChangeDocument>): Body {
  const chunks: Buffer[] = [];
  let lines: string[] = [];
  for (const change of changes) {
    lines.push(JSON.stringify(change));
    if (lines.length < LINES_PER_CHUNK) continue;
    chunks.push(Buffer.from(`${lines.join('\n')}\n`));
    lines = [];
  }
  if (lines.length > 0) chunks.push(Buffer.from(`${lines.join('\n')}\n`));
  return chunks;
}

export const PROVIDER_ADDRESS: ChangeDocument = {
  ...{ op: 'upsert', kind: 'providerAddress' },
  value: { address: GATEWAY_PA, prefixLength: 16 },
};

/** The virtual subnet of a routing domain that has one. */
export function vsidOf(domain: number): number {
  return 10_000 + domain;
}

/** Routing domains with one virtual subnet 10.0.0.0/16 each; number 0 also has the outside. */
export function* domainChanges(domains: number): Generator<ChangeDocument> {
  yield PROVIDER_ADDRESS;
  for (let domain = 0; domain < domains; domain++)
    yield {
      ...{ op: 'upsert', kind: 'routingDomain' },
      value: {
        id: routingDomainId(domain),
        virtualSubnets: [
          { vsid: vsidOf(domain), prefixes: ['10.0.0.0/16'], gateway: { macAddress: GATEWAY_MAC } },
        ],
        connections:
          domain === 0
            ? [{ id: 'corp', type: 'routed', routes: [{ destinationPrefix: OUTSIDE_NETWORK }] }]
            : [],
      },
    };
}

/** The address of record `index` of a routing domain, the first one behind the gateway's own. */
export function recordAddress(index: number): string {
  const number = index + 2;
  return `10.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`;
}

/** The same number of records in each routing domain, on a hundred hosts. */
export function* recordChanges(records: number, domains: number): Generator<ChangeDocument> {
  for (let record = 0; record < records; record++) {
    const domain = record % domains;
    yield recordChange(domain, Math.floor(record / domains), hostOf(record));
  }
}

const HOSTS = 100;

export function hostOf(record: number): string {
  return `10.1.2.${1 + (record % HOSTS)}`;
}

export function recordChange(
  domain: number,
  index: number,
  providerAddress: string,
): ChangeDocument {
  return {
    ...{ op: 'upsert', kind: 'lookupRecord', routingDomainId: routingDomainId(domain) },
    value: {
      ...{ vsid: vsidOf(domain), customerAddress: recordAddress(index) },
      ...{ macAddress: VM_MAC, providerAddress },
    },
  };
}

/** One routing domain with one virtual subnet 10.0.0.0/12, all its records on one host. */
export function* oneDomainChanges(records: number): Generator<ChangeDocument> {
  yield PROVIDER_ADDRESS;
  yield {
    ...{ op: 'upsert', kind: 'routingDomain' },
    value: {
      id: routingDomainId(0),
      virtualSubnets: [
        { vsid: vsidOf(0), prefixes: ['10.0.0.0/12'], gateway: { macAddress: GATEWAY_MAC } },
      ],
      connections: [
        { id: 'corp', type: 'routed', routes: [{ destinationPrefix: OUTSIDE_NETWORK }] },
      ],
    },
  };
  for (let record = 0; record < records; record++) yield recordChange(0, record, HOST_PA);
}

/** VM of each VM network of {@link natChanges}: all have the same address. */
export const NAT_VM = '192.168.1.101';

export function natAddress(network: number): string {
  return `198.18.${4 + (network >> 8)}.${network & 0xff}`;
}

/** VM networks with equal addresses, one VM each, behind an external address of their own. */
export function* natChanges(networks: number): Generator<ChangeDocument> {
  yield PROVIDER_ADDRESS;
  for (let network = 0; network < networks; network++)
    yield {
      ...{ op: 'upsert', kind: 'routingDomain' },
      value: {
        id: routingDomainId(network),
        virtualSubnets: [
          {
            ...{ vsid: vsidOf(network), prefixes: ['192.168.1.0/24'] },
            gateway: { macAddress: GATEWAY_MAC },
          },
        ],
        lookupRecords: [
          {
            ...{ vsid: vsidOf(network), customerAddress: NAT_VM },
            ...{ macAddress: VM_MAC, providerAddress: HOST_PA },
          },
        ],
        connections: [{ id: 'internet', type: 'nat', externalAddress: natAddress(network) }],
      },
    };
}

/** Routing domains with many virtual subnets, one record in each. */
export function* subnetChanges(subnets: number, domains: number): Generator<ChangeDocument> {
  yield PROVIDER_ADDRESS;
  const each = subnets / domains;
  for (let domain = 0; domain < domains; domain++) {
    const vsids = Array.from({ length: each }, (_, index) => 10_000 + domain * each + index);
    yield {
      ...{ op: 'upsert', kind: 'routingDomain' },
      value: {
        id: routingDomainId(domain),
        virtualSubnets: vsids.map((vsid, index) => ({
          vsid,
          prefixes: [`10.${index >> 8}.${index & 0xff}.0/24`],
        })),
        lookupRecords: vsids.map((vsid, index) => ({
          ...{ vsid, customerAddress: `10.${index >> 8}.${index & 0xff}.10` },
          ...{ macAddress: VM_MAC, providerAddress: HOST_PA },
        })),
        connections: [],
      },
    };
  }
}
