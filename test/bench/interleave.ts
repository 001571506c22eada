import { attempt, type RunContext } from './run-context.js';

/**
 * Measures the subjects in turns, round by round, so that a noisy neighbour hits all alike. Round 0
 * warms up. A subject that fails is named as unavailable and left out from then on.
 * @param what is measured, as the report names it
 */
export async function interleave<Subject extends string>(
  context: Pick<RunContext, 'unavailable' | 'say'>,
  subjects: readonly Subject[],
  rounds: number,
  what: string,
  measure: (subject: Subject, round: number) => Promise<void>,
): Promise<void> {
  const failed = new Set<Subject>();
  for (let round = 0; round <= rounds; round++)
    for (const subject of subjects.filter((each) => !failed.has(each)))
      await attempt(context, `${subject}.${what}`, async () => {
        failed.add(subject);
        await measure(subject, round);
        failed.delete(subject);
      });
}
