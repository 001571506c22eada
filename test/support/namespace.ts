import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type CommandOptions } from './process.js';
import { atExit, isLeftover, OWNER_TAG } from './process-owner.js';

const NETNS_DIRECTORY = '/run/netns';

/** A network namespace of this process. Nothing in it has a link to the machine's own network. */
export interface Namespace {
  readonly label: string;
  readonly name: string;
  readonly path: string;
  /** Kills what runs in it and removes it with its devices. Twice is fine. */
  remove(): void;
}

let swept = false;
let serial = 0;

/**
 * Makes a namespace `nvgt-<pid>-<start>-<n>-<label>` with `lo` up, no IPv6 duplicate address
 * detection (addresses work at once) and no router solicitations (captures stay quiet). It is
 * removed at the latest when this process ends.
 */
export async function createNamespace(label: string): Promise<Namespace> {
  if (!swept) sweepLeftovers();
  swept = true;
  const name = `${OWNER_TAG}-${(serial += 1)}-${label}`;
  const forget = atExit(() => removeByName(name));
  const remove = (): void => {
    removeByName(name);
    forget();
  };
  const namespace: Namespace = { label, name, path: join(NETNS_DIRECTORY, name), remove };
  await run('ip', ['netns', 'add', name]);
  await setSysctls(namespace, {
    'net/ipv6/conf/default/accept_dad': '0',
    'net/ipv6/conf/default/accept_ra': '0',
    'net/ipv6/conf/default/router_solicitations': '0',
  });
  await ip(namespace, 'link set lo up');
  return namespace;
}

/** A namespace that something else made and owns (the gateway's routing domains for example). */
export function foreignNamespace(name: string): Namespace {
  return { label: name, name, path: join(NETNS_DIRECTORY, name), remove: () => undefined };
}

/** Runs `ip` commands in the namespace, one a line, in one process. Stops at the first failure. */
export async function ip(namespace: Namespace, ...commands: readonly string[]): Promise<string> {
  return run('ip', ['-n', namespace.name, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/** What `ip -json …` answers in the namespace. */
export async function ipJson(namespace: Namespace, ...args: readonly string[]): Promise<unknown> {
  return JSON.parse((await run('ip', ['-n', namespace.name, '-json', ...args])) || '[]') as unknown;
}

/** Runs a command in the namespace and answers with its standard output. */
export function runIn(
  namespace: Namespace,
  command: string,
  args: readonly string[],
  options: Omit<CommandOptions, 'namespace'> = {},
): Promise<string> {
  return run(command, args, { ...options, namespace });
}

/** Sets sysctls of the namespace; the names are paths below /proc/sys. */
export async function setSysctls(
  namespace: Namespace,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const script = Object.entries(values).map(([name, value]) => `echo ${value} > /proc/sys/${name}`);
  await run('nsenter', [`--net=${namespace.path}`, 'sh', '-ec', script.join('\n')]);
}

/** A directory for files of this process, removed when it ends. The path is short: sockets go in. */
export function createDirectory(label: string): string {
  const directory = mkdtempSync(join(tmpdir(), `${OWNER_TAG}-${label}-`));
  atExit(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Removes namespaces, processes and directories of test processes that did not end well. */
export function sweepLeftovers(): void {
  if (existsSync(NETNS_DIRECTORY))
    for (const name of readdirSync(NETNS_DIRECTORY).filter(isLeftover)) removeByName(name);
  for (const name of readdirSync(tmpdir()).filter(isLeftover))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

/** Synchronous, because it also runs while the process exits. */
function removeByName(name: string): void {
  if (!existsSync(join(NETNS_DIRECTORY, name))) return;
  killAllIn(name);
  spawnSync('ip', ['netns', 'delete', name]);
}

/** Ends every process in the namespace but this one. Synchronous, for the same reason. */
export function killAllIn(name: string): void {
  for (const pid of pidsIn(name)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Kills the processes in the namespace that run one of the programs. */
export function killAllNamed(name: string, programs: readonly string[]): void {
  for (const pid of pidsIn(name))
    try {
      const program = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      if (programs.includes(program)) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
}

function pidsIn(name: string): number[] {
  const listed = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  return listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .filter((pid) => pid !== process.pid);
}
