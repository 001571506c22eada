import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ViciInput } from '../../src/vpn/vici/message.js';
import { listOf, numberOf, sectionOf, sectionsOf, textOf } from '../../src/vpn/vici/read.js';
import { createViciClient, ViciError, type ViciClient } from '../../src/vpn/vici/session.js';
import { startCharon, type Charon } from '../support/charon.js';
import { createDirectory, createNamespace, type Namespace } from '../support/namespace.js';
import { eventually } from '../support/process.js';

/** The VICI client against charon itself, alone in a namespace without any link. */

let namespace: Namespace;
let directory: string;
let charon: Charon;
let client: ViciClient;

beforeAll(async () => {
  namespace = await createNamespace('vici');
  directory = createDirectory('vici');
  charon = await startCharon({ namespace, directory });
  client = createViciClient(charon.socketPath);
});

afterAll(async () => {
  client.close();
  await charon.stop();
  namespace.remove();
  rmSync(directory, { recursive: true, force: true });
});

afterEach(async () => {
  const { conns } = await client.request('get-conns');
  for (const name of conns as readonly string[]) await client.request('unload-conn', { name });
  await client.request('clear-creds');
});

/** From an address that the namespace does not have: nothing is ever sent. */
function unreachablePeer(children: readonly string[] = ['net'], id = 'office.example'): ViciInput {
  return {
    local_addrs: ['192.0.2.1'],
    remote_addrs: ['192.0.2.2'],
    local: { auth: 'psk', id: 'gw.example' },
    remote: { auth: 'psk', id },
    children: Object.fromEntries(
      children.map((name) => [name, { local_ts: ['10.1.0.0/16'], remote_ts: ['10.2.0.0/16'] }]),
    ),
  };
}

describe('questions', () => {
  it('are answered', async () => {
    expect(textOf(await client.request('version'), 'daemon')).toBe('charon-systemd');
    const stats = await client.request('stats');
    expect(listOf(stats, 'plugins')).toContain('vici');
    expect(numberOf(sectionOf(stats, 'ikesas'), 'total')).toBe(0);
    const algorithms = await client.request('get-algorithms');
    expect(sectionOf(algorithms, 'encryption')).toHaveProperty('AES_CBC');
    expect(sectionOf(algorithms, 'ke')).toEqual({});
    expect(sectionOf(algorithms, 'dh')).toHaveProperty('MODP_2048');
  });

  it('that charon does not know are refused', async () => {
    await expect(client.request('make-coffee')).rejects.toThrow(ViciError);
    await expect(client.stream('list-sas', 'coffee')).rejects.toThrow(ViciError);
    expect(await client.request('version')).toHaveProperty('version');
  });

  it('that charon refuses come back with its reason', async () => {
    const wrong = client.request('load-conn', { office: { local_adrs: ['192.0.2.1'] } });
    await expect(wrong).rejects.toMatchObject({
      command: 'load-conn',
      errmsg: 'unknown option: local_adrs, config discarded',
    });
  });

  it('may come many at once', async () => {
    const many = Array.from({ length: 60 }, () => client.stream('list-sas', 'list-sa'));
    const versions = Array.from({ length: 60 }, () => client.request('version'));
    expect(await Promise.all(many)).toEqual(Array.from(many, () => []));
    expect(await Promise.all(versions)).toHaveLength(60);
  });
});

describe('connections', () => {
  it('are loaded, listed and unloaded', async () => {
    await client.request('load-conn', { office: unreachablePeer() });
    const [listed = {}] = await client.stream('list-conns', 'list-conn');
    const office = sectionOf(listed, 'office');
    expect(listOf(office, 'remote_addrs')).toEqual(['192.0.2.2']);
    expect(textOf(sectionOf(office, 'remote-1'), 'id')).toBe('office.example');
    const net = sectionOf(sectionOf(office, 'children'), 'net');
    expect(listOf(net, 'local-ts')).toEqual(['10.1.0.0/16']);
    await client.request('unload-conn', { name: 'office' });
    expect(await client.stream('list-conns', 'list-conn')).toEqual([]);
  });

  it('are listed when there are 200', async () => {
    const names = Array.from({ length: 200 }, (_, n) => `site-${n}`);
    for (const name of names) await client.request('load-conn', { [name]: unreachablePeer() });
    const listed = await client.stream('list-conns', 'list-conn');
    expect(listed.flatMap((message) => Object.keys(message))).toEqual(names);
  });

  it('may be longer than one read', async () => {
    const children = Array.from({ length: 1_500 }, (_, n) => `net-${n}`);
    await client.request('load-conn', { office: unreachablePeer(children) });
    const [listed = {}] = await client.stream('list-conns', 'list-conn');
    const found = sectionsOf(sectionOf(sectionOf(listed, 'office'), 'children'));
    expect(found.map(([name]) => name)).toEqual(children);
  });
});

