import { spawn, type ChildProcess } from 'node:child_process';
import { NvgateError } from '../../errors.js';

/** Tells where tcpdump stands: its complaints, its counts. */
export type Notice = (line: string) => void;

/** A tcpdump that writes what it sees on a device. */
export interface Sniffer {
  /** Calls back with each chunk of pcap. Resolves when tcpdump has ended. @throws NvgateError */
  read(onChunk: (chunk: Buffer) => void): Promise<void>;
  stop(): void;
}

/**
 * Listens on a device of this network namespace.
 * @param filter see pcap-filter(7)
 */
export function sniff(device: string, filter: string, notice: Notice): Sniffer {
  const args = ['-n', '-U', '--immediate-mode', '-i', device, '-w', '-', filter];
  const child = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  return {
    async read(onChunk) {
      child.stdout.on('data', onChunk);
      await ended(child, device, notice);
    },
    stop: () => child.kill('SIGINT'),
  };
}

/** A tcpdump that prints frames as text. */
export interface Printer {
  write(pcap: Buffer): void;
  /** No more frames; resolves when all are printed. */
  end(): Promise<void>;
}

export function print(onText: (text: string) => void, notice: Notice): Printer {
  const args = ['-n', '-e', '-l', '-r', '-'];
  const child = spawn('tcpdump', args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdout.setEncoding('utf8').on('data', onText);
  // It may end before its input does; `ended` says why.
  child.stdin.on('error', () => undefined);
  const end = ended(child, 'standard input', notice);
  end.catch(() => undefined);
  return {
    write: (pcap) => void child.stdin.write(pcap),
    end() {
      child.stdin.end();
      return end;
    },
  };
}

/** What tcpdump prints at each start and end. */
const ROUTINE = /^(tcpdump: listening on|reading from file|\d+ packets? )/;

function ended(child: ChildProcess, source: string, notice: Notice): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaints = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
      for (const line of text.split('\n')) if (line !== '') notice(line);
    });
    child.once('error', (cause) =>
      reject(
        new NvgateError(
          'kernelFeatureMissing',
          `tcpdump could not be started: ${cause.message}. Install the package tcpdump.`,
          { cause },
        ),
      ),
    );
    child.once('close', (status) => {
      const said = complaints.split('\n').filter((line) => line !== '' && !ROUTINE.test(line));
      if (status === 0 || status === null) resolve();
      else
        reject(
          new NvgateError(
            'kernelOperationFailed',
            `tcpdump on ${source} failed: ${said.join(' ') || `exit ${status}`}. Run it as root, in the network namespace of the gateway.`,
          ),
        );
    });
  });
}
