// Programs, files and firmware of a shared board: Ada's browser holds it, Ben drives from his. The board is real MicroPython behind
// `navigator.serial`; for flashing it is the loader of an ESP32-S3.
import crypto from 'node:crypto';
import { AxeBuilder } from '@axe-core/playwright';
import { benchOn } from '../benchPage.ts';
import { createMockRom, type MockRom } from '../fakes/mockRom.ts';
import { plugIn } from '../fakes/serialShim.ts';
import { expect, test } from '../people.ts';

test.setTimeout(180_000);

test('[DE7] Ben brings a program to Ada’s board, reads it, runs it, finds what it wrote, and takes that into the volume', async ({
  ada,
  ben,
}) => {
  const serial = await plugIn(ada.context);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.share('tools-1');
  const page = ben.page;
  await page.goto(place);
  await page.getByRole('tab', { name: 'Files' }).click();
  await expect(page.getByRole('heading', { name: 'Nobody drives' })).toBeVisible();
  await b.drive();
  await page.getByRole('button', { name: 'Read the files' }).click();
  await expect(page.getByRole('button', { name: 'Bring files to the board' })).toBeEnabled();

  const program = 'open("log.txt", "w").write("six is %d" % 6)\nprint("done", 6 * 7)\n';
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Bring files to the board' }).click();
  await page.getByRole('menuitem', { name: 'From this computer' }).click();
  const bytes = crypto.randomBytes(5000);
  await (
    await choosing
  ).setFiles([
    { name: 'main.py', mimeType: 'text/x-python', buffer: Buffer.from(program) },
    { name: 'data.bin', mimeType: 'application/octet-stream', buffer: bytes },
  ]);
  await expect(page.getByRole('button', { name: 'More for data.bin' })).toBeVisible({ timeout: 30_000 });

  await page.getByRole('button', { name: 'main.py', exact: true }).click();
  await expect(page.getByRole('textbox', { name: '/main.py' })).toHaveValue(program);
  await page.getByRole('button', { name: 'Run this file' }).click();
  await expect(ada.page.locator('.xterm-rows').first()).toContainText('done 42', { timeout: 20_000 });
  await page.getByRole('button', { name: 'Back to the files' }).click();
  await page.getByRole('button', { name: 'Read again' }).click();
  await page.getByRole('button', { name: 'More for log.txt' }).click();
  await page.getByRole('menuitem', { name: 'Save into the volume' }).click();
  await page.getByLabel('Path in team/lab').fill('logs/board.txt');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved as logs/board.txt in team/lab')).toBeVisible();
  expect(await ben.api('GET', '/volumes/team%2Flab/files/logs/board.txt')).toBe('six is 6');

  // bytes come back as they went
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'More for data.bin' }).click();
  await page.getByRole('menuitem', { name: 'Download' }).click();
  const stream = await (await downloading).createReadStream();
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);

  await page.getByRole('button', { name: 'More for data.bin' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove data.bin' }).click();
  await expect(page.getByRole('button', { name: 'More for data.bin' })).toBeHidden();
  const found = await new AxeBuilder({ page }).include('section[aria-label^="Files of"]').analyze();
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await page.screenshot({ path: 'e2e/screens/board-files.png' });

  // who does not drive is told so
  await ada.page.getByRole('tab', { name: 'Files' }).click();
  await expect(ada.page.getByRole('heading', { name: 'Ben drives' })).toBeVisible();
  await serial.close();
});

test('[DE5] Ben flashes Ada’s board from his browser; everybody sees how far it is, and the board is never unplugged', async ({
  ada,
  ben,
}) => {
  let rom: MockRom | undefined;
  const serial = await plugIn(
    ada.context,
    { vendor: 0x303a, product: 0x1001 },
    (say) => (rom = createMockRom({ say, chip: 'ESP32-S3', nativeUsb: true })),
  );
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.share('tools-2');
  const page = ben.page;
  await page.goto(place);
  await b.drive();
  const unplugged: string[] = [];
  await ada.page.exposeFunction('seen', (text: string) => unplugged.push(text));
  await ada.page.evaluate(() => {
    new MutationObserver(() => {
      // its card and its panel: another board of the bench may well be offline
      const cards = [...document.querySelectorAll<HTMLElement>('nav[aria-label="Boards"] a')];
      const panel = document.querySelector<HTMLElement>('[data-region="right"]');
      const text = [...cards.filter((card) => card.innerText.includes('tools-2')), panel]
        .map((one) => one?.innerText ?? '')
        .join('\n');
      if (/unplugged|offline/i.test(text)) (window as any).seen(text.match(/.*(unplugged|offline).*/i)![0]);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

  await page.getByRole('tab', { name: 'Flash' }).click();
  const image = crypto.randomBytes(300_000);
  image.set([0xe9, 4, 2, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0]);
  image.set([0xaa, 0x50], 0x8000);
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'From this computer' }).click();
  await (await choosing).setFiles([{ name: 'micropython.bin', mimeType: 'application/octet-stream', buffer: image }]);
  await expect(page.getByText('a whole firmware for an ESP32-S3')).toBeVisible();
  await expect(page.getByText('micropython.bin is written at 0x0 and read back.')).toBeVisible();
  await page.getByRole('button', { name: 'Flash tools-2' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Flash tools-2' }).click();
  await expect(a.card('tools-2')).toContainText('flashing');
  await expect(page.getByText(/verified \(MD5/)).toBeVisible({ timeout: 60_000 });
  expect(Buffer.compare(rom!.flash.subarray(0, image.length), image)).toBe(0);
  expect(rom!.mode).toBe('program');
  expect(rom!.bauds).toContain(460_800);
  expect(rom!.bauds.at(-1)).toBe(115_200);
  expect(unplugged).toEqual([]);
  const found = await new AxeBuilder({ page }).include('section[aria-label^="Flash"]').analyze();
  expect(found.violations.map(({ id }) => id)).toEqual([]);
  await page.screenshot({ path: 'e2e/screens/board-flash.png' });

  // an image for another chip never gets there
  await page.getByRole('button', { name: 'Leave micropython.bin out' }).click();
  image.set([0, 0], 12);
  const again = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'From this computer' }).click();
  await (await again).setFiles([{ name: 'other.bin', mimeType: 'application/octet-stream', buffer: image }]);
  await page.getByRole('button', { name: 'Flash tools-2' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Flash tools-2' }).click();
  await expect(page.getByText('other.bin is for an ESP32; this board is an ESP32-S3.')).toBeVisible({
    timeout: 30_000,
  });
  await expect(page.getByText('Nothing was written: the board holds what it held.')).toBeVisible();
  await serial.close();
});
