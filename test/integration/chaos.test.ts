import { afterAll, expect, it } from 'vitest';
import { runChaos } from '../chaos/run-chaos.js';
import { cleanUp } from '../support/process-owner.js';

const SECONDS = 20;
/** Another one each time; NVGATE_SEED makes the strikes of an earlier run again. */
const SEED = Number(process.env['NVGATE_SEED'] ?? Date.now() % 1_000_000_000);

afterAll(cleanUp);

it('whatever is killed, deleted and pushed: others notice nothing, and the end is as the policy says', async () => {
  const said: string[] = [];
  const report = await runChaos({ seconds: SECONDS, seed: SEED, say: (line) => said.push(line) });
  expect(report.findings, `NVGATE_SEED=${SEED}\n${said.join('\n')}`).toEqual([]);
  expect(report.strikes).toBeGreaterThan(5);
}, 600_000);
