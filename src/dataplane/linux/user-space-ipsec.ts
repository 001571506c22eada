import { runSuccessfully } from './run.js';

/**
 * What charon encrypts without falling behind on two plain cores. A packet costs it the same
 * whatever its length, so that each counts as a full one (`mpu`): 13,400 a second.
 */
const TOKEN_BUCKET = 'tbf rate 150mbit burst 64kb limit 256kb mpu 1400';

/**
 * Limits what enters a user-space ESP device: what comes faster than charon encrypts would queue
 * in its memory without end. Does nothing new the second time.
 * @param networkNamespace path
 * @throws NvgateError `kernelOperationFailed`
 */
export async function limitTunnelDevice(networkNamespace: string, device: string): Promise<void> {
  const args = ['qdisc', 'replace', 'dev', device, 'root', ...TOKEN_BUCKET.split(' ')];
  await runSuccessfully({ file: 'tc', args }, networkNamespace);
}
