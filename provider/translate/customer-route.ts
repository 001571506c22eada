import type { Problem } from '../../src/errors.js';
import type { CustomerRoute } from '../../src/model/customer-route.js';
import { Vsid } from '../../src/model/vsid.js';
import { formatIp, parseIp } from '../../src/net/ip.js';
import { formatPrefix, parsePrefix } from '../../src/net/prefix.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { CustomerRouteSchema, type CustomerRouteDocument } from '../schemas.js';
import { readInteger, readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(CustomerRouteSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.customerRoute);

/** What names a customer route within its routing domain. */
export type CustomerRouteIdentity = Omit<CustomerRoute, 'metric'>;

export const readCustomerRoute: NounReader<CustomerRoute> = (value, problems) => {
  const shaped = hasShape(value, problems);
  const identity = readIdentityFields(value, problems);
  if (!shaped || identity === undefined) return undefined;
  return { ...identity, metric: value.metric ?? 0 };
};

export const readCustomerRouteIdentity: NounReader<CustomerRouteIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  return readIdentityFields(value, problems);
};

function readIdentityFields(
  value: unknown,
  problems: Problem[],
): CustomerRouteIdentity | undefined {
  if (!isObject(value)) return undefined;
  const vsid = readInteger(problems, '/vsid', Vsid, value['vsid']);
  const destinationPrefix = readText(
    problems,
    '/destinationPrefix',
    parsePrefix,
    value['destinationPrefix'],
  );
  const nextHop = readText(problems, '/nextHop', parseIp, value['nextHop']);
  if (vsid === undefined || destinationPrefix === undefined || nextHop === undefined)
    return undefined;
  return { vsid, destinationPrefix, nextHop };
}

export function formatCustomerRoute(route: CustomerRoute): CustomerRouteDocument {
  return {
    vsid: route.vsid,
    destinationPrefix: formatPrefix(route.destinationPrefix),
    nextHop: formatIp(route.nextHop),
    metric: route.metric,
  };
}
