import { NvgreOffset } from '../../src/codec/nvgre.js';
import { foreignNamespace } from './namespace.js';
import type { FloodPlan, FloodReport } from './flood.js';
import { openRawSocket, type RawSocket } from './raw-host-socket.js';

/*
 * The process behind `flood.ts`: sends each flow's packets at its rate and notes what arrives. One of
 * its own, so that no test holds it up; its sockets have room for seconds of waiting.
 *
 *   flood-program PLAN
 *
 * Says on stdout `arrived N` each second (packets so far, of the flow with the fewest). On SIGINT it
 * sends no more, waits for what is on its way, says `report JSON` and ends.
 */

const plan = JSON.parse(process.argv[2] ?? '') as FloodPlan;

/** Of a burst after a pause, so that no queue on the way runs over. */
const BURST = 20;

/** From the beginning of an inner IPv4 packet; ICMP echo and UDP both have 8 bytes before their data. */
const DATA = 28;
const DESTINATION = 16;

const now = (): number => Number(process.hrtime.bigint() / 1000n);

const sockets = new Map<string, RawSocket>();
function socketFor(wire: 'underlay' | 'external'): RawSocket {
  const { namespace, device } = plan.wires[wire];
  const opened = sockets.get(wire) ?? openRawSocket(foreignNamespace(namespace), device);
  sockets.set(wire, opened);
  return opened;
}

const flows = plan.flows.map((flow) => ({
  socket: socketFor(flow.wire),
  frame: Buffer.from(flow.frame, 'hex'),
  counterAt: flow.counterAt,
  sentAt: [] as number[],
  arrivals: [] as FloodReport['flows'][number]['arrivals'][number][],
}));
const byKey = new Map(plan.flows.map(({ key }, index) => [key, flows[index]]));
const arriving = socketFor('underlay');

/** The number of the packet and its complement, so that the checksum stays what it is. */
function sendDue(due: number): void {
  for (const flow of flows)
    for (let burst = 0; burst < BURST && flow.sentAt.length < due; burst++) {
      const number = flow.sentAt.length;
      flow.frame.writeUInt32BE(number, flow.counterAt);
      flow.frame.writeUInt32BE(~number >>> 0, flow.counterAt + 4);
      flow.sentAt.push(now());
      flow.socket.send(flow.frame);
    }
}

function receive(): void {
  for (const bytes of arriving.receive()) {
    const frame = Buffer.from(bytes);
    const inner = NvgreOffset.innerPacket;
    if (frame.length < inner + DATA + 8) continue;
    const vsid = frame.readUIntBE(NvgreOffset.key, 3);
    const flow = byKey.get(`${vsid} ${frame.readUInt32BE(inner + DESTINATION)}`);
    const number = frame.readUInt32BE(inner + DATA);
    if (flow === undefined || frame.readUInt32BE(inner + DATA + 4) !== ~number >>> 0) continue;
    flow.arrivals.push([number, frame.readUInt32BE(NvgreOffset.outerIp + DESTINATION), now()]);
  }
}

const arrived = (): number => Math.min(...flows.map(({ arrivals }) => arrivals.length));

const startedAt = now();
let stoppedAt = 0;
let quietSince = 0;
let seen = 0;
let told = startedAt;
process.on('SIGINT', () => (stoppedAt ||= now()));

function tick(): void {
  const time = now();
  if (stoppedAt === 0) sendDue(Math.floor(((time - startedAt) * plan.packetsPerSecond) / 1e6));
  receive();
  const total = flows.reduce((sum, { arrivals }) => sum + arrivals.length, 0);
  if (total > seen) quietSince = time;
  seen = total;
  if (time - told > 1e6) {
    told = time;
    process.stdout.write(`arrived ${arrived()}\n`);
  }
  const wanted = flows.reduce((sum, { sentAt }) => sum + sentAt.length, 0);
  const isOver =
    stoppedAt > 0 && (total >= wanted || time - Math.max(stoppedAt, quietSince) > plan.quietMicros);
  if (isOver) report();
  else setTimeout(tick, 1);
}

function report(): void {
  // What is there twice comes right behind.
  receive();
  const result: FloodReport = {
    flows: flows.map(({ sentAt, arrivals }) => ({ sentAt, arrivals })),
  };
  process.stdout.write(`report ${JSON.stringify(result)}\n`);
  for (const socket of sockets.values()) socket.close();
}

tick();
