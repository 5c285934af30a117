// The server is killed while a board is shared, driven and gets a file. Within two seconds of its return everybody sees the truth; the
// half-written file is no file; whoever looks has the same bytes.
import crypto from 'node:crypto';
import { benchOn } from '../benchPage.ts';
import { expect, test } from '../people.ts';

test('[DE1] [DE7] killed in the middle of an upload: the board is back, the old file is whole, screens are the same', async ({
  ada,
  ben,
  world,
}) => {
  test.setTimeout(180_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.startVirtual('survivor');
  await ben.page.goto(place);
  await b.drive();
  await b.type('open("/data.bin", "w").write("old")\r');
  await b.expectShown('write("old")');
  await b.type('print("before", 6 * 7)\r');
  await a.expectShown('before 42');

  await ben.page.getByRole('tab', { name: 'Files' }).click();
  await ben.page.getByRole('button', { name: 'Read the files' }).click();
  const choosing = ben.page.waitForEvent('filechooser');
  await ben.page.getByRole('button', { name: 'Bring files to the board' }).click();
  await ben.page.getByRole('menuitem', { name: 'From this computer' }).click();
  await (
    await choosing
  ).setFiles([{ name: 'data.bin', mimeType: 'application/octet-stream', buffer: crypto.randomBytes(400_000) }]);
  await ben.page.getByRole('button', { name: 'Replace data.bin' }).click();
  await expect(ben.page.getByText(/\d %/).first()).toBeVisible();
  await world.kill();
  await expect(ben.page.getByText(/^Not connected/).first()).toBeVisible();
  await world.start();

  // the board's browser comes back by itself, and nobody drives under the old lease
  await expect(b.card('survivor')).toContainText('Nobody drives', { timeout: 30_000 });
  await expect(b.ask()).toBeVisible();
  await ben.page.getByRole('tab', { name: 'Console' }).click();
  await b.drive();
  await b.type('\rimport os; print("size", os.stat("/data.bin")[6], [n for n in os.listdir("/") if "data" in n])\r');
  await b.expectShown(/size 3 \['data\.bin'\]/);
  await b.type('print("after", 6 * 9)\r');
  for (const one of [a, b]) await one.expectShown('after 54');
  // from here on: who comes back when is told to each at a moment of their own
  const whole = (text: string) => text.slice(text.indexOf('size 3')).trim();
  await expect.poll(async () => whole(await a.shown())).toBe(whole(await b.shown()));
  expect(await b.shown()).not.toContain('skipped');
});
