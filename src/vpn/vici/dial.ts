import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, NvgateError } from '../../errors.js';

const REDIAL_MS = 10;

/**
 * Connects to a daemon's socket. The daemon lets three callers wait at its door (`vici_socket.c`)
 * and the kernel turns further ones away: they try again until there is room.
 * @param signal ends the trying
 * @throws NvgateError `vpnDaemonFailed` where nobody listens
 */
export async function dial(socketPath: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    try {
      return await connect(socketPath);
    } catch (cause) {
      if (!isBusy(cause))
        throw new NvgateError(
          'vpnDaemonFailed',
          `charon cannot be reached at ${socketPath}: ${messageOf(cause)}.`,
          { cause },
        );
    }
    await delay(REDIAL_MS, undefined, { signal });
  }
}

function connect(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
