import type { Problem } from '../../src/errors.js';
import type { ProviderRoute } from '../../src/model/provider-route.js';
import { formatIp, parseIpv4 } from '../../src/net/ip.js';
import { formatPrefix, parsePrefix } from '../../src/net/prefix.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { ProviderRouteSchema, type ProviderRouteDocument } from '../schemas.js';
import { readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(ProviderRouteSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.providerRoute);

/** What names a provider route. */
export type ProviderRouteIdentity = Pick<ProviderRoute, 'destinationPrefix' | 'nextHop'>;

export const readProviderRoute: NounReader<ProviderRoute> = (value, problems) => {
  const shaped = hasShape(value, problems);
  const identity = readIdentityFields(value, problems);
  if (!shaped || identity === undefined) return undefined;
  return { ...identity, metric: value.metric ?? 0 };
};

export const readProviderRouteIdentity: NounReader<ProviderRouteIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  return readIdentityFields(value, problems);
};

function readIdentityFields(
  value: unknown,
  problems: Problem[],
): ProviderRouteIdentity | undefined {
  if (!isObject(value)) return undefined;
  const destinationPrefix = readText(
    problems,
    '/destinationPrefix',
    parsePrefix,
    value['destinationPrefix'],
  );
  const nextHop = readText(problems, '/nextHop', parseIpv4, value['nextHop']);
  if (destinationPrefix === undefined || nextHop === undefined) return undefined;
  return { destinationPrefix, nextHop };
}

export function formatProviderRoute(route: ProviderRoute): ProviderRouteDocument {
  return {
    destinationPrefix: formatPrefix(route.destinationPrefix),
    nextHop: formatIp(route.nextHop),
    metric: route.metric,
  };
}
