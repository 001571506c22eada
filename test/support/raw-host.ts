import type { PolicyDocument } from '../../provider/schemas.js';
import { namespaceName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { isIpv4, parseIp } from '../../src/net/ip.js';
import { createGateway, type Gateway } from './gateway.js';
import { foreignNamespace } from './namespace.js';
import { udp, type Payload } from './packets.js';
import { eventually } from './process.js';
import {
  fromOutside,
  fromVm,
  GATEWAY_PA,
  vmPlace,
  type Traffic,
  type VmPlace,
} from './raw-host-frames.js';
import { openRawSocket } from './raw-host-socket.js';
import { patched } from './spoilt-packets.js';
import { createWires, type Wires } from './raw-host-wires.js';
import { EXTERNAL, PROVIDER_ADDRESSES } from './scene-plan.js';

/** What the gateway has counted: `verdict vsid` (VSID 0: before one is known) and packets, if any. */
export type Counted = Readonly<Record<string, number>>;

/**
 * A gateway between two wires on which the test itself plays everybody else: all hosts on the
 * underlay, every router outside. No other stack answers, so what is on a wire the gateway sent.
 */
export interface RawHosts {
  readonly gateway: Gateway;
  readonly wires: Wires;
  /**
   * Sends the frames, each from the far end of its wire, and answers with all that comes out of
   * the gateway, once nothing more will: a packet in each direction, sent behind them, has come
   * through. So each call also shows that the traffic of others goes on.
   */
  pass(frames: Partial<Traffic>, ...leaving: readonly LeavingFrame[]): Promise<Traffic>;
  /** What the gateway has counted since the last call, its own CLI asked; `pass` adds nothing. */
  counted(): Promise<Counted>;
  remove(): Promise<void>;
}

/** A frame as a routing domain's own kernel sends it towards the virtual network. */
export interface LeavingFrame {
  readonly routingDomain: string;
  readonly frame: Uint8Array;
}

/** Who sends and receives the packets that show that the gateway is done. */
export interface Witness {
  readonly vm: VmPlace;
  readonly outside: string;
  /** Where the outside reaches the VM; its own address if absent. UDP port 4791 is used. */
  readonly reachedAt?: string;
  /** The gateway's PA; that of the scene if absent. */
  readonly gatewayPa?: string;
}

export interface RawHostsOptions {
  readonly policy: PolicyDocument;
  /** PAs on the underlay besides those of the scene's hosts. */
  readonly providerAddresses?: readonly string[];
  /** blue1 and the physical network if absent. */
  readonly witness?: Witness;
  /** Keys of the gateway's configuration that differ from the defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Starts a gateway and pushes the policy. 203.0.113.2 is its external address. */
export async function createRawHosts(options: RawHostsOptions): Promise<RawHosts> {
  const { policy, providerAddresses = [] } = options;
  const witness = options.witness ?? { vm: vmPlace('blue1'), outside: EXTERNAL.physicalHost };
  const { host1, host2 } = PROVIDER_ADDRESSES;
  const wires = await createWires([host1, host2, ...providerAddresses]);
  const gateway = createGateway(wires.gateway, options.settings);
  await gateway.start();
  await gateway.apply(policy);

  let witnesses = 0;
  let witnessesBefore = 0;
  let before: Counted = {};
  return {
    ...{ gateway, wires },
    async pass(frames, ...leaving) {
      wires.take();
      for (const each of leaving) sendLeaving(gateway, each);
      for (const frame of frames.underlay ?? []) wires.underlay.send(frame);
      for (const frame of frames.external ?? []) wires.external.send(frame);
      const mark = `witness ${(witnesses += 1)}.`;
      sendWitness(wires, witness, mark);
      return receiveUpTo(mark, wires);
    },
    async counted() {
      const now = await readCounters(gateway);
      const own = witnesses - witnessesBefore;
      const { vsid } = witness.vm;
      const difference = subtract(now, before, {
        [`decapsulated ${vsid}`]: own,
        [`encapsulated ${vsid}`]: own,
      });
      before = now;
      witnessesBefore = witnesses;
      return difference;
    },
    async remove() {
      await gateway.remove();
      wires.remove();
    },
  };
}

export function sendLeaving(gateway: Gateway, { routingDomain, frame }: LeavingFrame): void {
  const name = namespaceName(gateway.instance, RoutingDomainId(routingDomain));
  const vnet = openRawSocket(foreignNamespace(name), 'vnet');
  vnet.send(frame);
  vnet.close();
}

const WITNESS_PORT = 4791;

function sendWitness(wires: Wires, witness: Witness, mark: string): void {
  const { vm, outside, reachedAt = vm.address, gatewayPa = GATEWAY_PA } = witness;
  const packet = (from: string, to: string): Payload => {
    const ports = { fromPort: WITNESS_PORT, toPort: WITNESS_PORT };
    const plain = udp({ from, to, ...ports, data: Buffer.from(mark) });
    // With an option that means nothing it takes the longest way there is: behind all others. Those
    // whose witness speaks IPv6 have no other way.
    return isIpv4(parseIp(from)) ? patched(plain, { options: 1 }) : plain;
  };
  wires.underlay.send(fromVm(vm, packet(vm.address, outside), { to: gatewayPa }));
  wires.external.send(fromOutside(packet(outside, reachedAt)));
}

async function receiveUpTo(mark: string, wires: Wires): Promise<Traffic> {
  const came: { underlay: Uint8Array[]; external: Uint8Array[] } = { underlay: [], external: [] };
  const isWitness = (frame: Uint8Array): boolean => Buffer.from(frame).includes(mark);
  await eventually(`what ${mark} waits for comes out of both sides of the gateway`, () => {
    const { underlay, external } = wires.take();
    came.underlay.push(...underlay);
    came.external.push(...external);
    return (came.underlay.some(isWitness) && came.external.some(isWitness)) || undefined;
  });
  const others = (frames: readonly Uint8Array[]): Uint8Array[] =>
    frames.filter((frame) => !isWitness(frame));
  return { underlay: others(came.underlay), external: others(came.external) };
}

/** What the kernels of routing domains say about IPv6 groups: encap drops it, the number varies. */
const GROUP_REPORTS = 'innerMulticast 0';

/** Which way a packet has gone is not asked here: one that goes past the kernel counts the same. */
const BY_THE_KERNEL: Readonly<Record<string, string>> = {
  externalIn: 'encapsulated',
  externalOut: 'decapsulated',
};

/** Of packets that have been counted in their subnets as well, whichever way they have gone. */
const BESIDE_THE_KERNEL: readonly string[] = ['relayedIn', 'relayedOut'];

async function readCounters(gateway: Gateway): Promise<Counted> {
  const answer = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
    readonly counters: readonly { vsid: number; verdict: string; packets: number }[];
  };
  const counted = new Map<string, number>();
  for (const { vsid, verdict, packets } of answer.counters) {
    if (BESIDE_THE_KERNEL.includes(verdict)) continue;
    const key = `${BY_THE_KERNEL[verdict] ?? verdict} ${vsid}`;
    if (key !== GROUP_REPORTS) counted.set(key, (counted.get(key) ?? 0) + packets);
  }
  return Object.fromEntries(counted);
}

function subtract(from: Counted, ...others: readonly Counted[]): Counted {
  const rest = Object.entries(from).map(([key, packets]): [string, number] => [
    key,
    others.reduce((left, other) => left - (other[key] ?? 0), packets),
  ]);
  return Object.fromEntries(rest.filter(([, packets]) => packets !== 0));
}
