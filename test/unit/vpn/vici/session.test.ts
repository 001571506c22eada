import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodePacket, type Packet } from '../../../../src/vpn/vici/packet.js';
import { createViciClient, ViciError, type ViciClient } from '../../../../src/vpn/vici/session.js';
import {
  CONFIRM,
  event,
  freshSocketPath,
  response,
  startScriptedDaemon,
  type Caller,
  type Script,
  type ScriptedDaemon,
} from './scripted-daemon.js';

const daemons: ScriptedDaemon[] = [];
const clients: ViciClient[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.close();
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

async function against(script: Script): Promise<{ daemon: ScriptedDaemon; client: ViciClient }> {
  const daemon = await startScriptedDaemon(script);
  daemons.push(daemon);
  return { daemon, client: clientOf(daemon.socketPath) };
}

function clientOf(socketPath: string): ViciClient {
  const client = createViciClient(socketPath);
  clients.push(client);
  return client;
}

/** Confirms registrations and answers each request with the packets given for it. */
function answering(packets: Readonly<Record<string, readonly Packet[]>>): Script {
  return (packet, caller) => {
    if (packet.type === 'register') caller.send(CONFIRM);
    else caller.send(...(packets[packet.name] ?? [response({ to: packet.name })]));
  };
}

const refused = (errmsg?: string): Packet =>
  response({ success: 'no', ...(errmsg === undefined ? {} : { errmsg }) });

describe('request', () => {
  it('answers with the message', async () => {
    const { client } = await against(answering({ version: [response({ version: '5.9.8' })] }));
    expect(await client.request('version')).toEqual({ version: '5.9.8' });
  });

  it('rejects with the words of the daemon', async () => {
    const { client } = await against(
      answering({ 'load-conn': [refused('it is full')], x: [refused()] }),
    );
    const error: unknown = await client.request('load-conn', { a: {} }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ViciError);
    expect(error).toMatchObject({
      code: 'vpnRefused',
      command: 'load-conn',
      errmsg: 'it is full',
      log: [],
      message: 'charon refused load-conn: it is full',
    });
    await expect(client.request('x')).rejects.toThrow('charon refused x: it gives no reason');
  });

  it('rejects a command that the daemon does not know, and goes on', async () => {
    const { client, daemon } = await against(answering({ x: [{ type: 'unknownCommand' }] }));
    await expect(client.request('x')).rejects.toThrow(ViciError);
    await expect(client.request('x')).rejects.toThrow(/it has no command of this name/);
    expect(await client.request('y')).toEqual({ to: 'y' });
    expect(daemon.callers).toHaveLength(1);
  });

  it('rejects an answer that cannot be read, and goes on', async () => {
    const garbled: Packet = { type: 'response', message: Buffer.of(9) };
    const { client } = await against(answering({ x: [garbled] }));
    await expect(client.request('x')).rejects.toMatchObject({ code: 'vpnDaemonFailed' });
    expect(await client.request('y')).toEqual({ to: 'y' });
  });

  it('never repeats the message in an error', async () => {
    const secret = 'correct horse battery staple';
    const secrets = { data: secret, list: [secret], owner: { k: secret } };
    const client = clientOf(freshSocketPath());
    const errors: unknown[] = [];
    const collect = (asked: Promise<unknown>): Promise<unknown> =>
      asked.catch((error: unknown) => errors.push(error));
    await collect(client.request('unreachable', secrets));
    await collect(client.request('too-long', { ...secrets, data: secret.repeat(4_000) }));
    const lists = Array.from({ length: 20 }, (_, n) => [`l${n}`, [secret.repeat(1_000)]]);
    await collect(client.run('too-long-in-all', Object.fromEntries(lists) as typeof secrets));
    const { client: other } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
      else if (packet.name === 'gone') caller.hangUp();
      else if (packet.name === 'unknown') caller.send({ type: 'unknownCommand' });
      else if (packet.name === 'garbled') caller.sendBytes(Buffer.alloc(4));
      else if (packet.name === 'refused') caller.send(refused());
    });
    for (const command of ['gone', 'unknown', 'garbled', 'refused', 'slow'])
      await collect(
        other.request(command, secrets, { timeoutMs: command === 'slow' ? 20 : 9_000 }),
      );
    await collect(other.stream('slow', 'e', secrets, { timeoutMs: 20 }));
    expect(errors).toHaveLength(9);
    for (const error of errors)
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain('correct horse');
  });
});

