// The library: everything that can be used from a volume, counted from real runs; found by meaning, evolved, compared with what it hides
// and came from, brought in from elsewhere, and taken along.
import fs from 'node:fs';
import path from 'node:path';
import type { Download, Page } from '@playwright/test';
import { chatOn } from '../chatPanel.ts';
import { expectNoFaults } from '../faults.ts';
import { expect, testWithModel as test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const folder = path.join(import.meta.dirname, '..', 'screens');
const libraryOn = (page: Page) => {
  const details = page.getByRole('complementary').filter({ has: page.getByRole('region', { name: 'Which one wins' }) });
  return {
    row: (name: string) =>
      page.getByRole('option').filter({ has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) }),
    details,
    section: (name: string) => page.getByRole('region', { name }),
    search: page.getByRole('searchbox', { name: 'Search' }),
  };
};
const open = async ({ page }: Person, volume = 'team/lab') => {
  await page.goto(`/library?volume=${encodeURIComponent(volume)}`);
  await expect(page.getByRole('listbox', { name: 'Definitions' })).toBeVisible();
};
const entriesOf = async (download: Download): Promise<string> => fs.readFileSync(await download.path(), 'latin1');

test.beforeEach(({ model }) => model.reset());

test('[LI2] a definition is evolved, wins, is run by two people and counted; and compared with what it hides', async ({
  ada,
  ben,
  model,
}) => {
  test.setTimeout(180_000);
  const { page } = ada;
  const a = libraryOn(page);
  await open(ada);
  await a.row('PlanningAgent').click();
  await expect(a.section('Last runs')).toContainText('None in 30 days.');
  await a.section('Evolve').getByRole('button', { name: 'Into Lab' }).click();
  await expect(page).toHaveURL(/\/v\/team\/lab\/f\/agents\/PlanningAgent\.md/);

  // the team makes it its own, and works with it
  const file = '/volumes/team%2Flab/files/agents/PlanningAgent.md';
  const text: string = await ada.api('GET', file);
  expect(text).toMatch(/evolved_from: system\/agents\/PlanningAgent\.md@[0-9a-f]{12}/);
  await expect(page.locator('.cm-content').first()).toBeVisible();
  const writer = writerOn(page);
  await writer.expectLight('server', 'done');
  await writer.atTheEnd();
  await writer.type('\nNever plan more than five steps, says the lab.\n');
  await writer.expectLight('commit', 'done', { timeout: 30_000 });
  model.on('Plan the week', [
    { calls: [{ name: 'search_files', args: { query: 'pump' } }] },
    { text: 'Five steps, no more.' },
  ]);
  for (const [who, goal, status] of [
    [ada, 'Plan the week', 'Done'],
    [ben, 'Plan the week', 'Done'],
  ] as const) {
    await who.open('team/lab', 'agents/PlanningAgent.md');
    await who.page.getByRole('button', { name: 'Run this agent' }).click();
    const chat = chatOn(who.page);
    await chat.say(`/llmos "${goal}" @PlanningAgent`, { team: true });
    await chat.expectStatus(status);
    expect(JSON.stringify(model.seen.at(-1)!.messages)).toContain('Never plan more than five steps');
  }

  await open(ada);
  const row = a.row('PlanningAgent');
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('team');
  await expect(row).toContainText('hides system');
  await expect(row).toContainText(/2\s*runs in 30 days/);
  await expect(row).toContainText(/100\s%/);
  await expect(row.getByRole('img', { name: 'Ben' })).toBeVisible(); // who ran it last
  await expect(a.row('search_files')).toContainText(/2\s*calls in 30 days/);
  // the most used first, and back
  const first = page.getByRole('group', { name: 'Agents' }).getByRole('option').first();
  await page.getByRole('button', { name: 'Order by runs, 30 d' }).click();
  await expect(first).toContainText('PlanningAgent');
  await page.getByRole('button', { name: 'Runs, 30 d, most first' }).click();
  await expect(first).not.toContainText('PlanningAgent');
  await page.getByRole('button', { name: 'Runs, 30 d, fewest first' }).click();
  await expect(first).toContainText('AppletDebuggerAgent');
  await row.click();
  await expect(a.section('Last runs').getByRole('link')).toHaveCount(2);
  await expect(a.section('Last runs')).toContainText('Plan the week');
  await page.screenshot({ path: path.join(folder, 'library-used-light-wide.png') });
  await expectNoFaults(page, 'library with its details');

  // by the keys: compared with what it hides, and the words that differ
  await page.getByRole('listbox', { name: 'Definitions' }).focus();
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/compare=origin/);
  await expect(page.locator('.monaco-diff')).toContainText('says the lab', { timeout: 30_000 });
  await page.getByRole('radio', { name: /^system/ }).click();
  await expect(page).toHaveURL(/compare=system/);
  const sides = page.getByRole('group', { name: 'What is compared' });
  await expect(sides.getByRole('link').first()).toContainText('system');
  await expect(sides.getByRole('link').last()).toContainText('team/lab');
  await page.getByRole('radio', { name: 'Inline' }).click();
  await expect(page.locator('.monaco-diff')).toContainText('says the lab');
  await page.screenshot({ path: path.join(folder, 'library-compare-light-wide.png') });
  await expectNoFaults(page, 'compare');
  const link = page.url();
  await page.getByRole('button', { name: 'Close the comparison' }).click();
  await expect(page.getByRole('listbox', { name: 'Definitions' })).toBeVisible();

  // the link shows a teammate the same; on a phone as rows
  await ben.page.setViewportSize({ width: 390, height: 844 });
  await ben.page.goto(link);
  await expect(ben.page.locator('.diff-rows')).toContainText('says the lab');
  await ben.page.screenshot({ path: path.join(folder, 'library-compare-light-narrow.png') });
  await expectNoFaults(ben.page, 'compare on a phone');
});

