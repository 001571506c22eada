import { NvgateError } from '../../errors.js';
import { formatIp } from '../../net/ip.js';
import { defaultPrefix, formatPrefix, prefixFamily } from '../../net/prefix.js';
import { objectValue, type Route } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { linuxDevice, namespaceOf, type NetworkContext } from './context.js';
import { EXTERNAL_TABLE, ROUTE_PROTOCOL } from './names.js';
import { readRoutes, type RouteRow } from './read-place.js';
import { kernelMetric, observedRoute, type DeviceNames } from './rows.js';
import { runSuccessfully } from './run.js';
import { GONE, ip, type Step } from './step.js';

/** @throws NvgateError `unknownInterface` */
export function routeSteps(
  context: NetworkContext,
  action: Operation['action'],
  route: Route,
): Step[] {
  const namespace = namespaceOf(context, route.place);
  const text = routeText(context, route);
  if (action === 'remove') return [ip(namespace, `route del ${text}`, GONE)];
  const withMtu = text + mtuText(route);
  // In a routing domain every route is ours, so that whatever is there may be replaced.
  if (action === 'change' || route.place !== 'gateway')
    return [ip(namespace, `route replace ${withMtu}`)];
  return [
    {
      ...ip(namespace, `route add ${withMtu}`),
      onConflict: () => addBeside(context, route, namespace, withMtu),
    },
  ];
}

function routeText(context: NetworkContext, route: Route): string {
  const { destinationPrefix, metric, table, target } = route;
  const prefix = formatPrefix(destinationPrefix);
  const marks = [
    `metric ${kernelMetric(destinationPrefix, metric)} proto ${ROUTE_PROTOCOL}`,
    ...(table === undefined ? [] : [`table ${EXTERNAL_TABLE}`]),
  ].join(' ');
  if (typeof target === 'string') return `${target} ${prefix} ${marks}`;
  if ('via' in target) return `${prefix} via ${formatIp(target.via)} ${marks}`;
  const source = target.source === undefined ? '' : ` src ${formatIp(target.source)}`;
  return `${prefix} dev ${linuxDevice(context, target.device)}${source} ${marks}`;
}

/** Only a locked MTU is told to senders whose packets are forwarded. */
function mtuText({ target }: Route): string {
  return typeof target === 'object' && 'device' in target && target.mtu !== undefined
    ? ` mtu lock ${target.mtu}`
    : '';
}

/**
 * Somebody else's route has the same destination and metric. One that leads the same way is left
 * alone and ours put behind it (IPv4; IPv6 has no room for a second one, and theirs serves).
 * @throws NvgateError `kernelOperationFailed` where it leads another way
 */
async function addBeside(
  context: NetworkContext,
  route: Route,
  namespace: string | undefined,
  text: string,
): Promise<void> {
  const { destinationPrefix, metric, target } = route;
  const family = prefixFamily(destinationPrefix);
  const names: DeviceNames =
    typeof target === 'object' && 'device' in target
      ? new Map([[linuxDevice(context, target.device), target.device]])
      : new Map();
  const sameWay = (row: RouteRow): boolean => {
    const other = observedRoute(route.place, row, names, defaultPrefix(family));
    return other?.metric === metric && objectValue(other) === objectValue(route);
  };
  const rows = await readRoutes(namespace, destinationPrefix);
  if (!rows.some(sameWay))
    throw new NvgateError(
      'kernelOperationFailed',
      `A route to ${formatPrefix(destinationPrefix)} with metric ${metric} is there that nvgate has not made. Remove it, or give this one another metric.`,
    );
  if (family === 4 && !rows.some((row) => row.protocol === String(ROUTE_PROTOCOL) && sameWay(row)))
    await runSuccessfully({ file: 'ip', args: ['route', 'append', ...text.split(' ')] }, namespace);
}
