import { join } from 'node:path';
import { NvgreOffset } from '../../src/codec/nvgre.js';
import { isIpv4, parseIp } from '../../src/net/ip.js';
import { compileProgram } from './compile-program.js';
import { createDirectory, type Namespace } from './namespace.js';
import { hex, icmp, udp } from './packets.js';
import { patience } from './patience.js';
import { start } from './process.js';
import { fromOutside, fromVm, type VmPlace } from './raw-host-frames.js';

/** One stream of numbered packets that comes out of the gateway towards a VM. */
export interface FloodFlow {
  /** Where its packets are sent. All arrive on the underlay. */
  readonly wire: 'underlay' | 'external';
  /** Hexadecimal; a number and its complement are written into it at `counterAt`. */
  readonly frame: string;
  readonly counterAt: number;
  /** VSID and inner destination of what arrives, a blank between them. */
  readonly key: string;
}

export interface FloodPlan {
  readonly wires: Readonly<Record<FloodFlow['wire'], { namespace: string; device: string }>>;
  readonly flows: readonly FloodFlow[];
  /** Of each flow. */
  readonly packetsPerSecond: number;
  /** After the last arrival nothing more is waited for when so much time has passed. */
  readonly quietMicros: number;
}

/** Times are microseconds of CLOCK_MONOTONIC. */
export interface FloodReport {
  readonly flows: readonly {
    /** By the packet's number: just before it was sent. */
    readonly sentAt: readonly number[];
    /** Number, PA that it was sent to, and when it was found on the wire at the latest. */
    readonly arrivals: readonly (readonly [number: number, pa: number, time: number])[];
  }[];
}

/** Packets sent at a steady rate while something happens to the gateway, each of them counted. */
export interface Flood {
  /** Resolves when so many more packets of each flow have arrived. */
  arrived(more: number): Promise<void>;
  /** Ends it when all that was sent has arrived, or nothing comes any more. Twice is fine. */
  stop(): Promise<FloodReport>;
}

/** Translates the program behind it. */
export async function compileFlood(): Promise<string> {
  return compileProgram('test/support/flood-program.ts', join(createDirectory('flood'), 'js'));
}

/** @param program from `compileFlood` */
export async function startFlood(
  program: string,
  wires: Readonly<Record<FloodFlow['wire'], { namespace: Namespace; device: string }>>,
  flows: readonly FloodFlow[],
  packetsPerSecond: number,
): Promise<Flood> {
  const place = ({ namespace, device }: (typeof wires)['underlay']) => ({
    ...{ namespace: namespace.name, device },
  });
  const plan: FloodPlan = {
    wires: { underlay: place(wires.underlay), external: place(wires.external) },
    ...{ flows, packetsPerSecond, quietMicros: patience(3_000) * 1000 },
  };
  const background = start(process.execPath, [program, JSON.stringify(plan)]);
  const count = (): number => Number(/arrived (\d+)\s*$/.exec(background.stdout())?.[1] ?? 0);
  const arrived = (more: number): Promise<void> => {
    const wanted = count() + more;
    return background.until(() => count() >= wanted, 30_000 + (5_000 * more) / packetsPerSecond);
  };
  await arrived(1);
  return {
    arrived,
    async stop() {
      background.signal('SIGINT');
      await background.ended;
      const report = /^report (.*)$/m.exec(background.stdout())?.[1];
      if (report === undefined) throw new Error(`no report: ${background.stderr()}`);
      return JSON.parse(report) as FloodReport;
    },
  };
}

/** What went wrong with a flow: numbers of packets that never came, or came again, as ranges. */
export function lossesOf({ sentAt, arrivals }: FloodReport['flows'][number]): {
  readonly lost: string;
  readonly duplicates: string;
} {
  const counts = new Map<number, number>();
  for (const [number] of arrivals) counts.set(number, (counts.get(number) ?? 0) + 1);
  const numbersOf = (isWanted: (count: number) => boolean): string =>
    ranges(sentAt.flatMap((_, number) => (isWanted(counts.get(number) ?? 0) ? [number] : [])));
  return { lost: numbersOf((count) => count === 0), duplicates: numbersOf((count) => count > 1) };
}

export const NO_LOSSES = { lost: '', duplicates: '' };

/** `0-99 105`; the numbers ascend. */
function ranges(numbers: readonly number[]): string {
  const found: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const end = found.at(-1);
    if (end?.last === number - 1) end.last = number;
    else found.push({ first: number, last: number });
  }
  return found
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
    .join(' ');
}

/**
 * ICMP echo and UDP both have 8 bytes of header, and 8 bytes of data here: zeros, of which a number
 * and its complement do not change the checksum.
 */
const DATA_IN_PACKET = 20 + 8;

/** The VM pings an address outside; what arrives are the answers. */
export function pingFrom(vm: VmPlace, outside: string): FloodFlow {
  const frame = fromVm(vm, icmp({ from: vm.address, to: outside }));
  const counterAt = NvgreOffset.innerPacket + DATA_IN_PACKET;
  return { wire: 'underlay', frame: hex(frame), counterAt, key: keyOf(vm) };
}

/** The outside sends UDP to the VM. */
export function datagramsTo(vm: VmPlace, outside: string): FloodFlow {
  const frame = fromOutside(udp({ from: outside, to: vm.address }));
  const counterAt = NvgreOffset.outerIp + DATA_IN_PACKET;
  return { wire: 'external', frame: hex(frame), counterAt, key: keyOf(vm) };
}

function keyOf({ vsid, address }: VmPlace): string {
  const parsed = parseIp(address);
  if (!isIpv4(parsed)) throw new Error(`${address} is not IPv4.`);
  return `${vsid} ${parsed}`;
}