describe('shared secrets', () => {
  it('are loaded, named and unloaded', async () => {
    const shared = { id: 'office', type: 'IKE', owners: ['office.example'] };
    // Any bytes make a secret.
    await client.request('load-shared', { ...shared, data: Uint8Array.of(0, 255, 128) });
    expect(await client.request('get-shared')).toEqual({ keys: ['office'] });
    await client.request('unload-shared', { id: 'office' });
    expect(await client.request('get-shared')).toEqual({ keys: [] });
  });
});

describe('commands that wait', () => {
  it('fail with what charon has logged', async () => {
    await client.request('load-conn', { office: unreachablePeer() });
    const started = client.run('initiate', { child: 'net' }, { timeoutMs: 200 });
    const error: unknown = await started.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ViciError);
    const { errmsg, log } = error as ViciError;
    expect(errmsg).toBe("CHILD_SA 'net' not established after 200ms");
    expect(log[0]).toMatch(/^initiating IKE_SA office\[\d+\] to 192\.0\.2\.2$/);
    await client.run('terminate', { ike: 'office', force: 'yes' });
  });

  it('hold up no question, and end when another one ends them', async () => {
    await client.request('load-conn', { office: unreachablePeer() });
    const started = client.run('initiate', { child: 'net' }).catch((e: unknown) => e);
    await eventually('an IKE SA', async () => (await client.stream('list-sas', 'list-sa'))[0]);
    const ended = await client.run('terminate', { ike: 'office', force: 'yes' });
    expect(ended.reply).toEqual({ success: 'yes', matches: '1', terminated: '1' });
    expect(ended.log.length).toBeGreaterThan(0);
    expect(await started).toMatchObject({ errmsg: "establishing CHILD_SA 'net' failed" });
  });

  it('leave charon threads for questions, however many there are', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `site-${n}`);
    for (const name of names)
      await client.request('load-conn', { [name]: unreachablePeer([name], name) });
    const started = names.map((child) => client.run('initiate', { child }).catch(() => undefined));
    const sas = await eventually('four IKE SAs', async () => {
      const listed = await client.stream('list-sas', 'list-sa');
      return listed.length >= 4 ? listed : undefined;
    });
    expect(sas).toHaveLength(4);
    expect(await client.request('version')).toHaveProperty('version');
    client.close();
    await Promise.all(started);
    client = createViciClient(charon.socketPath);
    for (const sa of sas)
      for (const ike of Object.keys(sa)) await client.run('terminate', { ike, force: 'yes' });
  });

  it('fail at once where there is nothing to do', async () => {
    await expect(client.run('initiate', { child: 'none' })).rejects.toMatchObject({
      errmsg: "CHILD_SA config 'none' not found",
      log: [],
    });
  });
});

describe('events', () => {
  it('come to who listens', async () => {
    await client.request('load-conn', { office: unreachablePeer() });
    const messages: string[] = [];
    const subscription = await client.listen(
      ['log', 'ike-updown'],
      (event, message) => messages.push(`${event}: ${textOf(message, 'msg') ?? ''}`),
      () => messages.push('closed'),
    );
    await client.run('initiate', { child: 'none' }).catch(() => undefined);
    await eventually('a log event', () =>
      messages.find((line) => /^log: vici initiate .*'none'$/.test(line)),
    );
    subscription.close();
    const told = messages.length;
    await client.run('initiate', { child: 'none' }).catch(() => undefined);
    expect(messages).toHaveLength(told);
  });

  it('end with charon, which is reached again when it is back', async () => {
    let end: (reason: Error | undefined) => void = () => undefined;
    const ended = new Promise<Error | undefined>((resolve) => (end = resolve));
    await client.listen(
      ['log'],
      () => undefined,
      (reason) => end(reason),
    );
    const version = await client.request('version');
    charon.process.signal('SIGKILL');
    expect(await ended).toBeUndefined();
    await expect(client.stream('list-sas', 'list-sa')).rejects.toMatchObject({
      code: 'vpnDaemonFailed',
    });
    charon = await startCharon({ namespace, directory });
    expect(await client.request('version')).toEqual(version);
  });
});
