// The stories run in real Chromium against real servers (e2e/world.ts). scripts/test.mjs finds the browser and names it.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e/stories',
  outputDir: 'e2e/results',
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // Machines of CI are shared and stall: a second try, which the report calls flaky. What fails twice has failed.
  retries: process.env.CI === 'true' ? 1 : 0,
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI === 'true',
  reporter: [['list'], ['json', { outputFile: 'e2e/results/report.json' }]],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
