import type { Tally } from '../tally.js';
import { tryRun } from '../support/process.js';
import { KernelUnavailable, provideKernel, type KernelImage } from './boot/kernel-package.js';
import { QEMU } from './boot/machine.js';
import { runSuite } from './run-suite.js';
import { suitesNamed, usualSuites } from './suites.js';

/**
 * The project `kernel`, in guests with a stock kernel, one boot a suite. All of it is one skip where
 * there can be no guest.
 * @param names of suites, or parts of their files' names; all suites where there is none, and where
 *   it is absent those of every run
 */
export async function runKernel(names?: readonly string[]): Promise<Tally> {
  const { chosen, leftOut } = usualSuites();
  if (names === undefined)
    console.log(
      `left to npm run test:kernel, for they take long: ${leftOut.map(({ name }) => name).join(', ')}`,
    );
  const suites = names === undefined ? chosen : suitesNamed(names);
  if (suites.length === 0) return { passed: 0, failed: 0, skipped: [] };
  let kernel: KernelImage;
  try {
    kernel = await provide();
  } catch (error) {
    if (!(error instanceof KernelUnavailable)) throw error;
    return { passed: 0, failed: 0, skipped: [{ test: 'kernel', reason: error.message }] };
  }
  console.log(`Linux ${kernel.release}`);
  const tallies: Tally[] = [];
  for (const suite of suites) {
    const begin = Date.now();
    console.log(`\nkernel: ${suite.name}`);
    tallies.push(await runSuite(suite, kernel));
    console.log(`${suite.name}: ${Math.round((Date.now() - begin) / 1000)} s`);
  }
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}

async function provide(): Promise<KernelImage> {
  // The guest runs the host's programs.
  if (process.arch !== 'x64') throw new KernelUnavailable(`the guest is x64, not ${process.arch}`);
  const { status, stderr } = await tryRun(QEMU, ['--version']);
  if (status !== 0) throw new KernelUnavailable(`${QEMU} does not run: ${stderr.trim()}`);
  return provideKernel();
}
