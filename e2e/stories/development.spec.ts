// `npm run dev`: the same server with Vite inside. The page comes from its sources, and hears at once when one of them changes.
import { expect, test } from '@playwright/test';
import { startWorld } from '../world.ts';

test('the server starts for development, shows the page from its sources and tells it of changes', async ({
  browser,
}) => {
  test.setTimeout(240_000);
  const world = await startWorld({}, ['--dev']);
  try {
    const page = await (await browser.newContext({ baseURL: world.origin })).newPage();
    const [said, thrown]: [string[], string[]] = [[], []];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => thrown.push(String(error)));
    await page.goto('/sign-up');
    // Vite bundles what it sees for the first time, and may load the page again for it
    await expect(page.getByRole('heading').first()).toBeVisible({ timeout: 120_000 });
    await expect.poll(() => said).toContain('[vite] connected.');
    expect((await page.request.get('/api/v1/auth/options')).ok()).toBe(true);
    expect(thrown).toEqual([]);
    await page.context().close();
  } finally {
    await world.close();
  }
});
