/**
 * Metric of the routes that only count where there is no other: the largest that both families
 * have (`linux/rows` adds one for IPv6).
 */
export const LAST_RESORT_METRIC = 0xffff_fffe;

/**
 * The kernel's metric for a policy's. IPv6 takes 0 for 1024, so that 0 would win in one family and
 * lose in the other; one more than the policy's compares alike in both.
 */
export function kernelMetric(policyMetric: number): number {
  return Math.min(policyMetric + 1, LAST_RESORT_METRIC - 1);
}