describe('stream', () => {
  it('gives the messages of the events in order', async () => {
    const { client, daemon } = await against(
      answering({
        'list-sas': [event('list-sa', { a: '1' }), event('list-sa', { b: '2' }), response()],
      }),
    );
    expect(await client.stream('list-sas', 'list-sa')).toEqual([{ a: '1' }, { b: '2' }]);
    await daemon.callers[0]?.gone;
    expect(daemon.heard).toEqual(['1 list-sa', '1 list-sas']);
  });

  it('gives nothing where nothing is listed', async () => {
    const { client } = await against(answering({}));
    expect(await client.stream('list-sas', 'list-sa')).toEqual([]);
  });

  it('rejects what the daemon refuses or does not know', async () => {
    const { client } = await against((packet, caller) => {
      if (packet.name === 'no-event') caller.send({ type: 'unknownEvent' });
      else if (packet.type === 'register') caller.send(CONFIRM);
      else caller.send(event('e', { a: '1' }), refused('not now'));
    });
    await expect(client.stream('list', 'e')).rejects.toThrow('charon refused list: not now');
    await expect(client.stream('list', 'no-event')).rejects.toThrow(
      'charon refused event no-event: it has no event of this name',
    );
  });

  it('rejects a listing that breaks off', async () => {
    const { client } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
      else {
        caller.send(event('e', { a: '1' }));
        caller.hangUp();
      }
    });
    await expect(client.stream('list', 'e')).rejects.toMatchObject({ code: 'vpnDaemonFailed' });
  });

  it('rejects an event that cannot be read', async () => {
    const garbled: Packet = { type: 'event', name: 'e', message: Buffer.of(2) };
    const { client } = await against(answering({ list: [garbled, response()] }));
    await expect(client.stream('list', 'e')).rejects.toThrow(/Malformed VICI message/);
  });

  it('rejects a listing without end before memory does', async () => {
    const large = encodePacket(event('e', { a: 'x'.repeat(65_000), b: 'x'.repeat(65_000) }));
    const { client } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
      else for (let sent = 0; sent < 600; sent += 1) caller.sendBytes(large);
    });
    await expect(client.stream('list', 'e')).rejects.toThrow(/list is longer than 67108864 bytes/);
  });

  it('times out and lets the daemon know', async () => {
    const { client, daemon } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
    });
    await expect(client.stream('list', 'e', {}, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timedOut',
    });
    await daemon.callers[0]?.gone;
  });
});

