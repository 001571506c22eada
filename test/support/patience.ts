/**
 * How many times longer than usual tests wait: 1, or what the environment variable
 * NVGATE_TIME_FACTOR says, as on the emulated machine of test/kernel.
 */
const TIME_FACTOR = Number(process.env['NVGATE_TIME_FACTOR'] ?? 1);

/**
 * How long to wait for something that takes so long at the most on an ordinary machine. For limits
 * only: not for pauses, and not for what the product itself promises.
 */
export function patience(milliseconds: number): number {
  return milliseconds * TIME_FACTOR;
}