test('[LI2] it is found by meaning, and what hides what is told', async ({ ada, ben }) => {
  await ada.api(
    'PUT',
    '/volumes/team%2Flab/files/agents/Soil.md',
    '---\nname: SoilKeeper\ndescription: Watches how moist the earth in the pots is and tells when to water\n---\nYou do.\n',
  );
  await ben.api(
    'PUT',
    '/volumes/user%2Fben/files/agents/Soil.md',
    '---\nname: SoilKeeper\ndescription: Ben’s own way with plants\n---\nYou do it Ben’s way.\n',
  );
  const { page } = ada;
  const a = libraryOn(page);
  await open(ada);
  await a.search.fill('plants are thirsty, irrigation');
  await expect(page.getByRole('listbox', { name: 'Definitions' }).getByRole('option').first()).toContainText(
    'SoilKeeper',
  );
  await a.search.fill('zzzz qqqq xxxx');
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await a.search.fill('');
  await expect(a.row('SoilKeeper')).toContainText('team');

  // for Ben his own wins, and the team's is shown as hidden when he asks for it
  const b = libraryOn(ben.page);
  await open(ben);
  await expect(b.row('SoilKeeper')).toHaveCount(1);
  await expect(b.row('SoilKeeper')).toContainText('hides team');
  await ben.page.getByRole('button', { name: 'More of the library' }).click();
  await ben.page.getByRole('menuitem', { name: 'Show hidden ones' }).click();
  await expect(b.row('SoilKeeper')).toHaveCount(2);
  await expect(b.row('SoilKeeper').last()).toContainText('hidden by user');
  await b.row('SoilKeeper').last().click();
  await ben.page.getByRole('button', { name: 'Compare with the one of user/ben' }).click();
  await expect(ben.page.locator('.monaco-diff')).toContainText('Ben’s way', { timeout: 30_000 });
});

