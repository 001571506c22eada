import type { Gateway } from '../support/gateway.js';
import type { Check, Stage } from './check.js';
import { cleanUpCheck } from './checks/clean-up.js';
import { countersCheck } from './checks/counters.js';
import { frameCheck } from './checks/frame.js';
import { gatewayCheck } from './checks/gateway.js';
import { isolationCheck } from './checks/isolation.js';
import { liveMigrationCheck } from './checks/live-migration.js';
import { natCheck } from './checks/nat.js';
import { pathMtuCheck } from './checks/path-mtu.js';
import { policyCheck } from './checks/policy.js';
import { portForwardingCheck } from './checks/port-forwarding.js';
import { remoteConnectionsCheck } from './checks/remote-connections.js';
import { restartCheck } from './checks/restart.js';
import { routedCheck } from './checks/routed.js';
import { sceneCheck } from './checks/scene.js';
import { throughputCheck } from './checks/throughput.js';
import { vmToVmCheck } from './checks/vm-to-vm.js';
import { createRecorder, type Recorder, type Report } from './report.js';
import type { Screen } from './screen.js';

/** Once the policy is there, in this order. */
const TRAFFIC: readonly Check[] = [
  vmToVmCheck,
  frameCheck,
  routedCheck,
  natCheck,
  portForwardingCheck,
  isolationCheck,
  pathMtuCheck,
  liveMigrationCheck,
  remoteConnectionsCheck,
  restartCheck,
  throughputCheck,
  countersCheck,
];

const LOG_LINES = 20;

export interface DemoResult {
  readonly report: Report;
  /** What still runs, where it was to be kept. */
  readonly kept?: Stage;
}

export async function runDemo(screen: Screen, keep: boolean): Promise<DemoResult> {
  const recorder = createRecorder(screen, 3 + TRAFFIC.length + (keep ? 0 : 1));
  const stage = await prepare(recorder);
  const pushed =
    stage === undefined ? skip(recorder, policyCheck) : await attempt(recorder, policyCheck, stage);
  for (const check of TRAFFIC) {
    if (stage !== undefined && pushed) await attempt(recorder, check, stage);
    else skip(recorder, check);
  }
  if (stage !== undefined && !recorder.report().ok) showLog(screen, stage.gateway);
  if (keep) return { report: recorder.report(), ...(stage === undefined ? {} : { kept: stage }) };
  await recorder.attempt({
    ...cleanUpCheck,
    run: (say) => cleanUpCheck.run(stage?.gateway, say),
  });
  return { report: recorder.report() };
}

async function prepare(recorder: Recorder): Promise<Stage | undefined> {
  const built = await recorder.attempt(sceneCheck);
  if (built === undefined) {
    skip(recorder, gatewayCheck);
    return undefined;
  }
  const { scene } = built;
  const started = await recorder.attempt({
    ...gatewayCheck,
    run: (say) => gatewayCheck.run(scene, say),
  });
  return started === undefined ? undefined : { scene, gateway: started.gateway };
}

async function attempt(recorder: Recorder, check: Check, stage: Stage): Promise<boolean> {
  const outcome = await recorder.attempt({ ...check, run: (say) => check.run(stage, say) });
  return outcome !== undefined;
}

function skip(recorder: Recorder, check: { readonly id: string; readonly title: string }): false {
  recorder.skip(check, 'not run: what it needs has failed');
  return false;
}

function showLog(screen: Screen, gateway: Gateway): void {
  screen.text('', 'The last lines of the gateway’s log:');
  for (const line of gateway.log().trimEnd().split('\n').slice(-LOG_LINES)) screen.line(line);
}
