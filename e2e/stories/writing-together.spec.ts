// Two people write in one file: they see each other, undo only their own words, lose nothing when the network or the server goes,
// keep their session when the file is renamed, and their words when it is deleted.
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const volume = 'team/lab';
const address = '/volumes/team%2Flab';

/** A file of its own for each story, open in the pages of these people. */
async function openTogether(path: string, text: string, ...people: Person[]) {
  await people[0]!.api('PUT', `${address}/files/${path}`, text);
  const writers = [];
  for (const person of people) {
    await person.open(volume, path);
    const writer = writerOn(person.page);
    await writer.expectLight('server', 'done');
    writers.push(writer);
  }
  return writers;
}
const times = (text: string, words: string) => text.split(words).length - 1;
/** What the server has, apart from any browser. */
const stored = (person: Person, path: string): Promise<string> => person.api('GET', `${address}/files/${path}`);

test('[SY11] they see each other, where the other is, and each keystroke', async ({ ada, ben }) => {
  const [a, b] = await openTogether('together.md', '# Plan\n\nFirst line\nSecond line\n', ada, ben);
  await expect(ada.page.getByRole('button', { name: 'Follow Ben' })).toBeVisible();
  await b!.atEndOf('Second line');
  await b!.type(', by Ben');
  await a!.expectText('Second line, by Ben');
  await expect(a!.caretOf('Ben')).toBeVisible();
  await expect(a!.caretOf('Ben')).toHaveClass(/eol/);
  await expect(a!.caretOf('Ben')).toHaveClass(/quiet/); // the flag folds 3 s after the last move
  await ben.page.keyboard.press('Shift+Home');
  await expect(ada.page.locator('.cm-others-selections .rs').first()).toBeVisible();
  await ben.page.close();
  await expect(a!.caretOf('Ben')).toHaveCount(0);
  await expect(ada.page.getByRole('button', { name: 'Follow Ben' })).toHaveCount(0);
});

test('a click on a face follows a person; Esc ends it', async ({ ada, ben }) => {
  const [a, b] = await openTogether(
    'follow.md',
    Array.from({ length: 300 }, (_, i) => `Line ${i + 1}\n`).join(''),
    ada,
    ben,
  );
  await ada.page.getByRole('button', { name: 'Follow Ben' }).click();
  await b!.atTheEnd();
  await expect(a!.content.locator('.cm-line', { hasText: 'Line 300' })).toBeVisible();
  await expect(ada.page.getByText('Following Ben')).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(ada.page.getByText('Following Ben')).toHaveCount(0);
  await ben.page.keyboard.press('Control+Home');
  await b!.type('x');
  await a!.expectText(/^xLine 1/);
  await expect(a!.content.locator('.cm-line', { hasText: 'Line 300' })).toBeVisible();
});

test('[SY9] undo takes back my own words and leaves what the other typed', async ({ ada, ben }) => {
  const [a, b] = await openTogether('undo.md', 'one\n\ntwo\n', ada, ben);
  await a!.atEndOf('one');
  await a!.type(' from Ada');
  await b!.expectText('one from Ada');
  await b!.atEndOf('two');
  await b!.type(' from Ben');
  await a!.expectText('two from Ben');
  for (let i = 0; i < 12; i++) await ada.page.keyboard.press('Control+z');
  await b!.expectText(/^one\n\ntwo from Ben\n$/);
  for (let i = 0; i < 12; i++) await ada.page.keyboard.press('Control+Shift+z');
  await b!.expectText(/^one from Ada\n\ntwo from Ben\n$/);
});

test('[SY8] words typed offline survive a closed tab and meet the words of the other', async ({ ada, ben }) => {
  const [a, b] = await openTogether('offline.md', 'start\n\nend\n', ada, ben);
  await ada.context.setOffline(true);
  await a!.expectLight('server', 'late', { timeout: 12_000 });
  await expect(ada.page.locator('.note', { hasText: 'No connection for' })).toBeVisible();
  await a!.atEndOf('start');
  await a!.type(', Ada offline');
  await b!.atEndOf('end');
  await b!.type(', Ben meanwhile');
  await expect.poll(() => stored(ben, 'offline.md')).toContain('Ben meanwhile');
  expect(await stored(ben, 'offline.md')).not.toContain('Ada offline');
  await ada.page.waitForTimeout(600); // the copy in the browser is written
  await ada.page.close();

  await ada.context.setOffline(false);
  ada.page = await ada.context.newPage();
  await ada.open(volume, 'offline.md');
  const again = writerOn(ada.page);
  for (const writer of [again, b!]) await writer.expectText(/^start, Ada offline\n\nend, Ben meanwhile\n$/);
  await again.expectLight('server', 'done');
  expect(await stored(ben, 'offline.md')).toBe('start, Ada offline\n\nend, Ben meanwhile\n');
});

