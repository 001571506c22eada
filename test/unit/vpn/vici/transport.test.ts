import { afterEach, describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../../src/vpn/vici/message.js';
import { encodePacket } from '../../../../src/vpn/vici/packet.js';
import { createTransport, type Transport } from '../../../../src/vpn/vici/transport.js';
import {
  CONFIRM,
  event,
  freshSocketPath,
  response,
  startScriptedDaemon,
  type Script,
  type ScriptedDaemon,
} from './scripted-daemon.js';

const LONG = 30_000;
const SHORT = 20;
const NOTHING = Buffer.alloc(0);

const daemons: ScriptedDaemon[] = [];
const transports: Transport[] = [];

afterEach(async () => {
  for (const transport of transports.splice(0)) transport.close();
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

async function against(
  script: Script,
  socketPath?: string,
): Promise<{
  daemon: ScriptedDaemon;
  ask: (name: string, timeoutMs?: number) => Promise<unknown>;
}> {
  const daemon = await startScriptedDaemon(script, socketPath);
  daemons.push(daemon);
  return { daemon, ask: asking(daemon.socketPath).ask };
}

function asking(socketPath: string): {
  transport: Transport;
  ask: (name: string, timeoutMs?: number) => Promise<unknown>;
} {
  const transport = createTransport(socketPath);
  transports.push(transport);
  return {
    transport,
    ask: async (name, timeoutMs = LONG) =>
      decodeMessage(await transport.request(name, NOTHING, timeoutMs)),
  };
}

const daemonFailed = (message: RegExp): unknown =>
  expect.objectContaining({
    code: 'vpnDaemonFailed',
    message: expect.stringMatching(message) as unknown,
  });

/** Answers each request with its name. */
const echo: Script = (packet, caller) => caller.send(response({ to: packet.name }));

describe('createTransport', () => {
  it('asks one thing at a time, over one connection', async () => {
    let open = 0;
    const { daemon, ask } = await against((packet, caller) => {
      open += 1;
      setImmediate(() => {
        caller.send(response({ to: packet.name, open: String(open) }));
        open -= 1;
      });
    });
    const names = Array.from({ length: 20 }, (_, index) => `q${index}`);
    expect(await Promise.all(names.map((name) => ask(name)))).toEqual(
      names.map((to) => ({ to, open: '1' })),
    );
    expect(daemon.callers).toHaveLength(1);
  });

  it('reads an answer that comes byte by byte', async () => {
    const { ask } = await against((packet, caller) => {
      for (const byte of encodePacket(response({ to: packet.name })))
        caller.sendBytes(Uint8Array.of(byte));
    });
    expect(await ask('q')).toEqual({ to: 'q' });
  });

  it('never takes a late answer for that to the next request', async () => {
    const { daemon, ask } = await against((packet, caller) => {
      if (packet.name === 'slow') return;
      daemon.callers[0]?.send(response({ to: 'slow' }));
      echo(packet, caller);
    });
    await expect(ask('slow', SHORT)).rejects.toMatchObject({
      code: 'timedOut',
      message: 'charon did not answer slow within 20 ms.',
    });
    await daemon.callers[0]?.gone;
    expect(await ask('next')).toEqual({ to: 'next' });
    expect(daemon.heard).toEqual(['1 slow', '2 next']);
  });

  it('never sends a request that has waited too long for its turn', async () => {
    let answer = (): void => undefined;
    const { daemon, ask } = await against((packet, caller) => {
      if (packet.name === 'first') answer = () => echo(packet, caller);
      else echo(packet, caller);
    });
    const first = ask('first');
    await expect(ask('second', SHORT)).rejects.toMatchObject({ code: 'timedOut' });
    const third = ask('third');
    answer();
    expect(await Promise.all([first, third])).toEqual([{ to: 'first' }, { to: 'third' }]);
    expect(daemon.heard).toEqual(['1 first', '1 third']);
  });

  it('says that nobody listens, and reaches who listens later', async () => {
    const socketPath = freshSocketPath();
    const { ask } = asking(socketPath);
    await expect(ask('early')).rejects.toEqual(daemonFailed(/cannot be reached at .*ENOENT/));
    daemons.push(await startScriptedDaemon(echo, socketPath));
    expect(await ask('later')).toEqual({ to: 'later' });
  });

  it('reaches a daemon that was started again', async () => {
    const first = await startScriptedDaemon(echo);
    const { ask } = asking(first.socketPath);
    await ask('q');
    await first.stop();
    const { daemon } = await against(echo, first.socketPath);
    // The first question may still have met the connection to the daemon that is gone.
    await ask('q').catch(() => undefined);
    expect(await ask('again')).toEqual({ to: 'again' });
    expect(daemon.callers).toHaveLength(1);
  });

  it('tells who waits that the daemon hung up, and dials again', async () => {
    const { daemon, ask } = await against((packet, caller) => {
      if (packet.name === 'silent') caller.hangUp();
      else if (packet.name === 'half') {
        caller.sendBytes(encodePacket(response({ to: 'half' })).subarray(0, 9));
        caller.hangUp();
      } else echo(packet, caller);
    });
    const closed = daemonFailed(/closed the connection in the middle of an answer/);
    await expect(ask('silent')).rejects.toEqual(closed);
    await expect(ask('half')).rejects.toEqual(closed);
    expect(await ask('next')).toEqual({ to: 'next' });
    expect(daemon.heard).toEqual(['1 silent', '2 half', '3 next']);
  });

  it.each<[string, Buffer, RegExp]>([
    ['a packet without length', Buffer.alloc(4), /Malformed VICI packet: length 0/],
    ['a packet too long', Buffer.from('00ffffff', 'hex'), /Malformed VICI packet: length 16777215/],
    ['a confirmation', encodePacket(CONFIRM), /sent a confirm that answers nothing/],
    ['a question', encodePacket({ type: 'register', name: 'x' }), /sent a register that answers/],
  ])('does not go on after %s', async (_, bytes, reason) => {
    const { daemon, ask } = await against((packet, caller) => {
      if (packet.name === 'bad') caller.sendBytes(bytes);
      else echo(packet, caller);
    });
    await expect(ask('bad')).rejects.toEqual(daemonFailed(reason));
    expect(await ask('next')).toEqual({ to: 'next' });
    expect(daemon.heard).toEqual(['1 bad', '2 next']);
  });

  it('does not go on after an answer too many', async () => {
    const { daemon, ask } = await against((packet, caller) => {
      if (packet.name === 'twice') caller.send(response({ to: 'twice' }), response());
      else echo(packet, caller);
    });
    expect(await ask('twice')).toEqual({ to: 'twice' });
    await daemon.callers[0]?.gone;
    expect(await ask('next')).toEqual({ to: 'next' });
    expect(daemon.heard).toEqual(['1 twice', '2 next']);
  });

  it('passes over events that nobody asked for', async () => {
    const { ask } = await against((packet, caller) => {
      caller.send(event('log', { msg: 'x' }));
      echo(packet, caller);
    });
    expect(await ask('q')).toEqual({ to: 'q' });
  });

  it('rejects what waits when it is closed, and whatever comes later', async () => {
    let hear = (): void => undefined;
    const heard = new Promise<void>((resolve) => (hear = resolve));
    const daemon = await startScriptedDaemon(() => hear());
    daemons.push(daemon);
    const { transport, ask } = asking(daemon.socketPath);
    const asked = Promise.allSettled([ask('first'), ask('second')]);
    await heard;
    transport.close();
    const rejected = { status: 'rejected', reason: daemonFailed(/has been closed/) };
    expect(await asked).toEqual([rejected, rejected]);
    await expect(ask('later')).rejects.toEqual(rejected.reason);
    expect(daemon.heard).toEqual(['1 first']);
  });
});
