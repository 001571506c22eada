import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createDirectory, runIn, type Namespace } from './namespace.js';
import { confText, strongswanConf, type ConfSection, type PeerEsp } from './office-conf.js';
import { parseSas, type PeerIkeSa } from './office-sas.js';
import { eventually, start, tryRun, type Background, type CommandResult } from './process.js';

/** What a peer is told: swanctl.conf, and the files that it names. */
export interface PeerConfiguration {
  /** The sections of swanctl.conf(5): connections, secrets, pools … */
  readonly swanctl: ConfSection;
  /** Content by path below the swanctl directory: `x509/office.pem`, `private/office.pem` … */
  readonly files?: Readonly<Record<string, string>>;
}

/** An independent strongSwan, set up with files of its own. */
export interface PeerCharon {
  /** Starts the daemon; it has the last configuration that was loaded, if any. */
  start(): Promise<void>;
  /** Ends it in order: it tells its peers. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Replaces the configuration and lets the running daemon load it. */
  load(configuration: PeerConfiguration): Promise<void>;
  initiate(child: string): Promise<void>;
  /** Ends all IKE SAs of a connection. */
  terminate(connection: string): Promise<void>;
  rekeyIke(connection: string): Promise<void>;
  rekeyChild(child: string): Promise<void>;
  sas(): Promise<PeerIkeSa[]>;
  /** The configuration commands of swanctl, whatever their exit status. */
  swanctl(...args: readonly string[]): Promise<CommandResult>;
  /** What it has logged since it was made. */
  log(): string;
  pid(): number;
}

/**
 * A `charon-systemd` in the namespace with a directory of its own. It is not started yet.
 * @param settings of strongswan.conf's main section
 */
export function createPeerCharon(
  namespace: Namespace,
  esp: PeerEsp,
  settings: ConfSection = {},
): PeerCharon {
  const directory = createDirectory('charon');
  const vici = join(directory, 'vici');
  const logFile = join(directory, 'log');
  const swanctlDirectory = join(directory, 'swanctl');
  const confFile = join(directory, 'strongswan.conf');
  writeFileSync(confFile, strongswanConf({ vici, log: logFile }, esp, settings));
  const env = { STRONGSWAN_CONF: confFile, SWANCTL_DIR: swanctlDirectory };
  let daemon: Background | undefined;

  const swanctl = (...args: readonly string[]): Promise<CommandResult> =>
    tryRun('swanctl', [...args, '--uri', `unix://${vici}`], { namespace, env });
  const swanctlDone = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await swanctl(...args);
    if (status !== 0)
      throw new Error(`swanctl ${args.join(' ')} (${status}): ${stderr.trim()} ${stdout.trim()}`);
    return stdout;
  };
  const loadAll = () => swanctlDone('--load-all', '--noprompt', '--clear');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await daemon?.stop(signal);
    daemon = undefined;
    rmSync(vici, { force: true });
  };

  return {
    async start() {
      daemon = start('/usr/sbin/charon-systemd', [], { namespace, env });
      const running = daemon;
      let ended = false;
      void running.ended.then(() => (ended = true));
      await eventually(
        'the peer’s charon listens',
        () => {
          if (ended) throw new Error(`The peer’s charon ended: ${running.stderr()}`);
          return existsSync(vici) || undefined;
        },
        30_000,
      );
      if (existsSync(swanctlDirectory)) await loadAll();
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async load(configuration) {
      writeSwanctlDirectory(swanctlDirectory, configuration);
      if (daemon !== undefined) await loadAll();
    },
    async initiate(child) {
      await swanctlDone('--initiate', '--child', child, '--timeout', '20');
    },
    async terminate(connection) {
      await swanctlDone('--terminate', '--ike', connection, '--timeout', '10');
    },
    async rekeyIke(connection) {
      await swanctlDone('--rekey', '--ike', connection);
    },
    async rekeyChild(child) {
      await swanctlDone('--rekey', '--child', child);
    },
    sas: async () => parseSas(await swanctlDone('--list-sas', '--raw', '--pretty')),
    swanctl,
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    pid: () => daemon?.pid ?? -1,
  };
}

function writeSwanctlDirectory(directory: string, configuration: PeerConfiguration): void {
  const { swanctl, files = {} } = configuration;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, 'swanctl.conf'), confText(swanctl));
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, 0o600);
  }
}

export async function kernelHasEsp(namespace: Namespace): Promise<boolean> {
  const spi = ['src', '127.0.0.1', 'dst', '127.0.0.2', 'proto', 'esp', 'spi', '0x1000'];
  const { status } = await tryRun('ip', [
    ...['-n', namespace.name, 'xfrm', 'state', 'add', ...spi, 'mode', 'tunnel'],
    ...['aead', 'rfc4106(gcm(aes))', `0x${'00'.repeat(20)}`, '128'],
  ]);
  if (status === 0) await runIn(namespace, 'ip', ['xfrm', 'state', 'delete', ...spi]);
  return status === 0;
}
