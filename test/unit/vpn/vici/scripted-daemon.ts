import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeMessage, type ViciInput } from '../../../../src/vpn/vici/message.js';
import {
  createPacketReader,
  encodePacket,
  type Packet,
  type QuestionPacket,
} from '../../../../src/vpn/vici/packet.js';
import { createDirectory } from '../../../support/namespace.js';

/** A client's connection as the daemon sees it. */
export interface Caller {
  /** From 1 on, in the order in which they called. */
  readonly number: number;
  send(...packets: readonly Packet[]): void;
  sendBytes(bytes: Uint8Array): void;
  /** Ends the connection after what was sent. */
  hangUp(): void;
  /** Resolves when the connection has ended. */
  readonly gone: Promise<void>;
}

/** A daemon that says what the test says. */
export interface ScriptedDaemon {
  readonly socketPath: string;
  readonly callers: readonly Caller[];
  /** Names of all requests and registrations, with the caller's number: `1 version`. */
  readonly heard: readonly string[];
  stop(): Promise<void>;
}

export type Script = (packet: QuestionPacket, caller: Caller) => void;

/** A path for a socket that nothing listens on yet. */
export function freshSocketPath(): string {
  return join(createDirectory('vici'), 'charon.vici');
}

export async function startScriptedDaemon(
  script: Script,
  socketPath = freshSocketPath(),
): Promise<ScriptedDaemon> {
  const callers: Caller[] = [];
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // The client may go in the middle of an answer.
    const caller: Caller = {
      number: callers.length + 1,
      send: (...packets) => socket.write(Buffer.concat(packets.map(encodePacket))),
      sendBytes: (bytes) => socket.write(bytes),
      hangUp: () => socket.end(),
      gone: new Promise((resolve) => socket.on('close', () => resolve())),
    };
    callers.push(caller);
    const reader = createPacketReader((packet) => {
      if (packet.type !== 'request' && packet.type !== 'register')
        throw new Error(`A client does not send a ${packet.type}.`);
      heard.push(`${caller.number} ${packet.name}`);
      script(packet, caller);
    });
    socket.on('data', (chunk) => reader.push(chunk));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    callers,
    heard,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(socketPath, { force: true });
    },
  };
}

export function response(message: ViciInput = {}): Packet {
  return { type: 'response', message: encodeMessage(message) };
}

export function event(name: string, message: ViciInput = {}): Packet {
  return { type: 'event', name, message: encodeMessage(message) };
}

export const CONFIRM: Packet = { type: 'confirm' };
