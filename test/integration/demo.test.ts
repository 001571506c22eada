import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Report } from '../demo/report.js';
import { start, tryRun } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';

const MAIN = resolve('dist/test/demo/main.js');

afterAll(cleanUp);

it('shows all that it promises, and says so in one JSON object', async () => {
  const { status, stdout, stderr } = await tryRun(process.execPath, [MAIN, '--json'], {
    timeout: 180_000,
  });
  const { ok, checks, figures } = JSON.parse(stdout) as Report;
  expect(
    checks.filter((check) => !check.ok),
    stderr,
  ).toEqual([]);
  expect({ status, ok }).toEqual({ status: 0, ok: true });
  expect(checks.map(({ id }) => id)).toEqual([
    ...['scene', 'gateway', 'policy', 'vm-to-vm', 'frame', 'routed', 'nat', 'port-forwarding'],
    ...['isolation', 'path-mtu', 'live-migration', 'remote-connections', 'restart'],
    ...['throughput', 'counters'],
    'clean-up',
  ]);
  expect(figures['throughput']?.['ratio']).toBeGreaterThan(0);
}, 200_000);

it('leaves nothing behind when it is interrupted', async () => {
  const demo = start(process.execPath, [MAIN]);
  await demo.until((self) => self.stdout().includes('ping'), 60_000);
  expect(namesOf(demo.pid)).not.toEqual([]);
  demo.signal('SIGINT');
  expect(await demo.ended).toBe(130);
  expect(demo.stdout()).toContain('Interrupted. Removing everything.');
  expect(namesOf(demo.pid)).toEqual([]);
}, 120_000);

/** Namespaces, mount points and directories of the process. */
function namesOf(pid: number): string[] {
  return ['/run/netns', '/run', tmpdir()]
    .flatMap((place) => readdirSync(place))
    .filter(
      (name) => name.startsWith(`nvgt-${pid}-`) || name.startsWith(`nvgt${pid.toString(36)}n`),
    );
}
