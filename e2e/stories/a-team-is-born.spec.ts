// A team is born: from an empty data folder to two people in one file, and one of them out again.
import { expect, test as base, type Page } from '@playwright/test';
import { startWorld, type World } from '../world.ts';
import { writerOn } from '../writer.ts';

const test = base.extend<object, { emptyWorld: World }>({
  emptyWorld: [
    async ({}, use) => {
      const world = await startWorld();
      await use(world);
      await world.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

const fillAccount = async (page: Page, name: string, password: string) => {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
};

test('the first visit makes the administrator and a team; a link brings a second person in; taking them out closes what they had open', async ({
  browser,
  emptyWorld,
}) => {
  const ada = await (await browser.newContext({ baseURL: emptyWorld.origin })).newPage();
  await ada.addInitScript(() => {
    const seen = ((window as unknown as { seen: Set<string> }).seen = new Set());
    const look = () => seen.add(document.querySelector('h1')?.textContent ?? '');
    new MutationObserver(look).observe(document, { subtree: true, childList: true });
  });
  await ada.goto('/');
  await expect(ada.getByRole('heading', { name: 'Set up your workspace' })).toBeVisible();
  const seen = await ada.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen].filter(Boolean));
  expect(seen).toEqual(['Set up your workspace']); // a page to sign in is nothing for somebody who has no account
  await fillAccount(ada, 'Ada Okafor', 'password1');
  await expect(ada.getByText('among the first that anybody would try')).toBeVisible();
  await fillAccount(ada, 'Ada Okafor', 'violet tangent stone');
  await expect(ada.getByLabel('Sign-in name')).toHaveValue('ada');
  await ada.getByRole('checkbox', { name: /original LLMos/ }).press('Enter'); // sends the form, and ticks nothing
  await expect(ada.locator('.cm-content')).toContainText('A small team volume to try things in', { timeout: 30_000 });
  await expect(ada.locator('#svelte-announcer')).toHaveText('README.md · team/lab · LLMos'); // said to who cannot see it

  await ada.goto('/settings/teams/lab');
  await ada.getByRole('button', { name: 'Make a link' }).click();
  const link = await ada.getByLabel('It is shown only this once').inputValue();

  const ben = await (await browser.newContext({ baseURL: emptyWorld.origin })).newPage();
  await ben.goto('/sign-up');
  await expect(ben.getByRole('heading', { name: 'By invitation' })).toBeVisible();
  await ben.goto(link);
  await expect(ben.getByText('Ada Okafor invited you as an editor.')).toBeVisible();
  await fillAccount(ben, 'Ben Carter', 'copper lantern river');
  await ben.getByRole('button', { name: 'Create account and join Lab' }).click();
  // who made the link sees who came by it, and that it is spent
  await expect(ada.getByRole('heading', { name: '2 members' })).toBeVisible();
  await expect(ada.getByLabel('It is shown only this once')).toHaveCount(0);
  await ben.getByText('README.md').first().click();
  await expect(ben.locator('.cm-content')).toContainText('A small team volume to try things in', { timeout: 30_000 });

  // two people in one file
  await ada.goto(ben.url());
  const [a, b] = [writerOn(ada), writerOn(ben)];
  await a.expectLight('server', 'done');
  await b.atEndOf('A small team volume');
  await b.type(' Ben is here.');
  await a.expectText('Ben is here.');
  await b.expectLight('commit', 'done', { timeout: 20_000 });

  const late = await (await browser.newContext({ baseURL: emptyWorld.origin })).newPage();
  await late.goto(link);
  await expect(late.getByRole('heading', { name: 'This invitation no longer works' })).toBeVisible();

  await ada.goto('/settings/teams/lab');
  await ada.getByLabel('Role of Ada Okafor').selectOption('viewer');
  await expect(ada.getByText('A team needs an owner')).toBeVisible();
  await expect(ada.getByLabel('Role of Ada Okafor')).toHaveValue('owner');
  await ada.getByRole('button', { name: 'Take out Ben Carter' }).click();
  await ada.getByRole('alertdialog').getByRole('button', { name: 'Take out Ben Carter' }).click();
  // [AC3] two seconds at the server; the rest is the browser's
  await expect(ben.getByText('There is no volume team/lab for you')).toBeVisible();
  await expect(ben.locator('.cm-content')).toHaveCount(0);
});

test('signing out everywhere ends the other browser, and the way back leads to where one was', async ({
  browser,
  emptyWorld,
}) => {
  const signIn = async (page: Page) => {
    await page.getByLabel('Sign-in name').fill('ada');
    await page.getByRole('textbox', { name: 'Password' }).fill('violet tangent stone');
    await page.keyboard.press('Enter');
  };
  const [here, there] = await Promise.all(
    [0, 1].map(async () => (await browser.newContext({ baseURL: emptyWorld.origin })).newPage()),
  );
  await here!.goto('/settings/tokens');
  await here!.waitForURL(/\/sign-in\?next=/);
  await here!.getByLabel('Sign-in name').fill('ada');
  await here!.getByRole('textbox', { name: 'Password' }).fill('not this one');
  await here!.keyboard.press('Enter');
  await expect(here!.getByText('Name and password do not match.')).toBeVisible();
  await signIn(here!);
  await here!.waitForURL('**/settings/tokens');

  await here!.getByLabel('What is it for').fill('Nightly export');
  await here!.getByRole('button', { name: 'Make token' }).click();
  const token = await here!.getByLabel('It is shown only this once').inputValue();
  const me = () => here!.request.get('/api/v1/me', { headers: { authorization: `Bearer ${token}`, cookie: '' } });
  expect((await me()).status()).toBe(200);
  await here!.getByRole('button', { name: 'Take back Nightly export' }).click();
  await here!.getByRole('alertdialog').getByRole('button', { name: 'Take back Nightly export' }).click();
  await expect(here!.getByText('No tokens yet')).toBeVisible();
  expect((await me()).status()).toBe(401);

  await there!.goto('/sign-in');
  await signIn(there!);
  await there!.waitForURL('**/v/**');
  await here!.goto('/settings/account');
  await here!.getByRole('button', { name: 'Sign out everywhere' }).click();
  await here!.getByRole('alertdialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  // two ways lead there at once: the answer, and the socket that the server closes
  await expect(here!).toHaveURL(/\/sign-in/);
  await expect(there!).toHaveURL(/\/sign-in/);
});
