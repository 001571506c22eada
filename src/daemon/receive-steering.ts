import { cpus } from 'node:os';
import type { DeviceConfig } from '../config/config.js';
import {
  planSteering,
  readReceiveQueues,
  steer,
  type SteeringPlan,
} from '../dataplane/linux/receive-steering.js';

export interface ReceiveSteeringOptions {
  readonly mode: 'auto' | 'always' | 'never';
  readonly devices: readonly DeviceConfig[];
  /** Between looks, which find devices that have come or been made anew. */
  readonly intervalSeconds: number;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

export interface ReceiveSteering {
  /** Ends; the devices stay as they are. */
  close(): void;
}

/** Keeps the underlay and external devices steering what they receive; tells each change once. */
export function watchReceiveSteering(options: ReceiveSteeringOptions): ReceiveSteering {
  const { mode, log } = options;
  if (mode === 'never') return { close: () => undefined };
  const processors = cpus().length;
  const names = [...new Set(options.devices.map(({ device }) => device))];
  const said = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function tell(plan: SteeringPlan): void {
    const outcome = plan.because ?? 'steered';
    if (said.get(plan.device) === outcome && plan.queues.length === 0) return;
    said.set(plan.device, outcome);
    log.info(
      { device: plan.device, outcome, processors },
      plan.queues.length > 0
        ? 'Packets that a device receives are handed to all processors by flow'
        : 'Receive steering of a device is as it should be, or not ours to change',
    );
  }

  async function look(): Promise<void> {
    try {
      const queues = await readReceiveQueues(names);
      const plans = queues.map((each) =>
        planSteering(each, mode === 'always' ? mode : 'auto', processors),
      );
      await steer(plans, processors);
      plans.forEach(tell);
      said.delete('');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (said.get('') !== reason) log.warn({ reason }, 'Receive steering is not set');
      said.set('', reason);
    }
    if (closed) return;
    timer = setTimeout(() => void look(), options.intervalSeconds * 1_000).unref();
  }

  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
