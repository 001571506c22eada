import { runSuccessfully } from './run.js';

/**
 * Limits what enters a user-space ESP device: what comes faster than charon encrypts would queue
 * in its memory without end. Does nothing new the second time.
 * @param networkNamespace path
 * @throws NvgateError
 */
export async function limitTunnelDevice(networkNamespace: string, device: string): Promise<void> {
  const tbf = ['tbf', 'rate', '200mbit', 'burst', '256kb', 'latency', '50ms'];
  await runSuccessfully(
    { file: 'tc', args: ['qdisc', 'replace', 'dev', device, 'root', ...tbf] },
    networkNamespace,
  );
}
