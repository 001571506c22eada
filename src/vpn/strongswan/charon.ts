import { constants } from 'node:fs';
import { access, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, NvgateError } from '../../errors.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import {
  findDaemon,
  isRunning,
  outputOf,
  startDaemon,
  stopDaemon,
  type Daemon,
} from '../daemon/process.js';
import { strongswanConf } from '../ike/strongswan-conf.js';
import { createViciClient, type ViciClient } from '../vici/session.js';
import { makeDirectory } from './directory.js';

const PROGRAM = '/usr/sbin/charon-systemd';
const NAME = 'charon';

/** Where a charon lives. */
export interface CharonPlace {
  /** Of its own; made 0700 where it is not there. */
  readonly directory: string;
  /** Path of the network namespace; absent = a new one, without links. */
  readonly networkNamespace?: string;
  readonly dataPath: IpsecDataPath;
}

/** A charon that runs. */
export interface Charon {
  readonly daemon: Daemon;
  readonly vici: ViciClient;
}

/** A user-space charon has made its device when it answers. */
export const USER_SPACE_DEVICE = 'ipsec0';

/** Milliseconds until a started charon has to answer. */
const START_TIMEOUT = 15_000;
const LOOK_INTERVAL = 20;

/** Why there can be no charon; undefined where there can. */
export async function missingProgram(): Promise<string | undefined> {
  try {
    await access(PROGRAM, constants.X_OK);
    return undefined;
  } catch {
    return `${PROGRAM} is not there. Install the package charon-systemd.`;
  }
}

/**
 * Starts a charon and waits until it answers.
 * @throws NvgateError `vpnDaemonFailed`
 */
export async function startCharon(place: CharonPlace): Promise<Charon> {
  const missing = await missingProgram();
  if (missing !== undefined) throw new NvgateError('vpnDaemonFailed', missing);
  const { directory, networkNamespace } = place;
  const configuration = join(directory, 'strongswan.conf');
  await makeDirectory(directory);
  await rm(socketIn(directory), { force: true });
  await writeFile(configuration, confText(place), { mode: 0o600 });
  const daemon = await startDaemon({
    directory,
    name: NAME,
    file: PROGRAM,
    args: [],
    environment: { STRONGSWAN_CONF: configuration },
    ...(networkNamespace === undefined ? {} : { networkNamespace }),
  });
  const vici = createViciClient(socketIn(directory));
  try {
    await answers(vici, daemon, directory);
    return { daemon, vici };
  } catch (error) {
    vici.close();
    await stopDaemon(daemon, 0);
    throw error;
  }
}

/** The charon that an earlier process has started there. Whether it answers is not asked. */
export async function findCharon(directory: string): Promise<Charon | undefined> {
  const daemon = await findDaemon(directory, NAME);
  return daemon && { daemon, vici: createViciClient(socketIn(directory)) };
}

/**
 * Why a charon that runs cannot serve that place any more: its namespace has been made anew, or it
 * was started with other settings. undefined where it can.
 */
export async function unfitFor(charon: Charon, place: CharonPlace): Promise<string | undefined> {
  const { directory, networkNamespace } = place;
  if (networkNamespace !== undefined) {
    const [its, wanted] = await Promise.all([
      identityOf(`/proc/${charon.daemon.pid}/ns/net`),
      identityOf(networkNamespace),
    ]);
    if (its !== wanted) return 'it runs in another network namespace';
  }
  const started = await readFile(join(directory, 'strongswan.conf'), 'utf8').catch(() => '');
  return started === confText(place) ? undefined : 'it was started with other settings';
}

/** Ends it; peers are told. @param patience milliseconds; 0 = at once, and nobody is told */
export async function stopCharon(charon: Charon, patience = 5_000): Promise<void> {
  charon.vici.close();
  await stopDaemon(charon.daemon, patience);
}

async function answers(vici: ViciClient, daemon: Daemon, directory: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT;
  for (;;) {
    try {
      await vici.request('version', {}, { timeoutMs: 5_000 });
      return;
    } catch (error) {
      if (!(await isRunning(daemon)))
        throw new NvgateError(
          'vpnDaemonFailed',
          `charon ended while it started: ${(await outputOf(directory, NAME)) || 'it did not say why'}`,
        );
      if (performance.now() > end)
        throw new NvgateError(
          'vpnDaemonFailed',
          `charon does not answer ${START_TIMEOUT / 1000} s after its start: ${messageOf(error)}`,
        );
      await sleep(LOOK_INTERVAL);
    }
  }
}

function socketIn(directory: string): string {
  return join(directory, 'charon.vici');
}

function confText({ dataPath, directory }: CharonPlace): string {
  return strongswanConf({ dataPath, directory });
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
