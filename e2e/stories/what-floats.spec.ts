// Menus, hints, popovers and dialogs come when they are first wanted. By pointer and by keyboard, and the focus goes back.
import { expect, test } from '../people.ts';

test('menus, hints and dialogs open by pointer and by key, and give the focus back', async ({ ada }) => {
  const { page } = ada;
  await ada.open('team/lab', 'README.md');

  // a hint after a moment, gone with Esc
  const outline = page.getByRole('button', { name: 'Outline' });
  await outline.hover();
  await expect(page.getByRole('tooltip')).toHaveText('Outline');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('tooltip')).toHaveCount(0);

  // a popover: open, closed by its own button, and by Esc
  await outline.click();
  await expect(page.getByRole('dialog', { name: 'Outline' })).toBeVisible();
  await expect(outline).toHaveAttribute('aria-expanded', 'true');
  await outline.click();
  await expect(page.getByRole('dialog', { name: 'Outline' })).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Outline' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Outline' })).toHaveCount(0);
  await expect(outline).toBeFocused();

  // a menu by key: the first entry is chosen, arrows move, Tab leaves
  const more = page.getByRole('button', { name: 'More for this volume' });
  await more.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Upload files' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Upload a folder' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(more).toBeFocused();

  // a menu by pointer, closed by its button and by a click elsewhere
  await more.click();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.locator('.cm-content').click({ force: true });
  await expect(page.getByRole('menu')).toHaveCount(0);

  // the menu of a row in the tree, and the dialogs behind it
  const row = page.getByRole('treeitem', { name: /README\.md/ });
  await row.click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Move/ }).click();
  await expect(page.getByRole('dialog', { name: 'Move README.md to' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('treeitem', { name: /agents/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Delete/ }).click();
  await expect(page.getByRole('alertdialog')).toContainText('Every version stays in the history');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('alertdialog')).toHaveCount(0);
  await expect(page.getByRole('treeitem', { name: /agents/ })).toBeVisible();

  // what is typed after a choice from a menu: the menu is gone and does not take the focus back
  for (const [entry, label] of [
    ['Rename', 'New name for README.md'],
    ['New file', 'Name of the new file'],
    ['New folder', 'Name of the new folder'],
  ] as const) {
    await row.click({ button: 'right' });
    await page.getByRole('menuitem', { name: entry }).click();
    await expect(page.getByRole('textbox', { name: label })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('textbox', { name: label })).toHaveCount(0);
  }

  // words are looked for before the editor was ever touched
  await ada.open('team/lab', 'README.md');
  await page.locator('.cm-content').focus();
  await page.keyboard.press('Control+f');
  await expect(page.getByRole('textbox', { name: 'Find' })).toBeFocused();

  // two files side by side: the bar between them moves by key
  await page.getByRole('button', { name: 'Split' }).click();
  const bar = page.getByRole('separator', { name: 'Width of the left side' });
  await bar.focus();
  const before = Number(await bar.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowRight');
  await expect(bar).toHaveAttribute('aria-valuenow', String(before + 2));
});

test('keys typed before what they are for has come go to it, and never into the file', async ({ ada }) => {
  const { page } = ada;
  let delay = 0;
  await page.route('**/_app/immutable/**', async (route) => {
    if (delay > 0) await new Promise((done) => setTimeout(done, delay));
    await route.continue().catch(() => {}); // the page may be gone
  });
  /** A page on which nothing that is asked for from now on comes soon. */
  const onSlowNetwork = async () => {
    delay = 0;
    await ada.open('team/lab', 'README.md');
    delay = 700;
    await page.locator('.cm-content').focus();
    await page.keyboard.press('Control+End');
  };
  const before = await ada.api('GET', '/volumes/team%2Flab/files/README.md');

  await onSlowNetwork();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('>show all keyz');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('s');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();

  await onSlowNetwork();
  await page.keyboard.press('Control+f');
  await page.keyboard.type('Lab');
  await expect(page.getByRole('textbox', { name: 'Find' })).toHaveValue('Lab');

  await onSlowNetwork();
  await page.keyboard.press('Control+s');
  await page.keyboard.type('By keys alone');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^Everything is in a version already/)).toBeVisible(); // it was sent
  await expect(page.getByRole('textbox', { name: 'What changed, in a sentence' })).toHaveValue('By keys alone');

  // left again before it came
  await onSlowNetwork();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('never');
  await page.keyboard.press('Escape');
  await page.waitForLoadState('networkidle');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.locator('.cm-content')).toBeFocused();

  expect(await ada.api('GET', '/volumes/team%2Flab/files/README.md')).toBe(before);
});
