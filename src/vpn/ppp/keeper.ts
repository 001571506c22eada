import { NvgateError } from '../../errors.js';
import {
  findDaemon,
  outputOf,
  startDaemon,
  stopDaemon,
  type Daemon,
  type DaemonCommand,
} from '../daemon/process.js';
import { backoffMs, type Backoff } from '../strongswan/backoff.js';
import { pppCommand, removeFiles, type PppPlace } from './place.js';

export interface KeeperOptions {
  readonly place: PppPlace;
  /** Of the daemon, within the place. */
  readonly name: string;
  readonly command: Pick<DaemonCommand, 'file' | 'args'>;
  readonly random: () => number;
}

/** Keeps a daemon running. Calls must not overlap. */
export interface Keeper {
  find(): Promise<Daemon | undefined>;
  /**
   * Has the daemon run, as soon as its last end is long enough ago.
   * @param prepare writes what it reads at its start
   * @returns whether it runs, and whether it was this call that has started it
   * @throws NvgateError `vpnDaemonFailed` once for each time that it has ended or did not start
   */
  ensure(prepare: () => Promise<void>): Promise<'running' | 'started' | 'waiting'>;
  stop(): Promise<void>;
}

const RESTART: Backoff = { firstMs: 500, longestMs: 30_000 };
/** Milliseconds of life after which a death counts as the first. */
const LONG_LIFE = 60_000;
/** Milliseconds that a daemon has to say good-bye. */
const PATIENCE = 1_500;

export function createKeeper({ place, name, command, random }: KeeperOptions): Keeper {
  const { directory } = place;
  let seen = false;
  let since = 0;
  let deaths = 0;
  let startAt = 0;

  function died(): void {
    deaths = performance.now() - since > LONG_LIFE ? 1 : deaths + 1;
    startAt = performance.now() + backoffMs(RESTART, deaths, random());
  }

  return {
    find: () => findDaemon(directory, name),
    async ensure(prepare) {
      if ((await findDaemon(directory, name)) !== undefined) {
        seen = true;
        return 'running';
      }
      if (seen) {
        seen = false;
        died();
        const output = await outputOf(directory, name);
        throw new NvgateError(
          'vpnDaemonFailed',
          `${command.file} has ended${output === '' ? '' : ` (${output})`}. It is started again.`,
        );
      }
      if (performance.now() < startAt) return 'waiting';
      since = performance.now();
      try {
        await prepare();
        await startDaemon({ ...pppCommand(place), ...command, name });
      } catch (error) {
        died();
        throw error;
      }
      seen = true;
      return 'started';
    },
    async stop() {
      const daemon = await findDaemon(directory, name);
      if (daemon !== undefined) await stopDaemon(daemon, PATIENCE);
      await removeFiles(directory, [`${name}.pid`, `${name}.output`]);
      seen = false;
      deaths = 0;
      startAt = 0;
    },
  };
}
