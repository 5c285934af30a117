import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,server,scripts}/**/*.test.ts', 'web/lib/**/*.test.ts'],
    globalSetup: './server/platform/testDatabase.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
