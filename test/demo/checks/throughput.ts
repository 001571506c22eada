import { packetsPerSecond } from '../../bench/load/generator.js';
import { createNvgate } from '../../bench/topology/nvgate.js';
import type { Path } from '../../bench/topology/path.js';
import { createPlain } from '../../bench/topology/plain.js';
import { demand, type Check } from '../check.js';

const ROUNDS = 5;
const SECONDS = 0.4;

/** The gateway is three namespaces deep: underlay side, routing domain, external side. */
const SAME_HOPS = 3;

export const throughputCheck: Check = {
  id: 'throughput',
  title:
    'Throughput: 60-byte frames from a VM to the outside, and the same by plain kernel routing',
  async run(_, say) {
    const nvgate = await createNvgate('routed', 1);
    const plain = await createPlain({ routers: SAME_HOPS });
    const rounds: { readonly nvgate: number; readonly plain: number }[] = [];
    await rates(nvgate.out, plain.out); // Warms up.
    for (let round = 1; round <= ROUNDS; round++) {
      const rate = await rates(nvgate.out, plain.out);
      rounds.push(rate);
      say(
        `round ${round}: nvgate ${thousands(rate.nvgate)}, plain routing ${thousands(rate.plain)} packets/s`,
      );
    }
    await nvgate.remove();
    await plain.remove();

    // The best rounds: what else runs on the machine only ever takes away.
    const through = Math.max(...rounds.map((round) => round.nvgate));
    const base = Math.max(...rounds.map((round) => round.plain));
    const ratio = through / base;
    demand(through > 0 && base > 0, 'No packet arrived.');
    return {
      detail: `${thousands(through)} packets/s through nvgate, ${ratio.toFixed(2)} of plain kernel routing over as many hops: best of ${ROUNDS} short rounds (\`npm run bench\` measures properly)`,
      figures: {
        nvgatePacketsPerSecond: Math.round(through),
        plainPacketsPerSecond: Math.round(base),
        ratio: Math.round(ratio * 1000) / 1000,
      },
    };
  },
};

async function rates(nvgate: Path, plain: Path): Promise<{ nvgate: number; plain: number }> {
  return {
    nvgate: await packetsPerSecond(nvgate, SECONDS),
    plain: await packetsPerSecond(plain, SECONDS),
  };
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString('en');
}
