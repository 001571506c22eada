const LARGEST = 0xffff_ffff;

/**
 * The kernel's metric for a policy's. IPv6 takes 0 for 1024, so that 0 would win in one family and
 * lose in the other; one more than the policy's compares alike in both.
 */
export function kernelMetric(policyMetric: number): number {
  return Math.min(policyMetric + 1, LARGEST);
}
