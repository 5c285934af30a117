// A program that is open in the editor runs on a shared board: who drives is said before, a turn is asked for, the output is seen on the bench.
import { AxeBuilder } from '@axe-core/playwright';
import { benchOn } from '../benchPage.ts';
import { expect, test } from '../people.ts';

test.setTimeout(180_000);

test('[DE2] Ben runs an open file on Ada’s virtual board; Ada waits with hers for his turn to end', async ({
  ada,
  ben,
}) => {
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const name = `sim-${Date.now() % 1000}`;
  const place = await a.startVirtual(name);
  const board = place.split('/').at(-1)!;

  await ben.open('team/lab', 'bench/follow.py');
  await ben.page.getByRole('button', { name: 'Run on a board' }).click();
  const dialog = ben.page.getByRole('dialog', { name: 'Run follow.py on a board' });
  await dialog.getByRole('radio', { name: new RegExp(`^${name} Nobody drives`) }).check();
  await ben.page.screenshot({ path: 'e2e/screens/run-on-board.png' });
  const found = await new AxeBuilder({ page: ben.page }).include('.dialog').analyze();
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await dialog.getByRole('button', { name: `Run on ${name}` }).click();
  await expect(ben.page).toHaveURL(new RegExp(`${board}$`));
  await expect(ben.page.getByText('follow.py runs. What it prints is in the console.')).toBeVisible({
    timeout: 30_000,
  });
  await b.expectShown(/where:.* dark:\d/);
  await a.expectShown(/where:.* dark:\d/);

  // what is open in a tab of her own, by the palette
  const page = await ada.context.newPage();
  await page.goto('/v/team%2Flab/f/bench/follow.py');
  await page.locator('.cm-content').first().click();
  await page.keyboard.press('End');
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('>run this file on a board');
  await page.keyboard.press('Enter');
  const hers = page.getByRole('dialog', { name: 'Run follow.py on a board' });
  await hers.getByRole('radio', { name: new RegExp(`^${name} Ben drives, `) }).check();
  await hers.getByRole('button', { name: `Ask for a turn on ${name}` }).click();
  await expect(page.getByText('runs when it is your turn: Ben drives, you are number 1')).toBeVisible();
  await ben.page.getByRole('button', { name: 'Stop it' }).click();
  await expect(ben.page.getByText('follow.py runs.')).toBeHidden();
  await ben.page.getByRole('button', { name: 'Give the turn back' }).click();
  await page.getByRole('button', { name: 'Take the turn and run' }).click();
  await expect(page.getByText('follow.py runs. What it prints is in the console.')).toBeVisible();

  // a stop ends it, and nothing starts again by itself
  await b.stop().click();
  await expect(page.getByText('follow.py runs.')).toBeHidden();
  await b.panel.getByRole('button', { name: 'Clear the stop' }).click();
  await expect(page.getByText('Nobody drives.', { exact: true })).toBeVisible();
  await expect(page.getByText('follow.py runs')).toBeHidden();

  // the board used last is chosen the next time
  await ben.open('team/lab', 'bench/follow.py');
  await ben.page.getByRole('button', { name: 'Run on a board' }).click();
  await expect(dialog.getByRole('radio', { name: new RegExp(`^${name} `) })).toBeChecked();
});
