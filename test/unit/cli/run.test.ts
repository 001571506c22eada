import { beforeEach, expect, it, vi } from 'vitest';
import type { Config } from '../../../src/config/config.js';
import { NvgateError } from '../../../src/errors.js';
import { run } from './terminal.js';

const daemon = vi.hoisted(() => ({ startDaemon: vi.fn() }));
vi.mock('../../../src/daemon.js', () => daemon);

beforeEach(() => void daemon.startDaemon.mockReset());

it('runs the daemon with the configuration until it is told to stop', async () => {
  const stop = new AbortController();
  const stopped = vi.fn(() => Promise.resolve());
  const started = new Promise<Config>((resolve) => {
    daemon.startDaemon.mockImplementation((config: Config) => {
      resolve(config);
      return Promise.resolve({ stop: stopped });
    });
  });
  const ran = run(['run', '--config', 'config/nvgate.yaml'], { interruption: () => stop.signal });
  expect(await started).toMatchObject({ instance: 'nvgate', api: { port: 7637 } });
  expect(stopped).not.toHaveBeenCalled();
  stop.abort();
  expect(await ran).toMatchObject({ exit: 0, stdout: '', stderr: '' });
  expect(stopped).toHaveBeenCalledOnce();
});

it('stops at once when the signal came while it started', async () => {
  const stop = new AbortController();
  const stopped = vi.fn(() => Promise.resolve());
  daemon.startDaemon.mockImplementation(() => {
    stop.abort();
    return Promise.resolve({ stop: stopped });
  });
  expect((await run(['run'], { interruption: () => stop.signal })).exit).toBe(0);
  expect(stopped).toHaveBeenCalledOnce();
});

it('fails with what the daemon says', async () => {
  daemon.startDaemon.mockRejectedValue(new NvgateError('kernelFeatureMissing', 'No BPF.'));
  expect(await run(['run'])).toMatchObject({
    exit: 1,
    stderr: 'error: No BPF. (kernelFeatureMissing)\n',
  });
});

it('does not start with a wrong configuration', async () => {
  expect((await run(['run', '--config', '/nonexistent'])).exit).toBe(1);
  expect(daemon.startDaemon).not.toHaveBeenCalled();
});
