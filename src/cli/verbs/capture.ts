import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig } from '../../config/load.js';
import { messageOf, NvgateError } from '../../errors.js';
import { Vsid } from '../../model/vsid.js';
import { decapsulated, nvgreFilter } from '../capture/nvgre-filter.js';
import { createPcapReader, pcapHeader, pcapRecord, type Frame } from '../capture/pcap.js';
import { print, sniff } from '../capture/tcpdump.js';
import type { GlobalOptions } from '../connect.js';
import { printLine, type CliIo } from '../io.js';

interface CaptureOptions extends GlobalOptions {
  readonly vsid: Vsid;
  readonly write?: string;
  readonly outer?: boolean;
  readonly count?: number;
}

/** Where captured frames go. */
interface Sink {
  write(frame: Frame): void;
  end(): Promise<void>;
}

export function addCapture(program: Command, io: CliIo): void {
  program
    .command('capture')
    .description('show the packets of one virtual subnet, as they come from and go to the hosts')
    .requiredOption('--vsid <vsid>', 'virtual subnet id', readVsid)
    .option('-w, --write <file>', 'write a pcap file instead of text')
    .option('--outer', 'with the outer headers: what is on the underlay')
    .option('-c, --count <packets>', 'end after so many packets (default: at Ctrl-C)', readCount)
    .addHelpText(
      'after',
      '\nRuns on the gateway, as root, in its network namespace; listens on the underlay devices' +
        '\nof the configuration. A packet that goes from VM to VM is seen twice: in and out.',
    )
    .action(async (_: object, command: Command) => {
      await capture(io, command.optsWithGlobals<CaptureOptions>());
    });
}

async function capture(io: CliIo, options: CaptureOptions): Promise<void> {
  const devices = loadConfig(options.config).underlay.map(({ device }) => device);
  const notice = (line: string): void => printLine(io.stderr, line);
  const sink = options.write === undefined ? textSink(io) : await fileSink(options.write);
  const sniffers = devices.map((device) => sniff(device, nvgreFilter(options.vsid), notice));
  const stop = (): void => {
    for (const sniffer of sniffers) sniffer.stop();
  };
  io.interruption().addEventListener('abort', stop, { once: true });

  let left = options.count ?? Infinity;
  const take = (frame: Frame): void => {
    const shown = options.outer === true ? frame : decapsulated(frame);
    if (shown === undefined || left === 0) return;
    sink.write(shown);
    left -= 1;
    if (left === 0) stop();
  };
  const ends = await Promise.allSettled(
    sniffers.map(async (sniffer) => {
      const reader = createPcapReader();
      await sniffer.read((chunk) => reader.push(chunk).forEach(take));
    }),
  );
  await sink.end();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function textSink(io: CliIo): Sink {
  const printer = print(
    (text) => io.stdout.write(text),
    () => undefined,
  );
  printer.write(pcapHeader());
  return {
    write: (frame) => printer.write(pcapRecord(frame)),
    end: () => printer.end(),
  };
}

async function fileSink(path: string): Promise<Sink> {
  const stream = createWriteStream(path, { mode: 0o600 });
  await opened(stream, path);
  stream.write(pcapHeader());
  return {
    write: (frame) => void stream.write(pcapRecord(frame)),
    async end() {
      stream.end();
      await finished(stream);
    },
  };
}

function opened(stream: WriteStream, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (cause) =>
      reject(
        new NvgateError(
          'invalidValue',
          `${path} cannot be written: ${messageOf(cause)}. Name another file with -w.`,
          { cause },
        ),
      ),
    );
  });
}

function readVsid(text: string): Vsid {
  try {
    return Vsid(Number(text));
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Must be 1 or more.');
  return count;
}
