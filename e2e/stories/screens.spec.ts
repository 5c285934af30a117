// Pictures of each screen, light and dark, wide and narrow, into e2e/screens/ for people to look at. Beside them: nothing that the
// page loads is refused by its own Content-Security-Policy, and no page is wider than its window.
import path from 'node:path';
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const folder = path.join(import.meta.dirname, '..', 'screens');
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const places: Record<string, string> = {
  workspace: '/v/team/lab/f/README.md',
  agent: '/v/team/lab/f/agents/NoteKeeper.md',
  empty: '/v/user/ada',
  review: '/review',
  'runs-empty': '/runs',
  chat: '/chat',
  workflow: '/v/team/lab/f/workflows/bench-forecast.workflow.md',
  library: '/library?volume=team%2Flab',
  memory: '/memory?volume=team%2Flab',
  applets: '/applets',
  'settings-account': '/settings',
  'settings-models': '/settings/models',
  'settings-connect': '/settings/connect',
  'settings-team': '/settings/teams/lab',
};

async function picture(person: Person, name: string) {
  const overflow = await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, `${name} is wider than its window`).toBeLessThanOrEqual(0);
  await person.page.screenshot({ path: path.join(folder, `${name}.png`) });
}

test('every screen, in both themes and at both widths', async ({ ada, ben }) => {
  test.setTimeout(300_000);
  const refused: string[] = [];
  ada.page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  await ben.open('team/lab', 'agents/NoteKeeper.md');
  const b = writerOn(ben.page);
  await b.expectLight('server', 'done');
  await b.atTheEnd();
  await b.type('\nWritten by Ben, for Ada to review.\n');
  await b.expectLight('commit', 'done', { timeout: 20_000 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await ada.page.emulateMedia({ colorScheme });
    for (const [width, size] of Object.entries(sizes)) {
      await ada.page.setViewportSize(size);
      for (const [name, place] of Object.entries(places)) {
        await ada.page.goto(place);
        await expect(
          ada.page.getByRole('status').filter({ hasText: 'Connected' }).or(ada.page.getByRole('main')).first(),
        ).toBeVisible();
        await ada.page.waitForLoadState('networkidle');
        await picture(ada, `${name}-${colorScheme}-${width}`);
      }
      if (width === 'wide') {
        await ada.page.goto(places.workspace!);
        await ada.page.locator('.cm-content').waitFor();
        await ada.page.keyboard.press('Control+k');
        await expect(ada.page.getByRole('dialog')).toBeVisible();
        await picture(ada, `palette-${colorScheme}-${width}`);
      }
    }
  }
  expect(refused).toEqual([]);
});

test('the way in, in both themes and at both widths', async ({ browser, world }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [width, viewport] of Object.entries(sizes)) {
      const page = await (await browser.newContext({ baseURL: world.origin, colorScheme, viewport })).newPage();
      await page.goto('/sign-in');
      await expect(page.getByRole('heading').first()).toBeVisible();
      await page.screenshot({ path: path.join(folder, `sign-in-${colorScheme}-${width}.png`) });
      await page.context().close();
    }
  }
});
