import { Type } from 'typebox';
import type { Problem } from '../../src/errors.js';
import type { Policy } from '../../src/model/policy.js';
import { providerRouteKey } from '../../src/model/provider-route.js';
import type { RoutingDomain } from '../../src/model/routing-domain.js';
import { PolicySchema, type PolicyDocument } from '../schemas.js';
import { formatProviderAddress, providerAddressReader } from './provider-address.js';
import { formatProviderRoute, readProviderRoute } from './provider-route.js';
import { locator, readList, type Devices, type Reading } from './reading.js';
import { formatRoutingDomain, readRoutingDomain } from './routing-domain.js';
import { isObject, shapeCheck } from './shape.js';

/** A document as the model has it. */
export interface TranslatedPolicy {
  /** What could be read; whole only where there are no problems. */
  readonly policy: Policy;
  /** Everything wrong with single fields, and objects that are there twice. */
  readonly problems: readonly Problem[];
  /** JSON pointer of a model object of `policy` in the document; undefined for any other object. */
  readonly locate: (subject: object) => string | undefined;
}

/** A list whose items are checked one by one as they are read. */
const List = Type.Optional(Type.Array(Type.Unknown()));

const hasShape = shapeCheck(
  Type.Object(
    {
      ...PolicySchema.properties,
      providerAddresses: List,
      providerRoutes: List,
      routingDomains: List,
    },
    { additionalProperties: false },
  ),
);

/**
 * Reads a policy document, a `PolicyDocument` if it is right. Never throws for what the document
 * says: all that is wrong is in `problems`.
 */
export function translatePolicy(document: unknown, devices: Devices): TranslatedPolicy {
  const reading: Reading = { problems: [], lists: [] };
  hasShape(document, reading.problems);
  const fields = isObject(document) ? document : {};
  const policy: Policy = {
    providerAddresses: readList(
      reading,
      '',
      'providerAddresses',
      fields['providerAddresses'],
      providerAddressReader(devices.underlay[0] ?? 'underlay'),
      (record) => record.address,
    ),
    providerRoutes: readList(
      reading,
      '',
      'providerRoutes',
      fields['providerRoutes'],
      readProviderRoute,
      providerRouteKey,
    ),
    routingDomains: readRoutingDomains(reading, fields['routingDomains'], devices),
  };
  return { policy, problems: reading.problems, locate: locator(reading.lists) };
}

function readRoutingDomains(
  reading: Reading,
  values: unknown,
  devices: Devices,
): Policy['routingDomains'] {
  const pointer = '/routingDomains';
  const heads: (object | undefined)[] = [];
  const domains = readList(
    reading,
    '',
    'routingDomains',
    values,
    (value, _problems, index): RoutingDomain | undefined => {
      const domain = readRoutingDomain(reading, `${pointer}/${index}`, value, devices);
      heads.push(domain?.head);
      return domain;
    },
    (domain) => domain.head.id,
  );
  reading.lists.push({ pointer, objects: heads });
  return domains;
}

export function formatPolicy(policy: Policy): PolicyDocument {
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: Array.from(policy.providerAddresses.values(), formatProviderAddress),
    providerRoutes: Array.from(policy.providerRoutes.values(), formatProviderRoute),
    routingDomains: Array.from(policy.routingDomains.values(), formatRoutingDomain),
  };
}
