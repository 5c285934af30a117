// Once with the browser's own Web Serial: Ada's Chromium opens a character device of Linux, Ben drives what is behind it.
import { chromium } from '@playwright/test';
import { benchOn } from '../benchPage.ts';
import { chromiumWith, startBridge, whyNotNative } from '../fakes/nativeSerial.ts';
import { expect, signIn, test } from '../people.ts';

test('[DE1] a board on a real serial port, shared by native Web Serial', async ({ ben, world }, info) => {
  test.setTimeout(120_000);
  const { executablePath = chromium.executablePath(), args = [] } = info.project.use.launchOptions ?? {};
  const why = whyNotNative(executablePath);
  test.skip(why !== null, why ?? '');
  const bridge = await startBridge();
  const script = chromiumWith({ executable: executablePath, terminal: bridge.path, origin: world.origin });
  const browser = await chromium.launch({ executablePath: script, args });
  try {
    const ada = await signIn(browser, world, 'ada');
    const board = await ada.api('POST', '/devices', { volume: 'team/lab', name: 'native', kind: 'serial' });
    await ada.page.goto('/bench');
    expect(await ada.page.evaluate(async () => (await (navigator as any).serial.getPorts()).length)).toBe(1);
    // what the page remembers of a board that was shared before
    await ada.page.evaluate(
      (id) =>
        localStorage.setItem(
          'llmos.boards.ada',
          JSON.stringify([{ id, kind: 'serial', label: 'native', baud: 115_200, usb: {} }]),
        ),
      board.id,
    );
    await ada.page.goto(`/bench/${board.id}`);
    const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
    await expect(a.panel.getByText('You, in this tab')).toBeVisible({ timeout: 15_000 });
    await ben.page.goto(`/bench/${board.id}`);
    await b.drive();
    await b.type('\r6 * 7\r');
    for (const one of [a, b]) await one.expectShown('>>> 6 * 7\n42');
    await b.type('while True: pass\r\r');
    await b.panel.page().waitForTimeout(300);
    await a.stop().click();
    await b.expectShown('KeyboardInterrupt');
    await a.panel.getByRole('button', { name: 'Clear the stop' }).click();
    await expect(b.card('native')).toContainText('free');
    // the other end of the cable goes: no event, only an error while reading
    bridge.close();
    await expect(b.card('native')).toContainText('unplugged', { timeout: 10_000 });
  } finally {
    await browser.close();
    bridge.close();
  }
});
