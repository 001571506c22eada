import { eventually, start, tryRun, type Background } from '../../support/process.js';
import type { Ends } from '../topology/path.js';
import { between, readProcessors, type ProcessorTimes } from './processors.js';
import { bytesPerPacket, readReceived } from './received.js';

const FIRST_PORT = 5201;

/**
 * Linux's own choice, whatever the machine has set: BBR for one sends at the rate of its model of the
 * path, by a timer.
 */
const CONGESTION_CONTROL = 'cubic';

/** What iperf3 moved, and what the machine did meanwhile. */
export interface Transfer {
  /** Gbit/s that arrived. */
  readonly gbitPerSecond: number;
  readonly seconds: number;
  readonly processors: readonly ProcessorTimes[];
  /** Mean, as the receiver's devices count them; of one MTU where something has segmented them. */
  readonly bytesPerPacket: number;
}

export interface TransferOptions {
  /** Streams of one client. */
  readonly streams: number;
  /** Clients at once, each with an address of its own; 1 where absent. */
  readonly clients?: number;
  readonly seconds: number;
  /** From the outside to the VMs. */
  readonly inwards?: boolean;
}

/** Part of what iperf3 prints with --json. */
interface IperfAnswer {
  readonly error?: string;
  readonly end: { readonly sum_received?: { readonly bytes: number; readonly seconds: number } };
}

/** TCP between the VM side and the outside, by iperf3. */
export async function transfer(ends: Ends, options: TransferOptions): Promise<Transfer> {
  const { clients = 1, inwards = false } = options;
  const receiver = inwards ? ends.client : ends.server;
  const addresses = ends.clientAddresses.slice(0, clients);
  if (addresses.length < clients) throw new RangeError(`there are no ${clients} clients`);
  const servers = addresses.map((_, index) =>
    start('iperf3', ['-s', '-1', '-B', ends.serverAddress, '-p', String(FIRST_PORT + index)], {
      namespace: ends.server,
    }),
  );
  try {
    await listening(ends, clients);
    const receivedBefore = await readReceived(receiver);
    const before = readProcessors();
    const began = performance.now();
    const running = addresses.map((address, index) =>
      startClient(ends, address, FIRST_PORT + index, options),
    );
    const answers = await Promise.all(running.map(answerOf));
    const took = (performance.now() - began) / 1000;
    const processors = between(before, readProcessors());
    return {
      gbitPerSecond: answers.reduce(
        (sum, { bytes, seconds: own }) => sum + (bytes * 8) / 1e9 / own,
        0,
      ),
      seconds: took,
      processors,
      bytesPerPacket: bytesPerPacket(receivedBefore, await readReceived(receiver)),
    };
  } finally {
    for (const server of servers) await server.stop();
  }
}

function startClient(
  ends: Ends,
  address: string,
  port: number,
  { streams, seconds, inwards }: TransferOptions,
): Background {
  return start(
    'iperf3',
    [
      ...['-c', ends.serverAddress, '-p', String(port), '-B', address],
      ...['-P', String(streams), '-t', String(seconds), '-C', CONGESTION_CONTROL],
      ...(inwards === true ? ['-R'] : []),
      ...['--json', '--connect-timeout', '5000'],
    ],
    { namespace: ends.client },
  );
}

async function answerOf(
  client: Background,
): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const status = await client.ended;
  if (client.stdout() === '') throw new Error(`iperf3 ended with ${status}: ${client.stderr()}`);
  const { error, end } = JSON.parse(client.stdout()) as IperfAnswer;
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error ?? client.stdout()}`);
  return end.sum_received;
}

async function listening({ server }: Ends, count: number): Promise<void> {
  await eventually('the iperf3 servers listen', async () => {
    const { stdout } = await tryRun('ss', ['-Hltn'], { namespace: server });
    return stdout.split('\n').filter((line) => line !== '').length >= count || undefined;
  });
}
