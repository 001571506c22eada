import { significant } from '../statistics.js';
import type { WideGateway } from '../topology/wide-gateway.js';
import type { Api } from './api.js';
import { eventLoopStall, residentMegabytes } from './daemon-figures.js';
import type { RecordsFigures } from './figures.js';
import type { Body } from './policy-lines.js';

export interface PushPlan {
  readonly records: number;
  readonly routingDomains: number;
  readonly body: Body;
  /** The measurement gives up then. */
  readonly seconds: number;
}

/** Pushes the body at once and waits until the kernel has all of it. */
export async function measurePush(
  { gateway }: Pick<WideGateway, 'gateway'>,
  api: Api,
  plan: PushPlan,
): Promise<RecordsFigures> {
  await eventLoopStall(api);
  const began = performance.now();
  const seconds = (): number => significant((performance.now() - began) / 1000);
  const revision = await api.push(plan.body);
  const storedSeconds = seconds();
  const arrived = await api.synchronized(revision, plan.seconds - storedSeconds);
  const synchronizedSeconds = seconds();
  const resident = residentMegabytes(gateway.pid());
  return {
    ...{ records: plan.records, routingDomains: plan.routingDomains },
    ...{ storedSeconds, synchronizedSeconds, gaveUp: !arrived },
    ...{ residentMegabytes: resident.now, residentPeakMegabytes: resident.peak },
    eventLoopStallMilliseconds: await eventLoopStall(api),
  };
}

/** The policy as it is read, pushed whole: a comparison of everything that finds nothing. */
export async function measureFullDiff(api: Api, seconds: number): Promise<number | undefined> {
  const policy = JSON.parse(await api.get('/v1/policy')) as unknown;
  const began = performance.now();
  const revision = await api.put('/v1/policy', policy);
  const arrived = await api.synchronized(revision, seconds);
  return arrived ? significant((performance.now() - began) / 1000) : undefined;
}
