import type { Problem } from '../../src/errors.js';
import type {
  ConnectionRoute,
  NatConnection,
  PortForwardingRule,
} from '../../src/model/connection.js';
import { familyOf, formatIp, parseIp, type IpAddress } from '../../src/net/ip.js';
import { defaultPrefix } from '../../src/net/prefix.js';
import type { NatConnectionDocument } from '../connection-schemas.js';
import { parseCustomerAddress } from './addresses.js';
import type { ConnectionDetails } from './connection-details.js';
import { readText, type Fields } from './reading.js';
import { isObject } from './shape.js';

/** What is a NAT connection's own; undefined where it has no readable external address. */
export function readNatConnection(
  fields: Fields,
  problems: Problem[],
): ConnectionDetails<NatConnection> | undefined {
  const rules = readRules(fields['rules'], problems);
  const externalAddress = readText(
    problems,
    '/externalAddress',
    parseIp,
    fields['externalAddress'],
  );
  return externalAddress === undefined ? undefined : { type: 'nat', externalAddress, rules };
}

/** A NAT connection that names no routes leads everywhere. */
export function defaultNatRoutes(externalAddress: IpAddress): ConnectionRoute[] {
  return [{ destinationPrefix: defaultPrefix(familyOf(externalAddress)), metric: 0 }];
}

function readRules(value: unknown, problems: Problem[]): PortForwardingRule[] {
  const rules: PortForwardingRule[] = [];
  if (!Array.isArray(value)) return rules;
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const rule = item as unknown as RuleDocument;
    const internalAddress = readText(
      problems,
      `/rules/${index}/internalAddress`,
      parseCustomerAddress,
      rule.internalAddress,
    );
    if (internalAddress === undefined) continue;
    const { name, protocol, externalPort, internalPort } = rule;
    rules.push({ name, protocol, externalPort, internalAddress, internalPort });
  }
  return rules;
}

type RuleDocument = NonNullable<NatConnectionDocument['rules']>[number];

export function formatNatConnection(
  connection: NatConnection,
): ConnectionDetails<NatConnectionDocument> {
  return {
    type: 'nat',
    externalAddress: formatIp(connection.externalAddress),
    rules: connection.rules.map((rule) => ({
      ...rule,
      internalAddress: formatIp(rule.internalAddress),
    })),
  };
}
