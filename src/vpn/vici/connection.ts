import { messageOf, NvgateError } from '../../errors.js';
import { dial } from './dial.js';
import {
  createPacketReader,
  encodePacket,
  type AnswerPacket,
  type Packet,
  type QuestionPacket,
} from './packet.js';
import { ViciError } from './vici-error.js';

export interface ConnectionHandlers {
  /** An event that this connection has registered for; `message` is still encoded. */
  onEvent?(event: string, message: Uint8Array): void;
  /**
   * The connection has ended, and not because of {@link Connection.close}.
   * @param reason undefined where the daemon ended it in order
   */
  onEnd?(reason: Error | undefined): void;
}

/**
 * One socket to the daemon; ended once, it stays so. One question at a time: an answer does not
 * say to which question it belongs. All questions reject with a ViciError when the daemon does not
 * know the name, with NvgateError `vpnDaemonFailed` when the connection ends first, and with the
 * reason of `close`.
 */
export interface Connection {
  /** Message and answer are encoded. */
  request(command: string, message: Uint8Array): Promise<Uint8Array>;
  register(event: string): Promise<void>;
  /** Why it has ended; undefined while it has not. */
  ended(): Error | undefined;
  close(reason: Error): void;
}

interface Waiting {
  readonly answeredBy: readonly Packet['type'][];
  resolve(answer: AnswerPacket): void;
  reject(reason: Error): void;
}

const ANSWERS = {
  request: ['response', 'unknownCommand'],
  register: ['confirm', 'unknownEvent'],
  unregister: ['confirm', 'unknownEvent'],
} as const satisfies Record<QuestionPacket['type'], readonly AnswerPacket['type'][]>;

/** Dials at once; questions wait for that, and are told when it fails. */
export function openConnection(socketPath: string, handlers: ConnectionHandlers = {}): Connection {
  const dialling = new AbortController();
  const dialled = dial(socketPath, dialling.signal);
  let waiting: Waiting | undefined;
  let endedBy: Error | undefined;

  /** @returns false when it had ended before */
  const end = (reason: Error): boolean => {
    if (endedBy !== undefined) return false;
    endedBy = reason;
    dialling.abort();
    void dialled.then((socket) => socket.destroy(), ignore);
    waiting?.reject(reason);
    waiting = undefined;
    return true;
  };
  const fail = (error: unknown): void => {
    const reason = asNvgateError(error, socketPath);
    if (end(reason)) handlers.onEnd?.(reason);
  };
  const take = (packet: Packet): void => {
    if (endedBy !== undefined) return; // The listener has closed it.
    if (packet.type === 'event') {
      handlers.onEvent?.(packet.name, packet.message);
      return;
    }
    if (waiting?.answeredBy.includes(packet.type) !== true)
      throw new NvgateError(
        'vpnDaemonFailed',
        `charon at ${socketPath} sent a ${packet.type} that answers nothing.`,
      );
    const asked = waiting;
    waiting = undefined;
    asked.resolve(packet as AnswerPacket);
  };
  const reader = createPacketReader(take);

  const receive = (chunk: Buffer): void => {
    try {
      reader.push(chunk);
    } catch (error) {
      fail(error);
    }
  };
  const hangUp = (): void => {
    const midway = waiting !== undefined || !reader.atBoundary();
    const when = midway ? ' in the middle of an answer' : '';
    const reason = new NvgateError(
      'vpnDaemonFailed',
      `charon at ${socketPath} closed the connection${when}.`,
    );
    if (end(reason)) handlers.onEnd?.(midway ? reason : undefined);
  };
  void dialled.then((socket) => {
    socket.on('data', receive);
    socket.on('error', fail);
    socket.on('close', hangUp);
  }, fail);

  const ask = (question: QuestionPacket): Promise<AnswerPacket> =>
    new Promise((resolve, reject) => {
      if (waiting !== undefined) throw new Error('VICI: one question at a time.');
      if (endedBy !== undefined) throw endedBy;
      const bytes = encodePacket(question);
      waiting = { answeredBy: ANSWERS[question.type], resolve, reject };
      void dialled.then((socket) => socket.write(bytes), ignore);
    });

  return {
    async request(command, message) {
      const answer = await ask({ type: 'request', name: command, message });
      if (answer.type === 'response') return answer.message;
      throw new ViciError(command, 'it has no command of this name; a plugin may be missing');
    },
    async register(event) {
      const answer = await ask({ type: 'register', name: event });
      if (answer.type !== 'confirm')
        throw new ViciError(`event ${event}`, 'it has no event of this name');
    },
    ended: () => endedBy,
    close: end,
  };
}

function asNvgateError(error: unknown, socketPath: string): NvgateError {
  if (error instanceof NvgateError) return error;
  return new NvgateError(
    'vpnDaemonFailed',
    `The connection to charon at ${socketPath} broke: ${messageOf(error)}.`,
    { cause: error },
  );
}

/** For failures that `fail` tells of. */
function ignore(): void {
  // Nothing to add.
}
