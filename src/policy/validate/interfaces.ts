import type { Connection } from '../../model/connection.js';
import type { PolicyEnvironment } from '../environment.js';

/** Says what is wrong with a device name, if anything is. */
export function interfaceProblem(
  name: string | undefined,
  configured: readonly string[],
  side: 'underlay' | 'external',
): string | undefined {
  if (name === undefined) return `The configuration has no ${side} device; add one there first.`;
  return configured.includes(name)
    ? undefined
    : `The configuration has no ${side} device "${name}"; name one that it has (${configured.join(', ')}) or add it there.`;
}

/** The external device of a connection: the one that it names, else the first configured. */
export function externalInterface(
  connection: Connection,
  environment: PolicyEnvironment,
): string | undefined {
  return connection.interface ?? environment.external[0];
}
