import { pick, seededChoices, type Choices } from '../support/choices.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import { lostOf, startPing } from '../support/ping.js';
import { eventually, sleep } from '../support/process.js';
import { belongings, comparedAnew, differences, settle } from './end-state.js';
import { createScene, WITNESSES, type Scene } from './scene.js';
import { DAMAGES, STRIKES, type Strike } from './strikes.js';

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told what happens. */
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  readonly strikes: number;
  /** How often a daemon has found objects missing or wrong that no push had touched. */
  readonly repairs: number;
  /** What did not hold; empty where everything did. */
  readonly findings: readonly string[];
}

/** The part of the time, at the end, in which nothing but the gateway itself can mend. */
const LAST_SHARE = 0.3;

/** The longest pause between two strikes, milliseconds. */
const LONGEST_PAUSE = 600;

/**
 * Strikes at a gateway for so many seconds, and judges what it has come to. What it made is removed
 * by `cleanUp` (test/support).
 */
export async function runChaos({ seconds, seed, say }: ChaosOptions): Promise<ChaosReport> {
  const scene = await createScene();
  await settle(scene);
  const before = await belongings(scene);
  say(`The scene stands. ${seconds} s of strikes, seed ${seed}.`);

  const flows = WITNESSES.map((name) => ({
    name,
    flow: startPing(scene.vm(name), scene.lab.external.address, { interval: 0.02 }),
  }));
  for (const { flow } of flows) await flow.answered(5);
  const chaos: Chaos = { scene, choices: seededChoices(seed), say };
  const anything = await strikeFor(chaos, seconds * (1 - LAST_SHARE), STRIKES);
  await scene.controller.client.replacePolicy(scene.policy, { waitSeconds: 60 });
  say('The final policy is pushed. From here on the gateway is left to itself.');
  const strikes = anything + (await strikeFor(chaos, seconds * LAST_SHARE, DAMAGES));

  say(`${strikes} strikes made. The gateway has to settle.`);
  const findings: string[] = [];
  await settle(scene).catch((error: unknown) => findings.push(String(error)));
  const repairs = scene.lab.gateway.log().split('had drifted from the policy').length - 1;
  for (const line of await comparedAnew(scene)) findings.push(`not as the policy says: ${line}`);
  findings.push(...differences(before, await belongings(scene)));
  for (const { name, flow } of flows) {
    const result = await flow.stop();
    const lost = lostOf(result);
    say(`${name}: ${result.received} pings answered, ${lost.length} lost`);
    if (lost.length > 0 || result.received === 0)
      findings.push(`${name} lost ${lost.length} pings: ${lost.slice(0, 20).join(' ')}`);
    if (result.duplicates > 0) findings.push(`${name} had ${result.duplicates} answers twice`);
  }
  findings.push(...(await withoutPolicy(scene)));
  return { strikes, repairs, findings };
}

interface Chaos {
  readonly scene: Scene;
  readonly choices: Choices;
  readonly say: ChaosOptions['say'];
}

/** @returns how many were made */
async function strikeFor(
  { scene, choices, say }: Chaos,
  seconds: number,
  strikes: readonly Strike[],
): Promise<number> {
  const began = Date.now();
  let count = 0;
  while (Date.now() < began + seconds * 1000) {
    const strike = pick(choices, strikes);
    const pause = choices.below(LONGEST_PAUSE);
    say(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${strike.name}`);
    await strike.make(scene, choices);
    count++;
    await sleep(pause);
  }
  return count;
}

/** With the policy everything goes. */
async function withoutPolicy({ lab, controller }: Scene): Promise<string[]> {
  await controller.client.replacePolicy({ apiVersion: 'nvgate/v1' }, { waitSeconds: 60 });
  const left = (): string[] => gatewayNamespaces(lab.gateway.instance);
  await eventually('the namespaces are gone', () => left().length === 0 || undefined).catch(
    () => undefined,
  );
  return left().map((name) => `without policy there is still ${name}`);
}