test('[LI3] agents and skills of elsewhere are dropped on the page, looked at, and then imported; others leave as they came', async ({
  ada,
  vera,
}) => {
  const { page } = ada;
  const a = libraryOn(page);
  await open(ada);
  const reviewer =
    '---\nname: pr-reviewer\ndescription: Reviews pull requests\ntools: Read, Grep\nmaxTurns: many\n---\n\nYou review.\n';
  const drop = async (files: [string, string][]) => {
    const data = await page.evaluateHandle((given) => {
      const transfer = new DataTransfer();
      for (const [name, text] of given) transfer.items.add(new File([text], name));
      return transfer;
    }, files);
    const list = page.getByRole('listbox', { name: 'Definitions' });
    await list.dispatchEvent('dragover', { dataTransfer: data });
    await expect(page.getByText('Drop agents, skills or tools here')).toBeVisible();
    await list.dispatchEvent('drop', { dataTransfer: data });
  };
  await drop([
    ['pr-reviewer.md', reviewer],
    ['shopping.txt', 'milk'],
  ]);
  const dialog = page.getByRole('dialog', { name: 'Import definitions' });
  await expect(dialog.getByRole('list', { name: 'What comes' })).toContainText('agents/pr-reviewer.md');
  await expect(dialog).toContainText(/Line 5: .*maxTurns/);
  await expect(dialog).toContainText('1 file left out');
  await page.waitForTimeout(200); // the fade is over
  await expectNoFaults(page, 'import');
  await page.screenshot({ path: path.join(folder, 'library-import-light-wide.png') });
  const there = async () => JSON.stringify((await ada.api('GET', '/volumes/team%2Flab/tree')).files);
  expect(await there()).not.toContain('pr-reviewer'); // looked at, not written
  await dialog.getByLabel('What pr-reviewer is').selectOption('skill');
  await expect(dialog).toContainText('skills/pr-reviewer/SKILL.md');
  await dialog.getByLabel('What pr-reviewer is').selectOption('agent');
  await expect(dialog).toContainText('agents/pr-reviewer.md');
  await dialog.getByRole('button', { name: 'Import pr-reviewer into Lab' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(a.row('pr-reviewer')).toHaveAttribute('aria-selected', 'true');
  expect(await ada.api('GET', '/volumes/team%2Flab/files/agents/pr-reviewer.md')).toBe(reviewer);

  // it leaves for Claude Code byte for byte; a skill of the system with its standard header
  const [agents] = await Promise.all([
    page.waitForEvent('download'),
    a.section('Export').getByRole('link', { name: '.claude/agents' }).click(),
  ]);
  expect(await entriesOf(agents)).toContain('.claude/agents/pr-reviewer.md');
  const skill = page.getByRole('group', { name: 'Skills' }).getByRole('option').first();
  const name = (await skill.locator('b').innerText()).trim();
  await skill.click();
  const [skills] = await Promise.all([
    page.waitForEvent('download'),
    a.section('Export').getByRole('link', { name: 'Agent Skill' }).click(),
  ]);
  expect(await entriesOf(skills)).toContain(`skills/${name}/SKILL.md`);

  // a whole folder by the picker, as a zip that was just exported, into one's own files
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('menuitem', { name: 'Files or an archive' }).click(),
  ]);
  await chooser.setFiles({
    name: 'skills.zip',
    mimeType: 'application/zip',
    buffer: fs.readFileSync(await skills.path()),
  });
  await dialog.getByLabel('Into which volume').selectOption('user/ada');
  await expect(dialog).toContainText('will hide');
  await dialog.getByRole('button', { name: /^Import .* into / }).click();
  await expect(dialog).toHaveCount(0);
  expect(JSON.stringify((await ada.api('GET', '/volumes/user%2Fada/tree')).files)).toContain(`skills/${name}/SKILL.md`);

  // who only reads brings things into their own volume, not into the team's
  await open(vera);
  await vera.page.getByRole('button', { name: 'Import', exact: true }).click();
  const [other] = await Promise.all([
    vera.page.waitForEvent('filechooser'),
    vera.page.getByRole('menuitem', { name: 'Files or an archive' }).click(),
  ]);
  await other.setFiles({ name: 'mine.md', mimeType: 'text/markdown', buffer: Buffer.from(reviewer) });
  const hers = vera.page.getByRole('dialog', { name: 'Import definitions' });
  await expect(hers.getByLabel('Into which volume').locator('option')).toHaveCount(1);
});

test('the library in both themes and at both widths, by the keyboard, and when it cannot be read', async ({ ada }) => {
  test.setTimeout(120_000);
  const { page } = ada;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [width, size] of Object.entries({
      wide: { width: 1440, height: 900 },
      narrow: { width: 390, height: 844 },
    })) {
      await page.setViewportSize(size);
      await open(ada);
      await page.waitForLoadState('networkidle');
      await expectNoFaults(page, `library, ${colorScheme}, ${width}`);
      if (width === 'narrow') {
        const first = page.getByRole('listbox', { name: 'Definitions' }).getByRole('option').first();
        const before = await first.innerText();
        await page.getByLabel('Order by', { exact: true }).selectOption({ label: 'Name, from Z to A' });
        await expect(first).not.toHaveText(before, { useInnerText: true });
      }
      await page.screenshot({ path: path.join(folder, `library-list-${colorScheme}-${width}.png`) });
      await page.getByRole('listbox', { name: 'Definitions' }).focus();
      await page.keyboard.press('ArrowDown');
      await expect(page.getByRole('region', { name: 'Which one wins' })).toBeVisible();
      await expect(page.getByRole('region', { name: 'Last runs' })).toBeVisible();
      await expectNoFaults(page, `library with details, ${colorScheme}, ${width}`);
      await page.screenshot({ path: path.join(folder, `library-details-${colorScheme}-${width}.png`) });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('region', { name: 'Which one wins' })).toHaveCount(0);
    }
  }
  await page.route('**/api/v1/library?*', (route) => route.fulfill({ status: 503, body: '{}' }));
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto('/library?volume=team%2Flab');
  await expect(page.getByText('The library did not load')).toBeVisible();
  await page.unroute('**/api/v1/library?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('listbox', { name: 'Definitions' })).toBeVisible();
});
