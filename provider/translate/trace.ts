import type { TraceOutcome, TraceResult } from '../../src/forwarding/trace-result.js';
import { formatIp } from '../../src/net/ip.js';
import { formatMac } from '../../src/net/mac.js';
import { formatPrefix } from '../../src/net/prefix.js';
import type { TraceAnswer } from '../answer-schemas.js';

export function formatTrace({ routingDomain, outcome, steps }: TraceResult): TraceAnswer {
  return {
    routingDomain: routingDomain ?? null,
    outcome: formatOutcome(outcome),
    steps: steps.map(({ name, sentence }) => ({ name, sentence })),
  };
}

function formatOutcome(outcome: TraceOutcome): TraceAnswer['outcome'] {
  const { kind, verdict, sentence } = outcome;
  const base = { kind, verdict, sentence };
  switch (outcome.kind) {
    case 'gateway':
      return { ...base, vsid: outcome.vsid, macAddress: formatMac(outcome.macAddress) };
    case 'tunnel':
      return {
        ...base,
        by: outcome.by,
        vsid: outcome.vsid,
        sourceProviderAddress: formatIp(outcome.sourceProviderAddress),
        providerAddress: formatIp(outcome.providerAddress),
        sourceMac: formatMac(outcome.sourceMac),
        destinationMac: formatMac(outcome.destinationMac),
        underlay: outcome.underlay,
        ...(outcome.pathMtu === undefined ? {} : { pathMtu: outcome.pathMtu }),
      };
    case 'multicast':
      return {
        ...base,
        vsid: outcome.vsid,
        sourceProviderAddress: formatIp(outcome.sourceProviderAddress),
        providerAddresses: outcome.providerAddresses.map(formatIp),
        leftOut: outcome.leftOut,
        sourceMac: formatMac(outcome.sourceMac),
        destinationMac: formatMac(outcome.destinationMac),
        underlay: outcome.underlay,
      };
    case 'connection':
      return {
        ...base,
        connection: outcome.connection.id,
        destinationPrefix: formatPrefix(outcome.route.destinationPrefix),
      };
    case 'dropped':
      return outcome.connection === undefined
        ? base
        : { ...base, connection: outcome.connection.id };
  }
}
