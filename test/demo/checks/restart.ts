import type { GatewayAnswer } from '../../../provider/answer-schemas.js';
import { startPing } from '../../support/ping.js';
import { sleep } from '../../support/process.js';
import { EXTERNAL } from '../../support/scene-plan.js';
import { customerAddressOf } from '../cast.js';
import { OFFICE_HOST } from './remote-connections.js';
import { demand, type Check } from '../check.js';
import { ask } from '../nvgate.js';
import { lostOf, summaryOf } from '../ping-text.js';

/** Milliseconds without a daemon. */
const DOWN = 1_500;

export const restartCheck: Check = {
  id: 'restart',
  title: 'Kill the daemon (kill -9) and start it again while packets flow',
  async run(stage, say) {
    const { scene, gateway } = stage;
    const before = await ask<GatewayAnswer>(stage, ['status']);
    const pings = [
      {
        way: 'blue1 -> blue3, VM to VM',
        running: startPing(scene.vms.blue1.namespace, customerAddressOf('blue3')),
      },
      {
        way: 'blue1 -> physical network, routed',
        running: startPing(scene.vms.blue1.namespace, EXTERNAL.physicalHost),
      },
      {
        way: 'red1 -> outside, NAT',
        running: startPing(scene.vms.red1.namespace, EXTERNAL.host),
      },
      {
        way: 'blue1 -> its office, IPsec',
        running: startPing(scene.vms.blue1.namespace, OFFICE_HOST),
      },
    ];
    await Promise.all(pings.map(({ running }) => running.answered(5)));

    say(`$ kill -9 ${gateway.pid()}`);
    await gateway.stop('SIGKILL');
    await sleep(DOWN);
    const unreachable = await gateway.cli(['status']);
    say(`$ nvgate status  (exit status ${unreachable.status})`);
    say(`  ${unreachable.stderr.trim()}`);
    demand(unreachable.status === 3, 'Something still answers as the gateway.');

    say(`$ nvgate run --config ${gateway.configFile}`);
    await gateway.start();
    const after = await ask<GatewayAnswer>(stage, ['status']);
    say(`policy revision ${before.revision} before, ${after.revision} after`);
    await sleep(500);
    let transmitted = 0;
    for (const { way, running } of pings) {
      const result = await running.stop();
      transmitted += result.transmitted;
      say(`${way}: ${summaryOf(result)}`);
      demand(lostOf(result) === 0, `${way}: ${summaryOf(result)}`);
    }
    demand(after.revision === before.revision, 'The policy is not the one of before.');
    return {
      detail: `0 of ${transmitted} pings lost on four ways, policy revision ${after.revision} is still there`,
      figures: { pings: transmitted, lost: 0 },
    };
  },
};
