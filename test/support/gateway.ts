import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { PolicyDocument } from '../../provider/schemas.js';
import { mountBpf } from './bpf-mount.js';
import { instanceName, removeNamespaces } from './gateway-instance.js';
import { createDirectory, type Namespace } from './namespace.js';
import { patience } from './patience.js';
import { start, tryRun, type Background, type CommandResult } from './process.js';
import { atExit } from './process-owner.js';

/** nvgate itself, as an operator runs it: the built daemon and the built CLI. */
export interface Gateway {
  readonly instance: string;
  readonly configFile: string;
  readonly stateDirectory: string;
  /**
   * Starts the daemon, with these variables besides, and waits until it answers.
   * @param main of another build (`gateway-build.ts`)
   */
  start(env?: Readonly<Record<string, string>>, main?: string): Promise<void>;
  /** Ends the daemon; what it made in the kernel stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Runs the CLI beside the daemon, whatever its exit status. */
  cli(args: readonly string[], input?: string): Promise<CommandResult>;
  /** Runs the CLI and answers with its standard output. Rejects when it fails. */
  nvgate(args: readonly string[], input?: string): Promise<string>;
  /** Pushes a whole policy and waits until the kernel has it. */
  apply(policy: PolicyDocument): Promise<void>;
  /** What the daemon has logged so far. */
  log(): string;
  /** pid of the running daemon. */
  pid(): number;
  /** Ends the daemon and removes everything of it from the machine. */
  remove(): Promise<void>;
}

const MAIN = resolve('dist/src/cli/main.js');

/** Verbs that do not call the API. */
const isLocalVerb = (argument: string): boolean =>
  ['backup', 'capture', 'restore', 'validate'].includes(argument);

/**
 * @param settings keys of the configuration file that differ from the defaults
 */
export function createGateway(
  namespace: Namespace,
  settings: Readonly<Record<string, unknown>> = {},
): Gateway {
  const instance = instanceName();
  const directory = createDirectory('gateway');
  const mount = mountBpf();
  const stateDirectory = join(directory, 'state');
  const runDirectory = join(directory, 'run');
  const configFile = join(directory, 'nvgate.yaml');
  writeFileSync(
    configFile,
    stringify({
      ...{ instance, stateDirectory, runDirectory, bpfDirectory: mount.path },
      // Tests look at the order of packets, of different flows too.
      ...{ receiveSteering: 'never', ...settings },
    }),
  );
  const forget = atExit(() => removeNamespaces(instance));
  let daemon: Background | undefined;
  const logs: string[] = [];

  // What a verb that calls the API looks up in the configuration, which is most of its work.
  const direct = [
    ...['--url', 'https://127.0.0.1:7637', '--token-file', join(stateDirectory, 'token')],
    ...['--ca', join(stateDirectory, 'tls', 'cert.pem'), '--timeout', String(patience(30))],
  ];

  const cli = (args: readonly string[], input?: string): Promise<CommandResult> =>
    tryRun(
      process.execPath,
      [MAIN, ...(args.some(isLocalVerb) ? ['--config', configFile] : direct), ...args],
      { namespace, ...(input === undefined ? {} : { input }), timeout: 120_000 },
    );

  async function nvgate(args: readonly string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await cli(args, input);
    if (status !== 0) throw new Error(`nvgate ${args.join(' ')} (${status}): ${stderr}`);
    return stdout;
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await daemon?.stop(signal);
    if (daemon !== undefined) logs.push(daemon.stdout() + daemon.stderr());
    daemon = undefined;
  }

  return {
    instance,
    configFile,
    stateDirectory,
    async start(env = {}, main = MAIN) {
      daemon = start(process.execPath, [main, 'run', '--config', configFile], { namespace, env });
      // Not by the CLI: one that finds nobody takes longer than the daemon needs to start.
      await daemon.until((self) => self.stderr().includes('nvgate serves'), 30_000);
    },
    stop,
    cli,
    nvgate,
    async apply(policy) {
      await nvgate(['apply', '-f', '-', '--replace', '--wait'], JSON.stringify(policy));
    },
    log: () => logs.join('') + (daemon === undefined ? '' : daemon.stdout() + daemon.stderr()),
    pid: () => daemon?.pid ?? -1,
    async remove() {
      await stop();
      removeNamespaces(instance);
      mount.remove();
      forget();
    },
  };
}
