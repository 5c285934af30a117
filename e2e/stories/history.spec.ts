// Nothing is ever lost: each pause is a version with the name of who typed it, and whatever was done can be looked at, compared and
// taken back, while the other one goes on typing.
import type { Page } from '@playwright/test';
import { expectNoFaults } from '../faults.ts';
import { expect, test, type Person } from '../people.ts';
import { writerOn, type Writer } from '../writer.ts';

const volume = 'team/lab';
const address = '/volumes/team%2Flab';

type Version = { oid: string; kind: string; message: string; author: { login: string }; review: { state: string } };

const stored = (person: Person, path: string): Promise<string> => person.api('GET', `${address}/files/${path}`);
const versionsOf = async (person: Person, path?: string): Promise<Version[]> =>
  (await person.api('GET', `${address}/commits${path ? `?path=${encodeURIComponent(path)}` : ''}`)).commits;

async function openTogether(path: string, text: string, ada: Person, ben: Person): Promise<[Writer, Writer]> {
  await ada.api('PUT', `${address}/files/${path}`, text);
  const writers: Writer[] = [];
  for (const person of [ada, ben]) {
    await person.open(volume, path);
    const writer = writerOn(person.page);
    await writer.expectLight('server', 'done');
    writers.push(writer);
  }
  return writers as [Writer, Writer];
}

