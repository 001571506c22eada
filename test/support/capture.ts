import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { parsePcap, type CapturedPacket } from './pcap.js';
import { sleep, start } from './process.js';

/** A running capture. */
export interface Capture {
  /** What has been captured so far. */
  packets(): CapturedPacket[];
  /** Resolves with the packets when there are at least so many that match. */
  waitFor(
    count: number,
    matches?: (packet: CapturedPacket) => boolean,
    timeout?: number,
  ): Promise<CapturedPacket[]>;
  /** Ends the capture and answers with everything in it. */
  stop(): Promise<CapturedPacket[]>;
}

export interface CaptureOptions {
  /** Both ways where absent. */
  readonly direction?: 'in' | 'out';
}

/** Milliseconds that tcpdump gets for what is in its ring: the signal would make it forget that. */
const SETTLE = 100;

/**
 * Captures on a device. Resolves when the capture has begun: what is sent then is in it.
 * @param filter in tcpdump's language, `ip proto 47` for example; everything where empty
 */
export async function capture(
  namespace: Namespace,
  device: string,
  filter = '',
  options: CaptureOptions = {},
): Promise<Capture> {
  const direction = options.direction === undefined ? [] : ['-Q', options.direction];
  const tcpdump = start(
    'tcpdump',
    ['-n', '-U', '--immediate-mode', '-i', device, ...direction, '-w', '-', filter],
    { namespace },
  );
  await tcpdump.until((self) => self.stderr().includes('listening on'));
  const packets = (): CapturedPacket[] => parsePcap(tcpdump.stdoutBytes());
  return {
    packets,
    async waitFor(count, matches = () => true, timeout = 5_000) {
      await tcpdump.until(() => packets().filter(matches).length >= count, timeout);
      return packets().filter(matches);
    },
    async stop() {
      await sleep(patience(SETTLE));
      await tcpdump.stop('SIGINT');
      return packets();
    },
  };
}
