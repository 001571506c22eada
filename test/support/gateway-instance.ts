import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/*
 * A gateway's own namespaces are named after its instance, which has 15 characters at most: the
 * pid of the test process in base 36 and a number.
 */

const NETNS_DIRECTORY = '/run/netns';

let serial = 0;
let swept = false;

/** A name for a gateway of this process. What gateways of dead processes left is removed first. */
export function instanceName(): string {
  if (!swept) sweepLeftovers();
  swept = true;
  return `nvgt${process.pid.toString(36)}n${(serial += 1)}`;
}

/** Names of the network namespaces that a gateway has made. */
export function gatewayNamespaces(instance: string): string[] {
  return namespaces().filter((name) => name.startsWith(`${instance}-`));
}

export function removeNamespaces(instance: string): void {
  for (const name of gatewayNamespaces(instance)) spawnSync('ip', ['netns', 'delete', name]);
}

function sweepLeftovers(): void {
  for (const name of namespaces()) {
    const pid = /^nvgt([0-9a-z]+)n\d+-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${Number.parseInt(pid, 36)}`))
      spawnSync('ip', ['netns', 'delete', name]);
  }
}

function namespaces(): string[] {
  return existsSync(NETNS_DIRECTORY) ? readdirSync(NETNS_DIRECTORY) : [];
}