/** Waits until the pause of both is a version of each. */
async function waitForVersions(person: Person, path: string, logins: string[]): Promise<Version[]> {
  let found: Version[] = [];
  await expect
    .poll(
      async () => {
        found = (await versionsOf(person, path)).filter((version) => version.kind === 'pause');
        return logins.every((login) => found.some((version) => version.author.login === login));
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  return found;
}

/** Both type in one pause; then there is one version of each. */
async function bothType(
  path: string,
  ada: Person,
  ben: Person,
): Promise<{ a: Writer; b: Writer; versions: Version[] }> {
  const text = '# Plan\n\nWe calculate summary statistics\n\nWe draw a chart of everything\n\nLast words\n';
  const [a, b] = await openTogether(path, text, ada, ben);
  await a.atEndOf('We draw a chart');
  await b.atEndOf('We calculate');
  await Promise.all([a.type(' with its unit'), b.type(' and the median')]);
  await a.expectText('summary statistics and the median');
  await b.expectText('of everything with its unit');
  return { a, b, versions: await waitForVersions(ada, path, ['ada', 'ben']) };
}

const historyOf = (page: Page, path: string, query = '') => page.goto(`/v/team/lab/h/${path}${query}`);
const timeline = (page: Page) => page.getByRole('listbox', { name: /^Versions of this/ });
const toast = (page: Page, words: string | RegExp) => page.getByText(words).first();

async function takePictures(page: Page, name: string) {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: `e2e/screens/${name}-${theme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Goes on typing until it is told to stop; gives what was typed. */
function keepTyping(writer: Writer): () => Promise<string> {
  let going = true;
  let typed = '';
  const work = (async () => {
    for (let i = 1; going; i++) {
      const word = ` w${i}`;
      await writer.type(word);
      typed += word;
      await writer.page.waitForTimeout(60);
    }
  })();
  return async () => {
    going = false;
    await work;
    return typed;
  };
}

test('[GI3] one pause becomes a version of each, the diff marks their words and the gutter names them', async ({
  ada,
  ben,
}) => {
  const { versions } = await bothType('plan.md', ada, ben);
  const byBen = versions.find((version) => version.author.login === 'ben')!;

  await ada.page.getByRole('button', { name: 'History', exact: true }).click();
  const rows = timeline(ada.page).getByRole('option');
  await expect(rows.filter({ hasText: byBen.oid.slice(0, 7) })).toContainText('unreviewed');
  await rows.filter({ hasText: byBen.oid.slice(0, 7) }).click();
  const diff = ada.page.locator('.monaco-diff');
  await expect(diff.locator('.word-add', { hasText: 'and the median' })).toBeVisible();
  await expect(diff.locator('.word-add', { hasText: 'with its unit' })).toBeVisible(); // the pause is shown whole
  await expect(diff.locator('.blame-row', { hasText: 'Ben' })).toBeVisible();
  await expect(ada.page.getByText('2 versions, one pause')).toBeVisible();
  await expect(ada.page.locator('.change-place')).toHaveText('2 changes');
  await ada.page.keyboard.press('n');
  await expect(ada.page.locator('.change-place')).toHaveText('1 of 2');
  await takePictures(ada.page, 'history');
  await expectNoFaults(ada.page);

  await ada.page.getByRole('button', { name: 'This version alone' }).click();
  await expect(diff.locator('.word-add', { hasText: 'and the median' })).toBeVisible();
  await expect(diff.locator('.word-add', { hasText: 'with its unit' })).toHaveCount(0);

  await ada.page.getByRole('radio', { name: 'Rendered' }).click();
  await expect(ada.page.locator('.rd-side.add')).toContainText('and the median');
  await expectNoFaults(ada.page);
  await ada.page.getByRole('radio', { name: 'Side by side' }).click();

  await ada.page.getByRole('tab', { name: /plan\.md/ }).click();
  await ada.page.getByRole('button', { name: 'Who wrote each line' }).click();
  const gutter = ada.page.locator('.cm-blame');
  await expect(gutter).toContainText('Ben');
  await expect(gutter).toContainText('Ada');
  const a = writerOn(ada.page);
  await a.atEndOf('Last words');
  await a.type('!');
  await expect(gutter).toContainText('now');
});

test('[GI4] a revert takes out one version while the other types, and is undone by another one', async ({
  ada,
  ben,
}) => {
  const { b, versions } = await bothType('revert.md', ada, ben);
  const byBen = versions.find((version) => version.author.login === 'ben')!;
  await historyOf(ada.page, 'revert.md', `?version=${byBen.oid}`);
  await ada.page.getByRole('button', { name: `Revert ${byBen.oid.slice(0, 7)}` }).click();
  const preview = ada.page.getByRole('complementary', { name: 'Preview' });
  await expect(preview.locator('del', { hasText: 'and the median' })).toBeVisible();
  await expect(preview).toContainText('Ben is here; the cursor stays put');
  await expect(preview).toContainText('Nothing is removed from history');
  await takePictures(ada.page, 'revert-preview');
  await expectNoFaults(ada.page);
  await b.atEndOf('Last words');
  const stop = keepTyping(b);
  const before = await versionsOf(ada, 'revert.md');
  await preview.getByRole('button', { name: 'Revert this version' }).click();
  await expect(toast(ada.page, `Reverted ${byBen.oid.slice(0, 7)}, 1 file`)).toBeVisible();
  // the keys go on where they were, and what just happened hides none of the acts
  await expect(ada.page.getByRole('button', { name: `Revert ${byBen.oid.slice(0, 7)}` })).toBeFocused();
  await ada.page.getByRole('button', { name: /^Restore file to/ }).click({ trial: true });
  await b.expectText(/We calculate summary statistics\n/);
  await b.expectText('of everything with its unit');

  await ada.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await b.expectText('summary statistics and the median');
  const typed = await stop();
  await b.expectText(`Last words${typed}`);
  await expect.poll(() => stored(ada, 'revert.md')).toContain(`Last words${typed}`);
  const after = await versionsOf(ada, 'revert.md');
  expect(after.filter((version) => version.kind === 'revert').length).toBe(2);
  for (const { oid } of before) expect(after.some((version) => version.oid === oid)).toBe(true);
});

test('[GI4] a file is restored while the other types; what was typed meanwhile stays, and the undo brings the rest back', async ({
  ada,
  ben,
}) => {
  const { b } = await bothType('restore.md', ada, ben);
  await historyOf(ada.page, 'restore.md');
  await expect(timeline(ada.page)).toBeVisible();
  await b.atEndOf('Last words');
  const stop = keepTyping(b);
  await ada.page.getByRole('button', { name: /^Restore file to/ }).click();
  const preview = ada.page.getByRole('complementary', { name: 'Preview' });
  await preview.getByRole('button', { name: 'Restore this file' }).click();
  await expect(toast(ada.page, /^Restored restore\.md to/)).toBeVisible();
  await b.expectText(/We calculate summary statistics\n\nWe draw a chart of everything\n/);
  const middle = await stop();
  // what Ben typed before the restore is part of what was restored over, and in history; what he types now stays
  const stopAgain = keepTyping(b);
  await ada.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await b.expectText('summary statistics and the median');
  await b.expectText('of everything with its unit');
  const typed = await stopAgain();
  await b.expectText(typed);
  await expect.poll(() => stored(ada, 'restore.md')).toContain(typed);
  expect(middle.length).toBeGreaterThan(0);
  // every word that Ben typed is in the file or in a version of it
  const all = [await stored(ada, 'restore.md')];
  for (const { oid } of await versionsOf(ada, 'restore.md'))
    all.push(await ada.api('GET', `${address}/files/restore.md?at=${oid}`));
  for (const word of middle.trim().split(' ')) expect(all.some((text) => text.includes(word))).toBe(true);
});

test('any two versions are compared, also with the text as it is typed; a version is opened by its link', async ({
  ada,
  ben,
}) => {
  const { a, versions } = await bothType('compare.md', ada, ben);
  const oldest = (await versionsOf(ada, 'compare.md')).at(-1)!;
  await historyOf(ada.page, 'compare.md', `?from=${oldest.oid}&to=live`);
  await expect(ada.page.getByText('as it is typed now')).toBeVisible();
  const b = writerOn(ben.page);
  await b.atEndOf('Last words');
  await b.type(' of Ben');
  await expect(ada.page.locator('.monaco-diff .word-add', { hasText: 'of Ben' })).toBeVisible();
  await expect(ada.page.locator('.monaco-diff .word-add', { hasText: 'and the median' })).toBeVisible();
  expect(versions.length).toBeGreaterThan(1);

  await ada.page.goto(`/v/team/lab/f/compare.md?at=${oldest.oid}`);
  await expect(ada.page.getByText('This is how the file was')).toContainText(oldest.oid.slice(0, 7));
  await expect(ada.page.getByText('We calculate summary statistics', { exact: true })).toBeVisible();
  await expectNoFaults(ada.page);
  await ada.page.getByRole('link', { name: 'Open the file' }).click();
  await a.expectText('and the median');
});

test('[GI4] a deleted file is in the history of the volume, and restoring brings it back', async ({ ada }) => {
  await ada.api('PUT', `${address}/files/lost.md`, '# Lost\n\nBut not for long\n');
  const [head] = await versionsOf(ada);
  await ada.api('DELETE', `${address}/files/lost.md`);
  await ada.page.goto('/v/team/lab/h');
  await timeline(ada.page)
    .getByRole('option', { name: /Delete lost\.md/ })
    .click();
  await expect(ada.page.getByText('Deleted. Restore the version before to bring it back.')).toBeVisible();
  await ada.page.getByRole('button', { name: `Restore volume to ${head!.oid.slice(0, 7)}` }).click();
  const preview = ada.page.getByRole('complementary', { name: 'Preview' });
  await expect(preview).toContainText('comes back');
  await preview.getByRole('button', { name: 'Restore this volume' }).click();
  const dialog = ada.page.getByRole('alertdialog');
  await expect(dialog).toContainText('this can be undone');
  await dialog.getByRole('button', { name: 'Restore this volume' }).click();
  await expect.poll(() => stored(ada, 'lost.md').catch(() => '')).toContain('But not for long');
});

test('[RV3] what the other typed waits in the inbox until somebody reads it', async ({ ada, ben }) => {
  const path = 'reviewed.md';
  const [, b] = await openTogether(path, '# Notes\n\nOne line\n', ada, ben);
  await ada.page.goto('/review');
  await expect(ada.page.getByRole('complementary', { name: 'Inbox' })).toBeVisible();
  await b.atEndOf('One line');
  await b.type(' for the inbox');
  const [version] = await waitForVersions(ada, path, ['ben']);
  const row = ada.page.getByRole('option').filter({ hasText: version!.oid.slice(0, 7) });
  await row.click(); // it came by itself
  const card = ada.page.getByRole('region', { name: path });
  await expect(card.locator('ins', { hasText: 'for the inbox' })).toBeVisible();
  await takePictures(ada.page, 'review');
  await expectNoFaults(ada.page);
  await ada.page.keyboard.press('a');
  await expect(row).toHaveCount(0);
  await ada.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(row).toBeVisible(); // a slip of a key
  await row.click();
  await ada.page.keyboard.press('a');
  await expect(row).toHaveCount(0);
  expect((await versionsOf(ada, path)).find(({ oid }) => oid === version!.oid)!.review.state).toBe('approved');
});

test('[RV3] of three people each finds what they have not looked at, and sees who approved it', async ({
  ada,
  ben,
  mallory,
}) => {
  const path = 'three.md';
  await ada.api('PUT', '/teams/lab/members/mallory', { role: 'editor' });
  const [, b] = await openTogether(path, '# Notes\n\nOne line\n', ada, ben);
  await b.atEndOf('One line');
  await b.type(' for three');
  const [version] = await waitForVersions(ada, path, ['ben']);
  await ada.api('POST', `${address}/reviews`, { oids: [version!.oid] });

  const { page } = mallory;
  await page.goto('/review');
  const row = page.getByRole('option').filter({ hasText: version!.oid.slice(0, 7) });
  await page.getByRole('radio', { name: /New to me/ }).click();
  await expect(row).toContainText('approved by Ada');
  await row.click();
  await expect(page.getByRole('region', { name: path }).locator('ins', { hasText: 'for three' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('approved by Ada');
  await takePictures(page, 'review-new-to-me');
  await expectNoFaults(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(row).toHaveCount(0);
  await historyOf(page, path);
  await expect(
    timeline(page)
      .getByRole('option')
      .filter({ hasText: version!.oid.slice(0, 7) }),
  ).toContainText('reviewed by Ada and Mallory');
  await ada.api('DELETE', '/teams/lab/members/mallory');
});

test.describe('on a phone', () => {
  test('a version is read and approved with a thumb', async ({ ada, ben }) => {
    const path = 'thumb.md';
    const [, b] = await openTogether(path, '# Notes\n\nOne line\n', ada, ben);
    await b.atEndOf('One line');
    await b.type(' for the thumb');
    const [version] = await waitForVersions(ada, path, ['ben']);
    await ada.page.setViewportSize({ width: 390, height: 844 });
    await ada.page.goto('/review');
    await takePictures(ada.page, 'review-phone-inbox');
    await ada.page
      .getByRole('option')
      .filter({ hasText: version!.oid.slice(0, 7) })
      .click();
    await expect(ada.page.locator('ins', { hasText: 'for the thumb' })).toBeVisible();
    await takePictures(ada.page, 'review-phone');
    await expectNoFaults(ada.page);
    const approve = ada.page.getByRole('button', { name: 'Approve' });
    expect((await approve.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    await approve.click();
    await expect
      .poll(async () => (await versionsOf(ada, path)).find(({ oid }) => oid === version!.oid)!.review.state)
      .toBe('approved');
    await historyOf(ada.page, path);
    await expect(timeline(ada.page)).toBeVisible();
    await expectNoFaults(ada.page);
    await timeline(ada.page).getByRole('option').first().click();
    await expect(ada.page.locator('.diff-rows')).toBeVisible();
    await takePictures(ada.page, 'history-phone');
    await expectNoFaults(ada.page);
  });
});
