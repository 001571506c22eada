import { NvgateError } from '../../errors.js';
import { openConnection, type Connection, type ConnectionHandlers } from './connection.js';
import { decodeMessage, encodeMessage, type ViciInput, type ViciSection } from './message.js';
import { textOf } from './read.js';
import { clientClosed, createTransport, timedOut } from './transport.js';
import { createTurns } from './turns.js';
import { ViciError } from './vici-error.js';

export { ViciError } from './vici-error.js';

export interface ViciOptions {
  /** Milliseconds from the call to the end of the answer. */
  readonly timeoutMs?: number;
}

/**
 * What charon can be asked over VICI. All calls reject with a ViciError when charon refuses or does
 * not know the command or event, else with an NvgateError: `timedOut`, `vpnDaemonFailed` when it
 * cannot be reached or goes away, `invalidValue` when the message is too long to be sent.
 */
export interface ViciClient {
  /** A command that is answered at once. One after another, over one socket that is kept. */
  request(command: string, message?: ViciInput, options?: ViciOptions): Promise<ViciSection>;
  /** A command that lists (list-sas, list-conns …): the messages of its events, in order. */
  stream(
    command: string,
    event: string,
    message?: ViciInput,
    options?: ViciOptions,
  ): Promise<ViciSection[]>;
  /**
   * A command that waits for a peer (initiate, terminate). charon is told to stop waiting after
   * `timeoutMs`, which is a ViciError then; it goes on in the background with what it has begun.
   * At most four wait at once; for others the time begins when it is their turn. A message with
   * `timeout: '-1'` waits for nobody.
   */
  run(command: string, message?: ViciInput, options?: ViciOptions): Promise<ViciRun>;
  /**
   * Calls the listener for every event, until closed.
   * @param onClose nothing more will come: charon has gone (without a reason: in order), has sent
   *   what cannot be read, or the listener has thrown. Not called after `close`, nor when `listen`
   *   itself rejects.
   */
  listen(
    events: readonly string[],
    listener: (event: string, message: ViciSection) => void,
    onClose: (reason: Error | undefined) => void,
  ): Promise<{ close(): void }>;
  /** Rejects what waits and whatever is asked later. */
  close(): void;
}

export interface ViciRun {
  readonly reply: ViciSection;
  /** What charon logged while it ran the command, oldest first; a ViciError carries it too. */
  readonly log: readonly string[];
}

const REQUEST_TIMEOUT_MS = 10_000;
const STREAM_TIMEOUT_MS = 30_000;
/** A peer that does not answer is given up after 165 s (strongswan.conf, retransmission defaults). */
const RUN_TIMEOUT_MS = 180_000;
/** What charon has for saying that it has waited in vain. */
const RUN_GRACE_MS = 5_000;

/** As `timeout` of a message: charon answers before it begins. */
const NO_WAITING = '-1';
/**
 * Every command that waits holds one of charon's threads. Of 16 it uses ten itself; when eight or
 * more wait, it answers nobody any more (strongSwan 5.9.8).
 */
const MOST_WAITING = 4;

/** A listing of a hundred thousand SAs fits; more than memory does not. */
const LARGEST_LISTING = 64 * 1024 * 1024;
/** The newest lines of a command are kept: they say how it ended. */
const MOST_LOG_LINES = 1_000;

/**
 * Requests share one socket; every listing, waiting command and listener has its own, because a
 * connection serves one command after another and a peer may keep one waiting for minutes.
 * @param socketPath of the daemon's VICI socket; it need not be there yet
 */
export function createViciClient(socketPath: string): ViciClient {
  const requests = createTransport(socketPath);
  const waitingTurns = createTurns(MOST_WAITING);
  const connections = new Set<Connection>();
  let closed = false;

  const open = (handlers: ConnectionHandlers): Connection => {
    if (closed) throw clientClosed(socketPath);
    const connection = openConnection(socketPath, handlers);
    connections.add(connection);
    return connection;
  };
  const discard = (connection: Connection): void => {
    connections.delete(connection);
    connection.close(clientClosed(socketPath));
  };

  /** A command on a connection of its own, with the event that it streams. */
  async function converse(
    command: string,
    event: string,
    input: ViciInput,
    timeoutMs: number,
    onEvent: (message: Uint8Array) => void,
  ): Promise<ViciSection> {
    const message = encodeMessage(input);
    const connection = open({ onEvent: (_, bytes) => onEvent(bytes) });
    const timer = setTimeout(() => connection.close(timedOut(command, timeoutMs)), timeoutMs);
    try {
      await connection.register(event);
      return decodeMessage(await connection.request(command, message));
    } finally {
      clearTimeout(timer);
      discard(connection);
    }
  }

  return {
    async request(command, message = {}, { timeoutMs = REQUEST_TIMEOUT_MS } = {}) {
      const reply = await requests.request(command, encodeMessage(message), timeoutMs);
      return successful(command, decodeMessage(reply));
    },
    async stream(command, event, message = {}, { timeoutMs = STREAM_TIMEOUT_MS } = {}) {
      const listed: ViciSection[] = [];
      let size = 0;
      const reply = await converse(command, event, message, timeoutMs, (bytes) => {
        size += bytes.length;
        if (size > LARGEST_LISTING)
          throw new NvgateError(
            'vpnDaemonFailed',
            `charon's answer to ${command} is longer than ${LARGEST_LISTING} bytes.`,
          );
        listed.push(decodeMessage(bytes));
      });
      successful(command, reply);
      return listed;
    },
    async run(command, message = {}, { timeoutMs = RUN_TIMEOUT_MS } = {}) {
      const log: string[] = [];
      // Without it charon would wait on even after the socket is closed.
      const limited: ViciInput = { timeout: String(timeoutMs), ...message };
      const patience = timeoutMs + RUN_GRACE_MS;
      const converseLogging = (): Promise<ViciSection> =>
        converse(command, 'control-log', limited, patience, (bytes) => {
          log.push(textOf(decodeMessage(bytes), 'msg') ?? '');
          if (log.length > MOST_LOG_LINES) log.shift();
        });
      const waits = limited['timeout'] !== NO_WAITING;
      const reply = await (waits ? waitingTurns(converseLogging) : converseLogging());
      return { reply: successful(command, reply, log), log };
    },
    async listen(events, listener, onClose) {
      let listening = false;
      const connection = open({
        onEvent: (event, bytes) => listener(event, decodeMessage(bytes)),
        onEnd: (reason) => {
          connections.delete(connection);
          if (listening) onClose(reason);
        },
      });
      const timer = setTimeout(
        () => connection.close(timedOut('the registration for events', REQUEST_TIMEOUT_MS)),
        REQUEST_TIMEOUT_MS,
      );
      try {
        for (const event of events) await connection.register(event);
        const ended = connection.ended();
        if (ended !== undefined) throw ended;
      } catch (error) {
        discard(connection);
        throw error;
      } finally {
        clearTimeout(timer);
      }
      listening = true;
      return { close: () => discard(connection) };
    },
    close() {
      closed = true;
      requests.close();
      for (const connection of connections) discard(connection);
    },
  };
}

/** @throws ViciError when the reply says that the command has failed */
function successful(command: string, reply: ViciSection, log?: readonly string[]): ViciSection {
  if (textOf(reply, 'success') !== 'no') return reply;
  throw new ViciError(command, textOf(reply, 'errmsg') ?? 'it gives no reason', log);
}
