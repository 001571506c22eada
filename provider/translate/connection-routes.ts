import type { Problem } from '../../src/errors.js';
import type { ConnectionRoute } from '../../src/model/connection.js';
import { formatPrefix, parsePrefix } from '../../src/net/prefix.js';
import type { ConnectionDocument } from '../schemas.js';
import { readText } from './reading.js';
import { isObject } from './shape.js';

/** @param value of the field `routes` of a connection */
export function readConnectionRoutes(value: unknown, problems: Problem[]): ConnectionRoute[] {
  const routes = new Map<string, ConnectionRoute>();
  if (!Array.isArray(value)) return [];
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const path = `/routes/${index}`;
    const { destinationPrefix: text, metric } = item as {
      destinationPrefix?: unknown;
      metric?: unknown;
    };
    const destinationPrefix = readText(problems, `${path}/destinationPrefix`, parsePrefix, text);
    if (destinationPrefix === undefined) continue;
    const key = formatPrefix(destinationPrefix);
    if (routes.has(key))
      problems.push({
        path,
        code: 'duplicate',
        message: `The connection has a route for ${key} already. Leave one of them out.`,
      });
    routes.set(key, { destinationPrefix, metric: typeof metric === 'number' ? metric : 0 });
  }
  return [...routes.values()];
}

export function formatConnectionRoutes(
  routes: readonly ConnectionRoute[],
): NonNullable<ConnectionDocument['routes']> {
  return routes.map((route) => ({
    destinationPrefix: formatPrefix(route.destinationPrefix),
    metric: route.metric,
  }));
}
