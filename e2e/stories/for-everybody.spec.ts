// Every screen, and what opens over it, in both themes and at both widths: nothing that a machine finds is in the way of somebody
// who does not see the page, or has no pointer.
import { expectNoFaults } from '../faults.ts';
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const places = [
  '/v/team/lab/f/agents/NoteKeeper.md',
  '/v/team/lab/h/agents/NoteKeeper.md',
  '/review',
  '/settings/server',
];
const more = [
  '/v/team/lab',
  '/v/team/lab/f/plain.py',
  '/v/user/ada',
  '/settings',
  '/settings/teams/lab',
  '/settings/tokens',
  '/settings/models',
  '/settings/mcp-servers',
  '/settings/connect',
];

async function settle(person: Person) {
  await expect(person.page.getByRole('main').first()).toBeVisible();
  await person.page.waitForLoadState('networkidle');
}

test('no screen has a fault that a machine can find', async ({ ada, ben }) => {
  test.setTimeout(300_000);
  const { page } = ada;
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type()) && !/status of 404/.test(message.text()))
      warnings.push(message.text());
  });
  await ada.api('PUT', '/volumes/team%2Flab/files/plain.py', 'def add(a, b):\n    return a + b  # both\n');
  await ben.open('team/lab', 'agents/NoteKeeper.md');
  const b = writerOn(ben.page);
  await b.expectLight('server', 'done');
  await b.atTheEnd();
  await b.type('\nWritten by Ben, for Ada to review.\n');
  await b.expectLight('commit', 'done', { timeout: 30_000 });
  for (const [width, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    for (const place of width === 'wide' ? [...places, ...more] : places) {
      await page.goto(place);
      await settle(ada);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await expectNoFaults(page, `${place}, ${colorScheme}, ${width}`);
      }
    }
  }
  expect(warnings).toEqual([]);
});

test('nor has what opens over it', async ({ ada, ben }) => {
  test.setTimeout(240_000);
  const { page } = ada;
  await ben.open('team/lab', 'README.md');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await ada.open('team/lab', 'README.md');
    await settle(ada);
    const look = async (name: string, open: () => Promise<void>, shown: string) => {
      await open();
      await expect(page.locator(shown).first()).toBeVisible();
      await page.waitForTimeout(200); // the fade is over
      await expectNoFaults(page, `${name}, ${colorScheme}`);
      await page.keyboard.press('Escape');
      await expect(page.locator(shown)).toHaveCount(0);
    };
    const button = (name: string | RegExp) => page.getByRole('button', { name }).first();
    await look('palette', () => page.keyboard.press('Control+k'), '[role=dialog]');
    await look('menu of the volume', () => button('More for this volume').click(), '[role=menu]');
    await look('menu of a person', () => button(/your menu/).click(), '[role=menu]');
    await look(
      'menu of a file',
      () => page.getByRole('treeitem', { name: /README/ }).click({ button: 'right' }),
      '[role=menu]',
    );
    await look('notifications', () => button(/^Notifications/).click(), '[role=dialog]');
    await look('people here', () => button(/other person here/).click(), '[role=dialog]');
    await look('outline', () => button('Outline').click(), '[role=dialog]');
    await look('save a version', () => button('Save a version').click(), '[role=dialog]');
    await look('a hint', () => button('Outline').hover(), '[role=tooltip]');
    await page.locator('.cm-content').click();
    await look('search in a file', () => page.keyboard.press('Control+f'), '.cm-search');
    await page.goto('/settings/server');
    await settle(ada);
    await button('What to do with Vera').click();
    await look('a new password', () => page.getByRole('menuitem', { name: /password/i }).click(), '[role=dialog]');
  }
});

test('a phone reaches every place, four at once and the others behind "More"', async ({ ada }) => {
  const { page } = ada;
  await page.setViewportSize(sizes.narrow);
  await page.goto('/review');
  await settle(ada);
  const bar = page.getByRole('navigation', { name: 'Places' });
  const words = bar.locator('> *');
  await expect(words).toHaveCount(5);
  await expect(bar.getByRole('link', { name: /^Review/ })).toHaveAttribute('aria-current', 'page');
  for (const word of await words.all()) {
    const box = (await word.boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  }
  const seen = new Set(await bar.getByRole('link').allInnerTexts());
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await bar.getByRole('button', { name: /^More/ }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    await page.waitForTimeout(200); // the fade is over
    await expectNoFaults(page, `More, ${colorScheme}`);
    for (const name of await page.getByRole('menuitem').allInnerTexts()) seen.add(name);
    await page.keyboard.press('Escape');
  }
  for (const name of ['Files', 'Library', 'Runs', 'Memory', 'Applets', 'Review', 'Settings'])
    expect(
      [...seen].some((word) => word.startsWith(name)),
      name,
    ).toBe(true);
  await bar.getByRole('button', { name: /^More/ }).click();
  await page.getByRole('menuitem', { name: 'Memory' }).click();
  await expect(page).toHaveURL(/\/memory/);
  await expect(bar.getByRole('button', { name: 'More, now Memory' })).toHaveAttribute('aria-current', 'page');
});

test('nor has the way in', async ({ browser, world }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await (await browser.newContext({ baseURL: world.origin, colorScheme })).newPage();
    for (const place of ['/sign-in', '/sign-up', '/join/nothing']) {
      await page.goto(place);
      await page.waitForLoadState('networkidle');
      await expectNoFaults(page, `${place}, ${colorScheme}`);
    }
    await page.context().close();
  }
});
