import { NvgateError } from '../../errors.js';
import { openConnection, type Connection } from './connection.js';

/** Requests over one connection, one after another; dials when there is none. */
export interface Transport {
  /**
   * @param message encoded, as is the answer
   * @param timeoutMs counts from the call: waiting for earlier requests and dialling included. A
   *   late answer could be taken for that to the next request, so the connection is closed then,
   *   and the next request dials again.
   * @throws NvgateError `timedOut`, and as {@link Connection}
   */
  request(command: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Rejects what waits and whatever is asked later. */
  close(): void;
}

export function createTransport(socketPath: string): Transport {
  let connection: Connection | undefined;
  let closed = false;
  /** Resolves when all requests so far are answered or given up. */
  let previous: Promise<void> = Promise.resolve();

  const connected = (): Connection => {
    if (closed) throw clientClosed(socketPath);
    if (connection === undefined || connection.ended() !== undefined)
      connection = openConnection(socketPath);
    return connection;
  };

  return {
    request(command, message, timeoutMs) {
      return new Promise((resolve, reject) => {
        /** Undefined until its turn has come. */
        let used: Connection | undefined;
        let expired = false;
        const timer = setTimeout(() => {
          expired = true;
          const reason = timedOut(command, timeoutMs);
          used?.close(reason);
          reject(reason);
        }, timeoutMs);
        const ask = async (): Promise<Uint8Array> => {
          used = connected();
          return used.request(command, message);
        };
        previous = previous.then(async () => {
          if (expired) return;
          await ask().then(resolve, reject);
          clearTimeout(timer);
        });
      });
    },
    close() {
      closed = true;
      connection?.close(clientClosed(socketPath));
    },
  };
}

export function timedOut(what: string, timeoutMs: number): NvgateError {
  return new NvgateError('timedOut', `charon did not answer ${what} within ${timeoutMs} ms.`);
}

export function clientClosed(socketPath: string): NvgateError {
  return new NvgateError(
    'vpnDaemonFailed',
    `The VICI client of ${socketPath} has been closed; make a new one.`,
  );
}
