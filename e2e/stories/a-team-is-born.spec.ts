// From an empty data folder to two people in one file: the first visit, an invitation link, a line that both see.
import { expect, test as base } from '@playwright/test';
import { password } from '../people.ts';
import { startWorld, type World } from '../world.ts';
import { writerOn } from '../writer.ts';

const test = base.extend<object, { empty: World }>({
  empty: [
    async ({}, use) => {
      const world = await startWorld();
      await use(world);
      await world.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

test('a team is born', async ({ browser, empty }) => {
  const ada = await (await browser.newContext({ baseURL: empty.origin })).newPage();
  await ada.goto('/');
  await expect(ada.getByRole('heading', { name: 'Set up your workspace' })).toBeVisible();
  await ada.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
  await ada.getByLabel('Sign-in name').fill('ada');
  await ada.getByLabel('Password', { exact: true }).fill('12345678');
  await ada.getByRole('button', { name: 'Create account and open Lab' }).click();
  await expect(ada.getByText('This password is among the first that anybody would try')).toBeVisible();
  await ada.getByLabel('Password', { exact: true }).fill(password);
  await ada.getByRole('button', { name: 'Create account and open Lab' }).click();
  await expect(ada).toHaveURL(/\/v\/team/);
  await expect(ada.getByRole('treeitem', { name: /README\.md/ })).toBeVisible();

  await ada.goto('/settings');
  await ada
    .getByRole('link', { name: 'Lab' })
    .or(ada.getByRole('button', { name: 'Lab' }))
    .first()
    .click();
  await ada.getByRole('button', { name: 'Make a link' }).click();
  const link = await ada.getByLabel(/^The link/).inputValue();

  const ben = await (await browser.newContext()).newPage();
  await ben.goto(link);
  await expect(ben.getByRole('heading', { name: 'Join Lab' })).toBeVisible();
  await ben.getByLabel('Name', { exact: true }).fill('Ben');
  await ben.getByLabel('Password', { exact: true }).fill(password);
  await ben.getByRole('button', { name: 'Create account and join Lab' }).click();
  await expect(ben).toHaveURL(/\/v\/team/);

  await ben.getByRole('treeitem', { name: /README\.md/ }).click();
  await ada.goto(ben.url());
  const [a, b] = [writerOn(ada), writerOn(ben)];
  await a.expectLight('server', 'done');
  await b.atEndOf('A small team volume');
  await b.type(' Ben is here.');
  await a.expectText('Ben is here.');
  await b.expectLight('commit', 'done', { timeout: 20_000 });

  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(link);
  await expect(stranger.getByRole('button', { name: /Create account/ })).toHaveCount(0); // a link works once
});
