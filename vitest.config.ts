import { defineConfig } from 'vitest/config';

/** A suite that touches the kernel: one file at a time, because two cores and one network stack are shared. */
const kernel = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...kernel } },
      { test: { name: 'differential', include: ['test/differential/**/*.test.ts'], ...kernel } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...kernel } },
      { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], ...kernel } },
    ],
  },
});
