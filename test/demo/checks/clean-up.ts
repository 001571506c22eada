import type { Gateway } from '../../support/gateway.js';
import { eventually } from '../../support/process.js';
import { cleanUp } from '../../support/process-owner.js';
import { demand, type Outcome, type Say } from '../check.js';
import { leftovers, takeFootprint } from '../leftovers.js';

export const cleanUpCheck = {
  id: 'clean-up',
  title: 'Remove everything',
  /** @param gateway where it has been started */
  async run(gateway: Gateway | undefined, say: Say): Promise<Outcome> {
    const footprint = takeFootprint();
    say(`${footprint.size} network namespaces, with all that runs in them`);
    await gateway?.remove();
    cleanUp();
    // What was killed is gone a moment later.
    await eventually('nothing is left', () => leftovers(footprint).length === 0 || undefined).catch(
      () => undefined,
    );
    const left = leftovers(footprint);
    demand(left.length === 0, `Left behind: ${left.join(', ')}`);
    return { detail: 'no namespace, process, mount, pin or file is left behind' };
  },
};
