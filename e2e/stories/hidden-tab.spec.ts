// The browser that holds a board is mostly a hidden tab, where a page's timers sleep and nothing is painted. Others must not notice.
import { benchOn } from '../benchPage.ts';
import { expect, test } from '../people.ts';

test.setTimeout(180_000);

/** Longer than anything below may take: whatever waits for a timer of the page is found out. */
const asleep = 20_000;
type Hidden = { isHidden?: boolean };
type Timer = (run: TimerHandler, ms?: number, ...rest: unknown[]) => number;

test('[DE3] keys, files and the emergency stop reach a board whose tab is hidden', async ({ ada, ben }) => {
  await ada.context.addInitScript((sleep) => {
    const hidden = () => {
      try {
        return (top as Window & Hidden).isHidden === true;
      } catch {
        return false; // a frame of another origin
      }
    };
    const [timeout, interval, frame] = [window.setTimeout, window.setInterval, window.requestAnimationFrame];
    const slow =
      (timer: Timer): Timer =>
      (run, ms = 0, ...rest) =>
        timer(run, hidden() ? sleep : ms, ...rest);
    Object.assign(window, { setTimeout: slow(timeout), setInterval: slow(interval) });
    window.requestAnimationFrame = (run) => frame((at) => !hidden() && run(at));
    Object.defineProperty(document, 'visibilityState', { get: () => (hidden() ? 'hidden' : 'visible') });
  }, asleep);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.startVirtual(`hid-${Date.now() % 1000}`);
  await ben.page.goto(place);
  await b.drive();
  await b.expectShown('>>> ');
  await ada.page.evaluate(() => ((window as Window & Hidden).isHidden = true));

  await b.type('print(6 * 7)\r');
  await b.expectShown(/^42$/m, 8000);
  await ben.page.getByRole('tab', { name: 'Files' }).click();
  await ben.page.getByRole('button', { name: 'Read the files' }).click();
  await expect(ben.page.getByRole('button', { name: 'Bring files to the board' })).toBeEnabled({ timeout: 10_000 });
  await expect(ben.page.getByRole('button', { name: 'More for rom' })).toBeVisible({ timeout: 10_000 });

  await ben.page.getByRole('tab', { name: 'Console' }).click();
  await b.type('while True: pass\r\r');
  await b.stop().click();
  await b.expectShown('Sent: Ctrl-C, stop, reset');
  await expect(b.panel.getByText(/^Stopped by Ben/)).toBeVisible();
  expect(await ada.page.evaluate(() => document.visibilityState)).toBe('hidden');
});