describe('run', () => {
  it('answers with what the daemon logged', async () => {
    const { client, daemon } = await against(
      answering({
        initiate: [
          event('control-log', { group: 'IKE', level: '1', msg: 'initiating' }),
          event('control-log', { group: 'IKE', level: '1', msg: 'established' }),
          response({ success: 'yes' }),
        ],
      }),
    );
    expect(await client.run('initiate', { child: 'a' })).toEqual({
      reply: { success: 'yes' },
      log: ['initiating', 'established'],
    });
    expect(daemon.heard).toEqual(['1 control-log', '1 initiate']);
  });

  it('rejects with what the daemon logged, the newest lines of it', async () => {
    const lines = Array.from({ length: 1_500 }, (_, n) =>
      event('control-log', { msg: `line ${n}` }),
    );
    const { client } = await against(answering({ initiate: [...lines, refused('failed')] }));
    const error: unknown = await client.run('initiate').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ViciError);
    const { errmsg, log } = error as ViciError;
    expect(errmsg).toBe('failed');
    expect(log).toHaveLength(1_000);
    expect([log[0], log.at(-1)]).toEqual(['line 500', 'line 1499']);
  });

  it('holds up neither requests nor other commands', async () => {
    const waiting: Caller[] = [];
    const { client } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
      else if (packet.name === 'initiate') waiting.push(caller);
      else caller.send(response({ to: packet.name }));
    });
    const runs = [client.run('initiate'), client.run('initiate')];
    expect(await client.stream('list-sas', 'list-sa')).toEqual([]);
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    expect(await client.request('version')).toEqual({ to: 'version' });
    for (const caller of waiting) caller.send(response({ success: 'yes' }));
    expect(await Promise.all(runs)).toEqual([
      { reply: { success: 'yes' }, log: [] },
      { reply: { success: 'yes' }, log: [] },
    ]);
  });

  it('lets four wait at once, and more that do not wait', async () => {
    const waiting: Caller[] = [];
    const { client, daemon } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
      else if (packet.name === 'initiate') waiting.push(caller);
      else caller.send(response());
    });
    const runs = Promise.allSettled(Array.from({ length: 6 }, () => client.run('initiate')));
    await vi.waitFor(() => expect(waiting).toHaveLength(4));
    await client.run('terminate', { timeout: '-1' });
    expect(daemon.callers).toHaveLength(5);
    waiting[0]?.send(refused());
    waiting[1]?.send(response());
    await vi.waitFor(() => expect(waiting).toHaveLength(6));
    for (const caller of waiting.slice(2)) caller.send(response());
    expect((await runs).map(({ status }) => status)).toEqual([
      'rejected',
      ...Array.from({ length: 5 }, () => 'fulfilled'),
    ]);
  });

  it('tells the daemon how long to wait, and waits longer itself', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { client, daemon, asked } = await againstSilent();
    let settled = false;
    const run = client.run('initiate', { child: 'a' }, { timeoutMs: 1_000 }).finally(() => {
      settled = true;
    });
    const rejected = expect(run).rejects.toMatchObject({ code: 'timedOut' });
    expect(await asked).toContain('\x03\x07timeout\0\x041000');
    vi.advanceTimersByTime(5_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    vi.advanceTimersByTime(1);
    await rejected;
    await daemon.callers[0]?.gone;
  });

  it('leaves a waiting time that the message has', async () => {
    const { client, asked } = await againstSilent();
    const run = expect(client.run('initiate', { timeout: '-1' })).rejects.toThrow('closed');
    expect(await asked).toBe('\x03\x07timeout\0\x02-1');
    client.close();
    await run;
  });

  /** A daemon that answers no request, and the first message that it gets. */
  async function againstSilent(): Promise<
    Awaited<ReturnType<typeof against>> & { asked: Promise<string> }
  > {
    let hear: (message: Uint8Array) => void = () => undefined;
    const asked = new Promise<string>((resolve) => {
      hear = (message) => resolve(Buffer.from(message).toString('latin1'));
    });
    const silent = await against((packet, caller) => {
      if (packet.type === 'request') hear(packet.message);
      else caller.send(CONFIRM);
    });
    return { ...silent, asked };
  }
});

describe('close', () => {
  it('rejects all that is under way, and whatever is asked later', async () => {
    const { client, daemon } = await against((packet, caller) => {
      if (packet.type === 'register') caller.send(CONFIRM);
    });
    const ends = vi.fn();
    await client.listen(['log'], () => undefined, ends);
    const runs = Array.from({ length: 6 }, () => client.run('b'));
    const under = [client.request('a'), client.stream('c', 'e'), ...runs];
    const settled = Promise.allSettled(under);
    await vi.waitFor(() => expect(daemon.heard).toHaveLength(12));
    client.close();
    for (const outcome of await settled)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'vpnDaemonFailed' } });
    await Promise.all(daemon.callers.map(({ gone }) => gone));
    expect(ends).not.toHaveBeenCalled();
    const closed = /The VICI client of .* has been closed/;
    await expect(client.request('a')).rejects.toThrow(closed);
    await expect(client.run('b')).rejects.toThrow(closed);
    await expect(client.stream('c', 'e')).rejects.toThrow(closed);
    await expect(client.listen(['e'], () => undefined, ends)).rejects.toThrow(closed);
    expect(daemon.callers).toHaveLength(7);
  });
});
