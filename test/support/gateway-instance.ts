import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { killAllIn } from './namespace.js';
import { isRunning } from './process-owner.js';

/*
 * A gateway's own namespaces are named after its instance, which has 15 characters at most: the
 * pid of the test process in base 36 and a number.
 */

const NETNS_DIRECTORY = '/run/netns';

/** What the names of all gateways of this process begin with. */
export const OWN_INSTANCES = `nvgt${process.pid.toString(36)}n`;

let serial = 0;
let swept = false;

/** A name for a gateway of this process. What gateways of dead processes left is removed first. */
export function instanceName(): string {
  if (!swept) sweepGatewayNamespaces();
  swept = true;
  return `${OWN_INSTANCES}${(serial += 1)}`;
}

/** Names of the network namespaces that a gateway has made. */
export function gatewayNamespaces(instance: string): string[] {
  return namespaces().filter((name) => name.startsWith(`${instance}-`));
}

/** Removes them, and ends what the gateway has left running in them. */
export function removeNamespaces(instance: string): void {
  for (const name of gatewayNamespaces(instance)) removeNamespace(name);
}

/** Removes the namespaces that gateways of dead processes left. */
export function sweepGatewayNamespaces(): void {
  for (const name of namespaces()) {
    const pid = /^nvgt([0-9a-z]+)n\d+-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number.parseInt(pid, 36))) removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  killAllIn(name);
  spawnSync('ip', ['netns', 'delete', name]);
}

function namespaces(): string[] {
  return existsSync(NETNS_DIRECTORY) ? readdirSync(NETNS_DIRECTORY) : [];
}
