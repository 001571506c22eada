import type { RunContext } from '../run-context.js';

export async function measureVpn(_context: RunContext): Promise<void> {
  await Promise.resolve();
}
