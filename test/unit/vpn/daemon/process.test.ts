import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  findDaemon,
  isRunning,
  outputOf,
  startDaemon,
  stopDaemon,
  type Daemon,
  type DaemonCommand,
} from '../../../../src/vpn/daemon/process.js';
import { createDirectory } from '../../../support/namespace.js';
import { atExit } from '../../../support/process-owner.js';

const running: Daemon[] = [];

afterEach(async () => {
  for (const daemon of running.splice(0)) await stopDaemon(daemon, 0);
});

/** In this process's network namespace where nothing else is said. */
async function start(
  options: Partial<DaemonCommand> = {},
  place: Pick<DaemonCommand, 'networkNamespace'> = { networkNamespace: '/proc/self/ns/net' },
): Promise<[Daemon, string]> {
  const directory = createDirectory('daemon');
  const daemon = await startDaemon({
    ...{ directory, name: 'sleeper', file: '/usr/bin/sleep', args: ['600'] },
    ...place,
    ...options,
  });
  running.push(daemon);
  atExit(() => void stopDaemon(daemon, 0));
  return [daemon, directory];
}

const script = (text: string): Partial<DaemonCommand> => ({ file: '/bin/sh', args: ['-c', text] });

function statusField(pid: number, name: string): string | undefined {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
}

describe('startDaemon', () => {
  it('runs the program in a session of its own, without core dumps', async () => {
    const [{ pid }] = await start();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
    expect(statusField(pid, 'Name')).toBe('sleep');
    expect(Number(stat[5])).toBe(pid);
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +1 +1 /m);
  });

  it('passes on nothing of its own environment', async () => {
    const [{ pid }] = await start({ environment: { STRONGSWAN_CONF: '/x' } });
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(environment.map((line) => line.split('=')[0]).sort()).toEqual(
      ['LC_ALL', 'PATH', 'PWD', 'STRONGSWAN_CONF'].sort(),
    );
  });

  it('makes a network namespace without links where none is named', async () => {
    const [{ pid }] = await start({}, {});
    const own = readlinkSync('/proc/self/ns/net');
    expect(readlinkSync(`/proc/${pid}/ns/net`)).not.toBe(own);
    const devices = readFileSync(`/proc/${pid}/net/dev`, 'utf8').match(/^ *\S+:/gm);
    expect(devices?.map((name) => name.trim())).toEqual(['lo:']);
  });

  it('shows bind mounts to the daemon alone', async () => {
    const source = createDirectory('source');
    const target = createDirectory('target');
    writeFileSync(join(source, 'seen'), '');
    const [{ pid }] = await start({ bindMounts: [{ source, target }] });
    expect(existsSync(`/proc/${pid}/root${join(target, 'seen')}`)).toBe(true);
    expect(existsSync(join(target, 'seen'))).toBe(false);
  });

  it('keeps its files from others', async () => {
    const [, directory] = await start();
    for (const file of ['sleeper.pid', 'sleeper.output'])
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  it('says what a program wrote that did not start', async () => {
    await expect(start({ file: '/nowhere/charon' })).rejects.toThrow(
      /\/nowhere\/charon could not be started: .*No such file/,
    );
    await expect(start({}, { networkNamespace: '/run/netns/nvgt-none' })).rejects.toMatchObject({
      code: 'vpnDaemonFailed',
    });
  });
});

describe('findDaemon', () => {
  it('finds what was started, until it ends', async () => {
    const [daemon, directory] = await start();
    expect(await findDaemon(directory, 'sleeper')).toEqual(daemon);
    process.kill(daemon.pid, 'SIGKILL');
    await expect.poll(() => findDaemon(directory, 'sleeper')).toBeUndefined();
  });

  it('takes no process for the daemon that has its pid, but another start or program', async () => {
    const [{ pid, startTime }, directory] = await start();
    const file = join(directory, 'sleeper.pid');
    for (const text of [
      `${pid} ${startTime + 1} sleep\n`,
      `${pid} ${startTime} charon-systemd\n`,
      `${pid} ${startTime}`,
      '',
    ]) {
      writeFileSync(file, text);
      expect(await findDaemon(directory, 'sleeper')).toBeUndefined();
    }
    writeFileSync(file, `${pid} ${startTime} sleep\n`);
    expect(await findDaemon(directory, 'sleeper')).toEqual({ pid, startTime });
  });

  it('finds nothing where there is no file', async () => {
    expect(await findDaemon('/nowhere', 'sleeper')).toBeUndefined();
  });
});

describe('stopDaemon', () => {
  it('asks first', async () => {
    const said = 'trap "echo asked; exit" TERM; echo ready; while :; do sleep 0.05; done';
    const [daemon, directory] = await start(script(said));
    await expect.poll(() => outputOf(directory, 'sleeper')).toBe('ready');
    await stopDaemon(daemon);
    expect(await isRunning(daemon)).toBe(false);
    expect(await outputOf(directory, 'sleeper')).toBe('ready; asked');
  });

  it('ends what does not listen', async () => {
    const [daemon, directory] = await start(
      script('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    );
    await expect.poll(() => outputOf(directory, 'sleeper')).toBe('ready');
    await stopDaemon(daemon, 100);
    expect(await isRunning(daemon)).toBe(false);
  });

  it('ends what is stopped, and does not mind what has ended', async () => {
    const [daemon] = await start();
    process.kill(daemon.pid, 'SIGSTOP');
    await stopDaemon(daemon, 50);
    await stopDaemon(daemon);
    expect(await isRunning(daemon)).toBe(false);
  });

  it('leaves a later process with the same pid alone', async () => {
    const [daemon] = await start();
    await stopDaemon({ pid: daemon.pid, startTime: daemon.startTime - 1 });
    expect(await isRunning(daemon)).toBe(true);
  });
});
