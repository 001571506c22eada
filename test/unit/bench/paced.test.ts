import { expect, test } from 'vitest';
import { paced } from '../../bench/load/paced.js';

test('packets of a rate are as many as are due, however late the process is woken', async () => {
  let sent = 0;
  const send = (count: number): number => {
    sent += count;
    return count;
  };
  const answer = await paced(send, { seconds: 0.2, packetsPerSecond: 10_000 }, () => false);
  expect(answer.sent).toBe(sent);
  // One burst of ten more than the time that it took asks for, at most.
  expect(answer.sent).toBeLessThanOrEqual(answer.seconds * 10_000 + 10);
  expect(answer.sent).toBeGreaterThan(0);
});

test('frames that the kernel did not take are not counted', async () => {
  const answer = await paced(
    () => 1,
    { seconds: 0.02, packetsPerSecond: 100_000 },
    () => false,
  );
  expect(answer.sent).toBeGreaterThan(0);
  expect(answer.sent).toBeLessThan(answer.seconds * 100_000 + 100);
});

test('it ends when it is stopped', async () => {
  let calls = 0;
  const answer = await paced(
    (count) => ((calls += 1), count),
    { seconds: 3_600 },
    () => calls >= 3,
  );
  expect(calls).toBe(3);
  expect(answer.sent).toBe(3 * 8_192);
});
