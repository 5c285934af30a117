// One person, the same file more than once: beside itself in one tab, and in two tabs of one browser.
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

const volume = 'team/lab';
const address = '/volumes/team%2Flab';
const stored = (person: Person, path: string): Promise<string> => person.api('GET', `${address}/files/${path}`);

/** The person's page, and another tab beside it, both in the file. */
async function openTwice(person: Person, path: string, text: string) {
  await person.api('PUT', `${address}/files/${path}`, text);
  await person.open(volume, path);
  const first = writerOn(person.page);
  await first.expectLight('server', 'done');
  person.page = await person.context.newPage();
  await person.open(volume, path);
  const second = writerOn(person.page);
  await second.expectLight('server', 'done');
  return { first, second };
}

test('[SY6] [SY9] a file beside itself is one text: what is typed on one side is on the other', async ({ ada }) => {
  await ada.api('PUT', `${address}/files/twice.md`, 'one\ntwo\nthree\n');
  await ada.open(volume, 'twice.md');
  const left = writerOn(ada.page);
  await left.expectLight('server', 'done');
  await left.atEndOf('one');
  await ada.page.keyboard.press('Control+\\');
  await expect(ada.page.locator('.cm-content')).toHaveCount(2);
  const sides = [0, 1].map((side) => writerOn(ada.page, side));
  await sides[1]!.atEndOf('two');
  await sides[1]!.type(' right');
  for (const side of sides) await side.expectText(/^one\ntwo right\nthree\n$/);
  await sides[0]!.atEndOf('three');
  await sides[0]!.type(' left');
  for (const side of sides) await side.expectText(/^one\ntwo right\nthree left\n$/);
  await ada.page.keyboard.press('Control+z');
  for (const side of sides) await side.expectText(/^one\ntwo right\nthree\n$/);
  await left.expectLight('server', 'done');
  expect(await stored(ada, 'twice.md')).toBe('one\ntwo right\nthree\n');
  // and on one side: what was typed in two places is two steps, however quickly
  await sides[0]!.atEndOf('one');
  await ada.page.keyboard.type(' here');
  await ada.page.keyboard.press('ArrowDown');
  await ada.page.keyboard.type(' there');
  await ada.page.keyboard.press('Control+z');
  for (const side of sides) await side.expectText(/^one here\ntwo right\nthree\n$/);
  await ada.page.keyboard.press('Control+z');
  for (const side of sides) await side.expectText(/^one\ntwo right\nthree\n$/);
});

test('[SY8] words typed offline in two tabs: those of the one that was closed are sent too', async ({ ada }) => {
  const { first, second } = await openTwice(ada, 'tabs.md', 'start\n\nend\n');
  await ada.context.setOffline(true);
  await first.page.bringToFront();
  await first.atEndOf('start');
  await first.type(', first tab');
  await second.page.bringToFront();
  await second.atEndOf('end');
  await second.type(', second tab');
  await second.expectLight('server', 'late', { timeout: 12_000 }); // both copies are written by now
  await first.page.close();
  await ada.context.setOffline(false);
  await second.expectLight('server', 'done', { timeout: 20_000 });
  expect(await stored(ada, 'tabs.md')).toBe('start\n\nend, second tab\n');
  await ada.open(volume, 'README.md'); // the workspace opens again, at another file
  await expect.poll(() => stored(ada, 'tabs.md')).toBe('start, first tab\n\nend, second tab\n');
});

test('[SY8] the copy in this browser is taken away under an open tab, and made again', async ({ ada }) => {
  const { first, second } = await openTwice(ada, 'taken.md', 'start\n');
  const errors: string[] = [];
  first.page.on('pageerror', (error) => errors.push(String(error)));
  // as a sign-out in another tab does it, or "clear site data"
  await second.page.goto('/settings');
  await second.page.evaluate(async () => {
    for (const { name } of await indexedDB.databases())
      await new Promise((done) => (indexedDB.deleteDatabase(name!).onsuccess = done));
  });
  await first.page.bringToFront();
  await ada.context.setOffline(true);
  await first.atEndOf('start');
  await first.type(', then offline');
  await first.expectLight('here', 'done');
  await first.expectLight('server', 'late', { timeout: 12_000 });
  await first.page.close();
  await ada.context.setOffline(false);
  await ada.open(volume, 'taken.md');
  await writerOn(ada.page).expectText(/^start, then offline\n$/);
  await expect.poll(() => stored(ada, 'taken.md')).toBe('start, then offline\n');
  expect(errors).toEqual([]);
});
