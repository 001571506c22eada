import { afterEach, describe, expect, it } from 'vitest';
import type { ViciSection } from '../../../../src/vpn/vici/message.js';
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
  for (const client of clients.splice(0)) client.close();
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

/** What a listener is told, and a way to wait for it. */
interface Told {
  readonly lines: readonly string[];
  until(count: number): Promise<readonly string[]>;
}

interface Listening {
  readonly daemon: ScriptedDaemon;
  /** The daemon's end of the listener's connection. */
  readonly caller: Caller;
  readonly told: Told;
  readonly client: ViciClient;
  readonly subscription: { close(): void };
}

const confirming: Script = (packet, caller) =>
  caller.send(packet.type === 'register' ? CONFIRM : response());

async function listening(
  script: Script = confirming,
  onEvent: (name: string, message: ViciSection) => void = () => undefined,
): Promise<Listening> {
  const daemon = await startScriptedDaemon(script);
  daemons.push(daemon);
  const client = createViciClient(daemon.socketPath);
  clients.push(client);
  const { told, tell } = createTold();
  const subscription = await client.listen(
    ['ike-updown', 'log'],
    (name, message) => {
      tell(`${name} ${JSON.stringify(message)}`);
      onEvent(name, message);
    },
    (reason) => tell(`closed: ${reason?.message ?? 'in order'}`),
  );
  const caller = daemon.callers[0];
  if (caller === undefined) throw new Error('Nobody called.');
  return { daemon, caller, told, client, subscription };
}

function createTold(): { told: Told; tell: (line: string) => void } {
  const lines: string[] = [];
  let wake = (): void => undefined;
  const told: Told = {
    lines,
    async until(count) {
      while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return lines;
    },
  };
  const tell = (line: string): void => {
    lines.push(line);
    wake();
  };
  return { told, tell };
}

describe('listen', () => {
  it('registers on a connection of its own and tells of every event', async () => {
    const { daemon, caller, told, client } = await listening();
    expect(daemon.heard).toEqual(['1 ike-updown', '1 log']);
    caller.send(event('ike-updown', { up: 'yes' }), event('log', { msg: 'x' }));
    expect(await told.until(2)).toEqual(['ike-updown {"up":"yes"}', 'log {"msg":"x"}']);
    await client.request('version');
    expect(daemon.heard).toContain('2 version');
  });

  it('tells of events that come with the confirmation', async () => {
    const { told } = await listening((packet, caller) =>
      caller.send(CONFIRM, event(packet.name, { early: 'yes' })),
    );
    expect(await told.until(2)).toEqual(['ike-updown {"early":"yes"}', 'log {"early":"yes"}']);
  });

  it('tells of a flood in order', async () => {
    const { caller, told } = await listening();
    const flood = 50_000;
    for (let sent = 0; sent < flood; sent += 1) caller.send(event('log', { n: String(sent) }));
    expect(await told.until(flood)).toEqual(
      Array.from({ length: flood }, (_, n) => `log {"n":"${n}"}`),
    );
  });

  it('says once when the daemon goes in order', async () => {
    const { caller, told, daemon } = await listening();
    caller.send(event('log', { msg: 'shutting down' }));
    caller.hangUp();
    await told.until(2);
    await daemon.stop();
    expect(told.lines).toEqual(['log {"msg":"shutting down"}', 'closed: in order']);
  });

  it('says when the daemon goes in the middle of an event', async () => {
    const { caller, told } = await listening();
    caller.sendBytes(Buffer.of(0, 0, 0, 9, 7));
    caller.hangUp();
    expect(await told.until(1)).toEqual([expect.stringContaining('in the middle of an answer')]);
  });

  it.each<[string, Uint8Array, string]>([
    ['a packet', Buffer.of(0, 0, 0, 1, 9), 'Malformed VICI packet: type 9'],
    ['a message', Buffer.of(0, 0, 0, 4, 7, 1, 101, 2), 'Malformed VICI message'],
    ['an answer', Buffer.of(0, 0, 0, 1, 1), 'sent a response that answers nothing'],
  ])('gives up on %s that it cannot read', async (_, bytes, reason) => {
    const { caller, told } = await listening();
    caller.sendBytes(bytes);
    expect(await told.until(1)).toEqual([expect.stringContaining('closed: ')]);
    expect(told.lines[0]).toContain(reason);
    await caller.gone;
  });

  it('gives up on a listener that throws', async () => {
    const { caller, told } = await listening(confirming, () => {
      throw new Error('the listener is broken');
    });
    caller.send(event('log', { n: '1' }), event('log', { n: '2' }));
    await caller.gone;
    expect(told.lines).toEqual([
      'log {"n":"1"}',
      expect.stringMatching(/^closed: .*the listener is broken/),
    ]);
  });

  it('says nothing any more after it was closed', async () => {
    const listener = await listening(confirming, () => listener.subscription.close());
    const { caller, told, daemon } = listener;
    caller.send(event('log', { n: '1' }), event('log', { n: '2' }));
    await caller.gone;
    await daemon.stop();
    expect(told.lines).toEqual(['log {"n":"1"}']);
  });

  it('rejects events that the daemon does not know', async () => {
    await expect(
      listening((packet, caller) =>
        caller.send(packet.name === 'log' ? { type: 'unknownEvent' } : CONFIRM),
      ),
    ).rejects.toThrow(ViciError);
    await daemons[0]?.callers[0]?.gone;
  });

  it('rejects when the daemon goes before it has confirmed', async () => {
    const { told, tell } = createTold();
    const ask = (script: Script): Promise<unknown> =>
      listening(script).catch((error: unknown) => tell(String(error)));
    await ask((_, caller) => caller.hangUp());
    await ask((packet, caller) => {
      caller.send(CONFIRM);
      // The last confirmation, and the end in the same breath.
      if (packet.name === 'log') caller.sendBytes(Buffer.alloc(4));
    });
    expect(told.lines).toEqual([
      expect.stringContaining('closed the connection in the middle'),
      expect.stringContaining('Malformed VICI packet: length 0'),
    ]);
  });

  it('rejects where nobody listens', async () => {
    const client = createViciClient(freshSocketPath());
    clients.push(client);
    await expect(
      client.listen(
        ['log'],
        () => undefined,
        () => expect.unreachable(),
      ),
    ).rejects.toMatchObject({ code: 'vpnDaemonFailed' });
  });
});
