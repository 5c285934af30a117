// Where two texts meet that nobody can join without a person: a backup that was restored under unsent words, a program and a person
// at the same words, a server that takes no more of what is typed. What to do is a click in the editor, and nothing is lost.
import path from 'node:path';
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const volume = 'team/lab';
const address = '/volumes/team%2Flab';
const stored = (person: Person, file: string): Promise<string> => person.api('GET', `${address}/files/${file}`);

/** A line of the editor about the state of the file. */
const noteOf = (person: Person, words: string) => person.page.locator('.note', { hasText: words });

/** What the page of a person throws, which nobody would see otherwise. */
function errorsOf(person: Person): string[] {
  const errors: string[] = [];
  person.page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}

test('[SY5] a backup is restored while words are unsent: a click merges them into the text as it is now', async ({
  ada,
  ben,
  world,
}) => {
  const errors = errorsOf(ada);
  await ada.api('PUT', `${address}/files/rebuilt.md`, 'one\n\ntwo\n\nthree\n');
  const [a, b] = [writerOn(ada.page), writerOn(ben.page)];
  for (const person of [ada, ben]) {
    await person.open(volume, 'rebuilt.md');
    await writerOn(person.page).expectLight('server', 'done');
  }
  const backup = path.join(world.dataDir, 'now.tar.gz');
  await world.admin('backup', '--to', backup);
  await world.stop();
  await a.atEndOf('one');
  await a.type(' from Ada');
  await world.admin('restore', '--from', backup);
  await world.start();

  await expect(noteOf(ada, 'This file was rebuilt on the server.')).toBeVisible({ timeout: 30_000 });
  await a.type(' and no more'); // taken by nobody: the text waits for an answer
  expect(await a.text()).toBe('one from Ada\n\ntwo\n\nthree\n');
  // who had nothing unsent goes on without a question
  await b.expectLight('server', 'done', { timeout: 30_000 });
  await expect(noteOf(ben, 'This file was rebuilt on the server.')).toHaveCount(0);
  await b.atEndOf('three');
  await b.type(' from Ben');
  await b.expectLight('server', 'done');

  await ada.page.getByRole('button', { name: 'Merge as text' }).click();
  for (const writer of [a, b]) await writer.expectText(/^one from Ada\n\ntwo\n\nthree from Ben\n$/);
  await expect(ada.page.getByText('Your words are in the file.')).toBeVisible();
  await a.expectLight('server', 'done');
  expect(await stored(ben, 'rebuilt.md')).toBe('one from Ada\n\ntwo\n\nthree from Ben\n');
  await a.atEndOf('two');
  await a.type(', again'); // and the file is as any other
  await b.expectText('two, again');
  expect(errors).toEqual([]);
});

test('[GI5] a program and a person change the same words: a card in the text, settled by a click for everybody', async ({
  ada,
  ben,
}) => {
  const { oid } = await ada.api(
    'PUT',
    `${address}/files/clash.md`,
    'The pump runs at five bar.\n\nIt is checked daily.\n',
  );
  const [a, b] = [writerOn(ada.page), writerOn(ben.page)];
  for (const person of [ada, ben]) {
    await person.open(volume, 'clash.md');
    await writerOn(person.page).expectLight('server', 'done');
  }
  await a.atEndOf('five bar.');
  for (let i = 0; i < 'five bar.'.length; i++) await ada.page.keyboard.press('Backspace');
  await a.type('six bar.');
  await a.expectLight('server', 'done');
  const sent = 'The pump runs at seven bar.\n\nIt is checked every day.\n';
  const { conflicts } = await ben.api('PUT', `${address}/files/clash.md`, sent, { 'if-match': `"${oid}"` });
  expect(conflicts).toHaveLength(1);

  // what did not clash is there, what did is a card for both
  await a.expectText('It is checked every day.');
  const card = (page: Person) => page.page.getByRole('region', { name: /^Conflict at line 1/ });
  for (const person of [ada, ben]) {
    await expect(card(person)).toContainText('six');
    await expect(card(person)).toContainText('seven');
  }
  await card(ada).getByRole('button', { name: "Take Ben's" }).click();
  for (const person of [ada, ben]) await expect(card(person)).toHaveCount(0);
  for (const writer of [a, b]) await writer.expectText(/^The pump runs at seven bar\.\n\nIt is checked every day\.\n$/);
  await expect.poll(() => stored(ada, 'clash.md')).toBe(sent);
});

test('[SY10] a role is taken and given back while somebody types: the page says so and goes on', async ({
  ada,
  ben,
}) => {
  const errors = errorsOf(ben);
  await ada.api('PUT', `${address}/files/role.md`, 'start\n');
  await ben.open(volume, 'role.md');
  const b = writerOn(ben.page);
  await b.expectLight('server', 'done');
  await b.atEndOf('start');
  for (let round = 1; round <= 2; round++) {
    const typing = b.type(Array.from({ length: 40 }, (_, i) => ` ${round}x${i}`).join(''));
    await ben.page.waitForTimeout(300);
    await ada.api('PUT', '/teams/lab/members/ben', { role: 'viewer' });
    await typing;
    await expect(ben.page.getByText('You can read').first()).toBeVisible();
    await ada.api('PUT', '/teams/lab/members/ben', { role: 'editor' });
    await expect(ben.page.getByText('You can read')).toHaveCount(0);
    await b.expectLight('server', 'done', { timeout: 20_000 });
    await b.atTheEnd();
    await b.type(`after ${round} `);
    await b.expectLight('server', 'done');
    await expect.poll(() => stored(ada, 'role.md')).toContain(`after ${round} `);
  }
  expect(await stored(ada, 'role.md')).toBe(await b.text());
  expect(errors).toEqual([]);
});

const endings: Record<number, string> = {
  4400: 'The server did not accept an edit from this tab.',
  4401: 'You are signed out.',
  4403: 'You may not change this file any more.',
  4404: 'This file is gone, or no longer shared with you.',
  4413: 'This is too large for one file.',
};

test('a file that is refused says why, whatever the reason, and the other files open', async ({ ada }) => {
  const errors = errorsOf(ada);
  const { id } = await ada.api('PUT', `${address}/files/refused.md`, 'words\n');
  for (const [code, sentence] of Object.entries(endings)) {
    await ada.page.unrouteAll();
    await ada.page.goto('/settings');
    await ada.page.routeWebSocket(new RegExp(`/sync/${id}`), (socket) =>
      socket.close({ code: Number(code), reason: '' }),
    );
    await ada.page.goto('/v/team/lab/f/refused.md');
    await expect(noteOf(ada, sentence)).toBeVisible();
    await ada.page.getByRole('treeitem', { name: /README\.md/ }).click();
    await writerOn(ada.page).expectLight('server', 'done');
    await ada.page.getByRole('tab', { name: /refused\.md/ }).click();
    await expect(noteOf(ada, sentence)).toBeVisible();
  }
  expect(errors).toEqual([]);
});
