// What is not shared does not exist: not by address, not by file id, not over a socket, and not a second after a role was taken away.
import { expect, test } from '../people.ts';
import { writerOn } from '../writer.ts';

const file = '/volumes/team%2Flab/files/README.md';

test('[AC2] somebody outside of the team sees nothing of it, by any way', async ({ ada, mallory }) => {
  await mallory.page.goto('/v/team%2Flab/f/README.md');
  await expect(mallory.page.getByText(/not shared with you|no such|does not exist/i).first()).toBeVisible();
  await expect(mallory.page.getByText('A small team volume')).toHaveCount(0);
  const { id } = (await ada.api('GET', '/volumes/team%2Flab/tree')).files.find(
    (entry: { path: string }) => entry.path === 'README.md',
  );
  for (const way of [
    file,
    '/volumes/team%2Flab/tree',
    '/volumes/team%2Flab/commits',
    '/volumes/team%2Flab/search?q=team',
    `/files/${id}`,
    '/volumes/team%2Flab/export',
    '/teams/lab',
  ])
    await expect(mallory.api('GET', way), way).rejects.toThrow(/404/);
  await expect(mallory.api('PUT', file, 'mine now')).rejects.toThrow(/404/);
  const code = await mallory.page.evaluate(
    ([id]) =>
      new Promise<number>((done) => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/sync/${id}?epoch=1`);
        socket.onclose = (event) => done(event.code);
      }),
    [id],
  );
  expect(code).toBe(4404);
});

test('without a session there is only the way in', async ({ browser, world }) => {
  const page = await (await browser.newContext({ baseURL: world.origin })).newPage();
  await page.goto('/v/team%2Flab/f/README.md');
  await expect(page).toHaveURL(/\/sign-in/);
  const answer = await page.request.get(`${world.origin}/api/v1${file}`);
  expect(answer.status()).toBe(401);
});

test('an address that has no page, and a run that is not there, say so', async ({ ada }) => {
  for (const address of ['/nothing/here', '/settings/nothing']) {
    await ada.page.goto(address);
    await expect(ada.page.getByRole('heading', { name: 'There is no page at this address' })).toBeVisible();
  }
  await ada.page.getByRole('link', { name: 'Go to LLMos' }).click();
  await expect(ada.page).toHaveURL(/\/v\/team\/lab/);
  await ada.page.goto('/run/00000000-0000-0000-0000-000000000000');
  await expect(ada.page.getByRole('heading', { name: 'There is no run here for you' })).toBeVisible();
  await expect(ada.page.getByText('Running', { exact: true })).toHaveCount(0);
});

test('[SY10] [AC3] who loses the role is out within two seconds, with the editor open', async ({ ada, ben }) => {
  await ada.api('PUT', '/volumes/team%2Flab/files/secret.md', 'for the team\n');
  await ben.open('team/lab', 'secret.md');
  const b = writerOn(ben.page);
  await b.expectLight('server', 'done');
  await ada.api('DELETE', '/teams/lab/members/ben');
  await expect(ben.page.getByRole('heading', { name: 'There is no volume team/lab for you' })).toBeVisible({
    timeout: 5_000,
  });
  await expect(b.content).toHaveCount(0);
  await expect(ben.api('GET', '/volumes/team%2Flab/files/secret.md')).rejects.toThrow(/404/);
  expect(await ada.api('GET', '/volumes/team%2Flab/files/secret.md')).toBe('for the team\n');
  await ada.api('PUT', '/teams/lab/members/ben', { role: 'editor' });
});

test('a page of another site cannot act for a person who is signed in', async ({ ada, world }) => {
  const answer = await ada.context.request.fetch(`${world.origin}/api/v1${file}`, {
    method: 'DELETE',
    headers: { origin: 'https://evil.example' },
  });
  expect(answer.status()).toBe(403);
  expect(await ada.api('GET', file)).toContain('A small team volume');
});