test('[SY8] two people offline in the same paragraph both keep their words, once', async ({ ada, ben }) => {
  const [a, b] = await openTogether('both-offline.md', 'alpha beta gamma\n', ada, ben);
  await ada.context.setOffline(true);
  await ben.context.setOffline(true);
  await a!.atEndOf('alpha');
  await a!.type(' AdaWasHere');
  await b!.atEndOf('alpha');
  await ben.page.keyboard.press('Home');
  await b!.type('BenWasHere ');
  await ada.context.setOffline(false);
  await ben.context.setOffline(false);
  for (const writer of [a!, b!]) {
    await writer.expectText('BenWasHere alpha beta gamma AdaWasHere');
    await writer.expectLight('server', 'done');
  }
  expect(await a!.text()).toBe(await b!.text());
  expect(times(await stored(ada, 'both-offline.md'), 'WasHere')).toBe(2);
});

test('[SY7] [SY2] the lights tell the truth while the server is killed, and nothing is missing or doubled', async ({
  ada,
  ben,
  world,
}) => {
  const [a, b] = await openTogether('killed.md', 'top\n\nbottom\n', ada, ben);
  await a!.atEndOf('top');
  await b!.atEndOf('bottom');
  const typing = Promise.all([a!.type(' a1 a2 a3 a4 a5 a6'), b!.type(' b1 b2 b3 b4 b5 b6')]);
  await a!.page.waitForTimeout(120);
  await world.kill();
  await typing;
  await a!.type(' a7 a8'); // also where all before was quicker than the kill
  await b!.type(' b7 b8');
  for (const writer of [a!, b!]) {
    await writer.expectLight('server', 'late', { timeout: 12_000 });
    await writer.expectLight('here', 'done');
    await writer.expectLight('commit', 'wait');
  }
  await expect(ada.page.locator('.note', { hasText: 'kept in this browser' })).toBeVisible();
  await world.start();
  const wanted = /^top a1 a2 a3 a4 a5 a6 a7 a8\n\nbottom b1 b2 b3 b4 b5 b6 b7 b8\n$/;
  for (const writer of [a!, b!]) {
    await writer.expectText(wanted);
    await writer.expectLight('server', 'done', { timeout: 20_000 });
  }
  expect(await stored(ada, 'killed.md')).toMatch(wanted);
  await a!.expectLight('commit', 'done', { timeout: 20_000 });
});

test('[SY14] a rename under an open editor keeps the session', async ({ ada, ben }) => {
  const [a, b] = await openTogether('before.md', 'words\n', ada, ben);
  await b!.atEndOf('words');
  await b!.type(' one');
  await ada.api('PATCH', `${address}/files/before.md`, { rename_to: 'moved/after.md' });
  await expect(ben.page.locator('.crumbs')).toContainText('after.md');
  await b!.type(' two'); // the caret never left
  await a!.expectText('words one two');
  await b!.expectLight('server', 'done');
  expect(await stored(ada, 'moved/after.md')).toBe('words one two\n');
});

test('[SY14] a file deleted by another stays open, and can be put back with what was typed', async ({ ada, ben }) => {
  const [, b] = await openTogether('doomed.md', 'keep me\n', ada, ben);
  await b!.atEndOf('keep me');
  await b!.type(', please');
  await b!.expectLight('server', 'done');
  await ada.api('DELETE', `${address}/files/doomed.md`);
  await expect(ben.page.getByText('deleted this file')).toBeVisible();
  expect(await b!.text()).toBe('keep me, please\n');
  await ben.page.getByRole('button', { name: 'Put back' }).click();
  await expect(ben.page.getByText('deleted this file')).toHaveCount(0);
  await b!.atEndOf('keep me');
  await b!.type(' again');
  await b!.expectLight('server', 'done');
  expect(await stored(ada, 'doomed.md')).toBe('keep me, please again\n');
});

test('[SY14] a deleted file can be kept as a copy', async ({ ada, ben }) => {
  const [, b] = await openTogether('copied.md', 'worth keeping\n', ada, ben);
  await ada.api('DELETE', `${address}/files/copied.md`);
  await ben.page.getByRole('button', { name: 'Keep a copy' }).click();
  await expect(ben.page.getByText('deleted this file')).toHaveCount(0);
  await b!.expectText(/^worth keeping\n$/);
  const { files } = await ada.api('GET', `${address}/tree`);
  expect(files.filter((file: { path: string }) => file.path.startsWith('copied'))).toHaveLength(1);
});

