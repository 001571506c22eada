import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { start, type Background } from './process.js';

export interface PingOptions {
  /** Echo requests; 3 where absent. */
  readonly count?: number;
  /** Seconds between two; 0.05 where absent. */
  readonly interval?: number;
  /** Bytes behind the ICMP header; the IPv4 packet has 28 more, the IPv6 packet 48. */
  readonly payloadBytes?: number;
  /** Sets DF and refuses local fragmentation. */
  readonly dontFragment?: boolean;
  readonly ttl?: number;
  readonly source?: string;
  /** Seconds to wait for the last answer; 1 on an ordinary machine where absent. */
  readonly wait?: number;
}

export interface PingResult {
  readonly transmitted: number;
  readonly received: number;
  readonly duplicates: number;
  /** ICMP errors in the order of their arrival: who sent it, and what ping calls it. */
  readonly errors: readonly PingError[];
  /** The last path MTU that an ICMP error, or the own kernel after one, has told. */
  readonly mtu?: number;
  /** All that ping printed. */
  readonly output: string;
}

export interface PingError {
  readonly from: string;
  readonly message: string;
}

/** Pings and waits for the end. No answer is a result, not an error. */
export async function ping(
  namespace: Namespace,
  address: string,
  options: PingOptions = {},
): Promise<PingResult> {
  const background = start('ping', pingArguments(address, options), { namespace });
  const status = await background.ended;
  return resultOf(background, status);
}

/** A ping that goes on until it is stopped: shows what a change in between costs. */
export interface RunningPing {
  /** Resolves when so many answers have come. */
  answered(count: number): Promise<void>;
  /** Ends right after an answer, where any comes: no request is on its way then. */
  stop(): Promise<PingResult>;
}

export function startPing(
  namespace: Namespace,
  address: string,
  options: Omit<PingOptions, 'count' | 'wait'> = {},
): RunningPing {
  const background = start('ping', pingArguments(address, { ...options, count: 100_000 }), {
    namespace,
  });
  return {
    answered: (count) =>
      background.until((self) => answersIn(self.stdout()) >= count, 1_000 * (count + 10)),
    stop: async () => {
      const answers = answersIn(background.stdout());
      await background
        .until((self) => answersIn(self.stdout()) > answers, 1_000)
        .catch(() => undefined);
      // On SIGINT ping prints its summary.
      return resultOf(background, await background.stop('SIGINT'));
    },
  };
}

/**
 * Pings until three answers have come; rejects where one before them is lost or there twice. For
 * paths with user space in them: `ping` by a count gives the last answer but 50 ms, or twice what
 * the others took, which on a busy machine is not enough.
 */
export async function expectAnswers(
  namespace: Namespace,
  address: string,
  options: Omit<PingOptions, 'count' | 'wait'> = {},
): Promise<void> {
  const running = startPing(namespace, address, options);
  await running.answered(3);
  const result = await running.stop();
  if (lostOf(result).length > 0 || result.duplicates > 0 || result.errors.length > 0)
    throw new Error(`Not every ping to ${address} was answered once: ${result.output}`);
}

function pingArguments(address: string, options: PingOptions): string[] {
  const { payloadBytes, ttl, source } = options;
  return [
    '-n',
    ...['-c', String(options.count ?? 3)],
    ...['-i', String(options.interval ?? 0.05)],
    ...['-W', String(options.wait ?? patience(1))],
    ...(payloadBytes === undefined ? [] : ['-s', String(payloadBytes)]),
    ...(options.dontFragment === true ? ['-M', 'do'] : []),
    ...(ttl === undefined ? [] : ['-t', String(ttl)]),
    ...(source === undefined ? [] : ['-I', source]),
    address,
  ];
}

function answersIn(output: string): number {
  return output.split(' bytes from ').length - 1;
}

function resultOf(background: Background, status: number): PingResult {
  if (status > 1) throw new Error(`ping could not run (${status}): ${background.stderr().trim()}`);
  return parsePing(`${background.stdout()}${background.stderr()}`);
}

/** Reads what ping of iputils prints. */
export function parsePing(output: string): PingResult {
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(output);
  if (summary === null) throw new Error(`ping printed no summary: ${output}`);
  const errors = [...output.matchAll(/^From (\S+?):? icmp_seq=\d+ (.+)$/gm)].map(
    ([, from = '', message = '']) => ({ from, message: message.trim() }),
  );
  const mtu = [...output.matchAll(/mtu ?= ?(\d+)/g)].pop()?.[1];
  return {
    transmitted: Number(summary[1]),
    received: Number(summary[2]),
    duplicates: Number(/\+(\d+) duplicates/.exec(output)?.[1] ?? 0),
    errors,
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    output,
  };
}

/** Numbers of the requests without an answer, but for those on their way when the ping was stopped. */
export function lostOf({ output }: PingResult): number[] {
  const answered = new Set(
    [...output.matchAll(/bytes from .* icmp_seq=(\d+)/g)].map(([, sequence]) => Number(sequence)),
  );
  return Array.from({ length: Math.max(0, ...answered) }, (_, index) => index + 1).filter(
    (sequence) => !answered.has(sequence),
  );
}
