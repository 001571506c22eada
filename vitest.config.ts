import { defineConfig } from 'vitest/config';

/** A suite that touches the kernel: one file at a time, because two cores and one network stack are shared. */
const kernel = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

/** In the guest of test/kernel there is one project, whose files are named by the suite. */
const guest = {
  name: 'kernel',
  include: ['test/{contract,integration,interop,kernel}/**/*.test.ts'],
  ...kernel,
  ...{ testTimeout: 300_000, hookTimeout: 300_000 },
};

export default defineConfig({
  test: {
    projects:
      process.env['NVGATE_GUEST'] === '1'
        ? [{ test: guest }]
        : [
            { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
            { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
            { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...kernel } },
            {
              test: {
                name: 'differential',
                include: ['test/differential/**/*.test.ts'],
                ...kernel,
              },
            },
            {
              test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...kernel },
            },
            { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], ...kernel } },
          ],
  },
});
