import { expect, test } from 'vitest';
import { batchErrors, runTasks } from '../../../../src/dataplane/linux/batch.js';
import type { OwnStep } from '../../../../src/dataplane/linux/step.js';

test('what ip says is given to the line that it says it of', () => {
  const stderr = [
    'Cannot find device "none"',
    'Command failed -:1',
    'Error: ipv4: Address already assigned.',
    'Command failed -:3',
    'RTNETLINK answers: File exists',
    'Command failed -:12',
    '',
  ].join('\n');
  expect([...batchErrors(stderr)]).toEqual([
    [1, 'Cannot find device "none"'],
    [3, 'Error: ipv4: Address already assigned.'],
    [12, 'RTNETLINK answers: File exists'],
  ]);
});

test('after a failure the rest of its owner is left out and the others go on', async () => {
  const done: string[] = [];
  const step = (name: string, fails = false): OwnStep => ({
    tool: 'own',
    act: () => {
      done.push(name);
      return fails ? Promise.reject(new Error(`${name} refused`)) : Promise.resolve();
    },
  });
  const failures = await runTasks([
    { owner: 'blue', step: step('blue 1') },
    { owner: 'red', step: step('red 1', true) },
    { owner: 'red', step: step('red 2') },
    { owner: 'blue', step: step('blue 2') },
  ]);
  expect(done).toEqual(['blue 1', 'red 1', 'blue 2']);
  expect([...failures]).toEqual([['red', 'red 1 refused']]);
});
