import { ethernet } from '../../support/packets.js';
import { openRawSocket, type RawSocket } from '../../support/raw-host-socket.js';
import { quantile, significant } from '../statistics.js';
import { routingDomainId } from '../topology/nvgate-policy.js';
import { OUTSIDE, VM_MAC } from '../topology/plan.js';
import { macOf } from '../topology/quiet-namespace.js';
import { smallPacket } from '../topology/small-packet.js';
import type { WideGateway } from '../topology/wide-gateway.js';
import { addressNumber } from '../topology/wire-end.js';
import type { Api } from './api.js';
import { eventLoopStall } from './daemon-figures.js';
import type { ChangeFigures } from './figures.js';
import { hostOf, recordAddress, vsidOf } from './policy-lines.js';

/** The VM that moves between these two hosts: record 0 of routing domain 0. */
export const MOVING_VM = recordAddress(0);
export const MOVING_HOSTS = ['10.1.2.1', '10.1.2.2'] as const;

const CHANGES = 200;
/** No more changes are begun after so many seconds. */
const BUDGET_SECONDS = 40;
const ONE_CHANGE_SECONDS = 30;
const REQUESTS_AT_ONCE = 32;
const PIPELINE_SECONDS = 4;
/** Where the outer destination stands in a frame. */
const OUTER_DESTINATION = 14 + 16;

export interface ChangePlan {
  readonly records: number;
  readonly routingDomains: number;
}

/** One record changes at a time, from the request to the first packet; then as many as can be. */
export async function measureChanges(
  wide: WideGateway,
  api: Api,
  plan: ChangePlan,
): Promise<ChangeFigures> {
  await eventLoopStall(api);
  const times = await timesToPacket(wide, api);
  const pipelinedPerSecond = await changesPerSecond(api, plan);
  return {
    records: plan.records,
    p50Milliseconds: significant(quantile(times, 0.5)),
    p99Milliseconds: significant(quantile(times, 0.99)),
    changes: times.length,
    pipelinedPerSecond: significant(pipelinedPerSecond),
    eventLoopStallMilliseconds: await eventLoopStall(api),
  };
}

async function timesToPacket(wide: WideGateway, api: Api): Promise<number[]> {
  const frame = ethernet({
    destination: await macOf(wide.namespace, 'external'),
    payload: smallPacket(OUTSIDE, MOVING_VM),
  });
  const outside = openRawSocket(wide.outside.namespace, wide.outside.device);
  const host = openRawSocket(wide.host.namespace, wide.host.device);
  const times: number[] = [];
  const end = performance.now() + BUDGET_SECONDS * 1000;
  try {
    for (let change = 1; change <= CHANGES && performance.now() < end; change++)
      times.push(await timeToPacket(api, outside, host, frame, change));
  } finally {
    outside.close();
    host.close();
  }
  return times;
}

/** Milliseconds from the request to the first packet that went to the new host. */
async function timeToPacket(
  api: Api,
  outside: RawSocket,
  host: RawSocket,
  frame: Uint8Array,
  change: number,
): Promise<number> {
  const target = MOVING_HOSTS[change % MOVING_HOSTS.length] ?? MOVING_HOSTS[0];
  const wanted = addressNumber(target);
  const began = performance.now();
  const answered = putRecord(api, 0, 0, target);
  answered.catch(() => undefined);
  const end = began + ONE_CHANGE_SECONDS * 1000;
  let seen: number | undefined;
  while (seen === undefined && performance.now() < end) {
    outside.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
    if (host.receive().some((packet) => destinationOf(packet) === wanted))
      seen = performance.now() - began;
  }
  await answered;
  // A change that never came counts with all the time it was given.
  return seen ?? ONE_CHANGE_SECONDS * 1000;
}

function destinationOf(frame: Uint8Array): number {
  if (frame.byteLength < OUTER_DESTINATION + 4) return 0;
  return new DataView(frame.buffer, frame.byteOffset).getUint32(OUTER_DESTINATION);
}

function putRecord(
  api: Api,
  domain: number,
  index: number,
  providerAddress: string,
): Promise<number> {
  const [vsid, customerAddress] = [vsidOf(domain), recordAddress(index)];
  return api.put(
    `/v1/routing-domains/${routingDomainId(domain)}/lookup-records/${vsid}/${customerAddress}`,
    { vsid, customerAddress, macAddress: VM_MAC, providerAddress },
  );
}

async function changesPerSecond(
  api: Api,
  { records, routingDomains }: ChangePlan,
): Promise<number> {
  const perDomain = Math.max(1, Math.floor(records / routingDomains));
  const began = performance.now();
  const end = began + PIPELINE_SECONDS * 1000;
  let [changes, last] = [0, 0];
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const serial = (changes += 1);
      const domain = serial % routingDomains;
      const index = Math.floor(serial / routingDomains) % perDomain;
      last = Math.max(last, await putRecord(api, domain, index, hostOf(serial)));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, client));
  if (!(await api.synchronized(last, 120)))
    throw new Error(`the kernel did not have ${changes} changes after two minutes`);
  return changes / ((performance.now() - began) / 1000);
}
