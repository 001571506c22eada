import { messageOf } from '../../errors.js';
import { isRunning } from '../daemon/process.js';
import type { ViciClient } from '../vici/session.js';
import type { ViciSection } from '../vici/message.js';
import { backoffMs, type Backoff } from './backoff.js';
import {
  findCharon,
  startCharon,
  stopCharon,
  unfitFor,
  type Charon,
  type CharonPlace,
} from './charon.js';
import type { VpnLog } from './log.js';
import type { Gate } from './pace.js';

export interface SupervisorOptions {
  readonly place: CharonPlace;
  /** All charons of the gateway start through it. */
  readonly startGate: Gate;
  /** Called when a user-space charon has made its device, before it has any SA. */
  readonly prepareDevice: () => Promise<void>;
  readonly random: () => number;
  readonly log: VpnLog;
  onEvent(event: string, message: ViciSection): void;
  /**
   * The charon has gone, or was ended because it did not answer.
   * @param inARow how often that was now, without a minute of life in between
   */
  onLost(reason: string, inARow: number): void;
  /** It is time to `ensure` again. */
  onRevive(): void;
}

/** Keeps the one charon of a routing domain alive. Calls must not overlap. */
export interface Supervisor {
  /** The charon that runs, if any. */
  vici(): ViciClient | undefined;
  /** Takes over what an earlier process has left. */
  adopt(): Promise<void>;
  /**
   * Starts a charon where none runs that fits. After a failure `onRevive` comes.
   * @throws NvgateError `vpnDaemonFailed`
   */
  ensure(): Promise<ViciClient>;
  /** Ends the charon, for good. */
  stop(): Promise<void>;
  /** The charon has answered. */
  answered(): Promise<void>;
  /** The charon has not answered in time. One that keeps silent is ended. */
  missed(error: unknown): Promise<void>;
  close(): void;
}

const EVENTS = ['log', 'ike-updown', 'child-updown', 'ike-rekey', 'child-rekey', 'ike-update'];
const RESTART: Backoff = { firstMs: 250, longestMs: 30_000 };
/** Milliseconds of life after which a death counts as the first. */
const LONG_LIFE = 60_000;
const MOST_MISSES = 3;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { place, log } = options;
  let charon: Charon | undefined;
  let watch: { close(): void } | undefined;
  let since = 0;
  let deaths = 0;
  let misses = 0;
  let revival: NodeJS.Timeout | undefined;
  let closed = false;

  function drop(): void {
    watch?.close();
    charon?.vici.close();
    watch = undefined;
    charon = undefined;
    misses = 0;
  }

  function reviveLater(): void {
    clearTimeout(revival);
    if (closed) return;
    const delay = backoffMs(RESTART, deaths, options.random());
    revival = setTimeout(() => options.onRevive(), delay).unref();
  }

  function lost(reason: string): void {
    drop();
    deaths = performance.now() - since > LONG_LIFE ? 1 : deaths + 1;
    log.warn({ reason, inARow: deaths }, 'charon is lost');
    options.onLost(reason, deaths);
    reviveLater();
  }

  async function listen(found: Charon): Promise<void> {
    if (watch !== undefined) return;
    watch = await found.vici.listen(
      EVENTS,
      (event, message) => options.onEvent(event, message),
      () => {
        watch = undefined;
        void ended(found);
      },
    );
  }

  /** The event socket was closed: by a charon that ends, as a rule. */
  async function ended(found: Charon): Promise<void> {
    // The socket is closed a moment before the process is gone.
    for (let look = 0; look < 20 && (await isRunning(found.daemon)); look += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    if (charon === found && !closed && !(await isRunning(found.daemon))) lost('it has ended');
  }

  async function take(found: Charon): Promise<ViciClient> {
    charon = found;
    misses = 0;
    since = performance.now();
    await listen(found);
    return found.vici;
  }

  async function start(): Promise<ViciClient> {
    const found = await startCharon(place);
    try {
      if (place.dataPath === 'userSpace') await options.prepareDevice();
      return await take(found);
    } catch (error) {
      drop();
      await stopCharon(found, 0);
      throw error;
    }
  }

  return {
    vici: () => charon?.vici,
    async adopt() {
      const found = await findCharon(place.directory);
      if (found !== undefined) await take(found);
    },
    async ensure() {
      clearTimeout(revival);
      if (charon !== undefined) {
        const old = charon;
        const unfit = (await isRunning(old.daemon)) ? await unfitFor(old, place) : 'it has ended';
        if (unfit === undefined) return old.vici;
        log.warn({ reason: unfit }, 'charon is restarted');
        drop();
        await stopCharon(old);
        options.onLost(unfit, 1);
      }
      try {
        return await options.startGate(start);
      } catch (error) {
        deaths += 1;
        reviveLater();
        throw error;
      }
    },
    async stop() {
      clearTimeout(revival);
      const old = charon ?? (await findCharon(place.directory));
      drop();
      if (old !== undefined) await stopCharon(old);
      deaths = 0;
    },
    async answered() {
      misses = 0;
      if (charon !== undefined) await listen(charon);
    },
    async missed(error) {
      if (charon === undefined || closed) return;
      const old = charon;
      if (!(await isRunning(old.daemon))) {
        lost('it has ended');
        return;
      }
      misses += 1;
      log.warn({ misses, reason: messageOf(error) }, 'charon does not answer');
      if (misses < MOST_MISSES) return;
      drop();
      await stopCharon(old, 0);
      lost(`it did not answer ${MOST_MISSES} times: ${messageOf(error)}`);
    },
    close() {
      closed = true;
      clearTimeout(revival);
      drop();
    },
  };
}