test('[SY10] a viewer sees everybody live and changes nothing', async ({ ada, vera }) => {
  const [a, v] = await openTogether('read.md', 'for all to read\n', ada, vera);
  await expect(vera.page.getByText('You can read', { exact: true })).toBeVisible();
  await a!.atEndOf('for all');
  await a!.type(', live');
  await v!.expectText('for all to read, live');
  await expect(v!.caretOf('Ada')).toBeVisible();
  await v!.content.click();
  await v!.type('Vera was here');
  await vera.page.keyboard.press('Control+z');
  await vera.page.waitForTimeout(300);
  expect(await v!.text()).toBe('for all to read, live\n');
  expect(await stored(ada, 'read.md')).toBe('for all to read, live\n');
  await expect(vera.page.locator('[data-light="here"]')).toHaveCount(0);
});

test('a large paste arrives whole', async ({ ada, ben }) => {
  const [a, b] = await openTogether('paste.md', 'x\n', ada, ben);
  await a!.atEndOf('x');
  const words = 'The quick brown fox, 🦊 jumps.\n'.repeat(20_000); // 620 kB, more than one update may carry
  await a!.content.evaluate((element, text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, words);
  await a!.expectLight('server', 'done', { timeout: 45_000 });
  await expect.poll(() => b!.text().then((text) => text.length), { timeout: 45_000 }).toBe(words.length + 2);
  await ada.page.keyboard.press('Control+z');
  await b!.expectText(/^x\n$/);
});

test('a version is saved by a key, with words for it', async ({ ada }) => {
  const [a] = await openTogether('saved.md', 'draft\n', ada);
  const sentence = ada.page.getByLabel('What changed, in a sentence');
  // a machine that stalls may take so long that the pause is a version first: then the sentence waits for the next one
  await expect(async () => {
    await a!.atEndOf('draft');
    await a!.type(', better');
    await ada.page.keyboard.press('Control+s');
    await sentence.fill('Say it better');
    await ada.page.keyboard.press('Enter');
    await expect(ada.page.getByText(/Saved version [0-9a-f]{7}/)).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await expect(sentence).toHaveCount(0);

  // nothing was typed since: no version, and the sentence is not lost
  await ada.page.keyboard.press('Control+s');
  await sentence.fill('Said too late');
  await ada.page.keyboard.press('Enter');
  await expect(ada.page.getByText('Your sentence is kept for the next one')).toBeVisible();
  await expect(sentence).toHaveValue('Said too late');
  await ada.page.keyboard.press('Escape');
  await a!.expectLight('commit', 'done');
  const { commits } = await ada.api('GET', `${address}/commits?path=saved.md`);
  expect(commits[0]).toMatchObject({ message: expect.stringContaining('Say it better'), author: { login: 'ada' } });
});

test('a file is made and written in without leaving the keys', async ({ ada }) => {
  await ada.open(volume, 'README.md');
  await ada.page.locator('.cm-content').first().focus();
  await ada.page.keyboard.press('Alt+n');
  await expect(ada.page.getByRole('textbox', { name: 'Name of the new file' })).toBeFocused();
  await ada.page.keyboard.type('by-keys');
  await ada.page.keyboard.press('Enter');
  await expect(ada.page.getByRole('textbox', { name: 'by-keys.md' })).toBeFocused();
  await ada.page.keyboard.type('# Written at once');
  await expect.poll(() => stored(ada, 'by-keys.md')).toBe('# Written at once');
});

test('the preview shows the file as it reads, and bad YAML says so at its line', async ({ ada }) => {
  const [a] = await openTogether(
    'agents/Reader.md',
    '---\nname: Reader\ntype: specialist\n---\n\n# Reader\n\nSee [notes](../notes/first-week.md) and ![map](https://maps.example/a.png)\n\n<script>alert(1)</script>\n',
    ada,
  );
  const preview = ada.page.getByRole('region', { name: /^Preview/ });
  await expect(preview.getByRole('heading', { name: 'Reader' })).toBeVisible();
  await expect(preview.getByText('specialist')).toBeVisible();
  await expect(preview.getByRole('link', { name: 'Image from maps.example: map' })).toHaveAttribute(
    'rel',
    /noreferrer/,
  );
  await expect(preview.locator('img, script')).toHaveCount(0);
  await a!.atEndOf('name: Reader');
  await a!.type(': twice');
  await expect(preview.getByRole('button', { name: /line 2/ })).toBeVisible();
  await expect(ada.page.locator('.cm-diagnostic-line')).toBeVisible();
  await preview.getByRole('link', { name: 'notes' }).click();
  await expect(ada.page).toHaveURL(/first-week\.md/);
});
