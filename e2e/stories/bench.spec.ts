// One bench, several browsers: Ada has the board, Ben and Vera are elsewhere. The board is a real MicroPython behind `navigator.serial`.
import { AxeBuilder } from '@axe-core/playwright';
import { benchOn } from '../benchPage.ts';
import { plugIn, type Serial } from '../fakes/serialShim.ts';
import { expect, test as base } from '../people.ts';

const test = base.extend<{ serial: Serial }>({
  serial: async ({ ada }, use) => {
    const serial = await plugIn(ada.context);
    await use(serial);
    await serial.close();
  },
});
let boards = 0;
const newName = () => `cube-${++boards}`;

test('[DE1] [DE2] a board is shared, watched, driven in turns, taken back and stopped', async ({
  ada,
  ben,
  vera,
  serial,
}) => {
  test.setTimeout(180_000);
  const [a, b, v] = [benchOn(ada.page), benchOn(ben.page), benchOn(vera.page)];
  const name = newName();
  const place = await a.share(name);
  await expect(a.panel.getByText('You, in this tab')).toBeVisible();
  for (const person of [ben, vera]) await person.page.goto(place);
  await expect(b.card(name)).toContainText('free');
  await expect(vera.page.getByText(/Driving needs the right to write/)).toBeVisible();

  await b.drive();
  await expect(a.card(name)).toContainText('driven');
  await expect(a.panel.getByText('Ben drives')).toBeVisible();
  await b.type('\r6 * 7\r');
  for (const one of [a, b, v]) await one.expectShown('>>> 6 * 7\n42');

  // keys of somebody without the turn go nowhere
  await a.type('print("not mine")\r');
  await a.panel.getByRole('button', { name: 'Ask for a turn' }).click();
  await expect(b.panel.getByText('Ada', { exact: true })).toBeVisible();
  expect(serial.written()).not.toContain('not mine');

  // Ben gives it back, and Ada is offered it
  await b.panel.getByRole('button', { name: 'Give the turn back' }).click();
  await a.panel.getByRole('button', { name: /^Take the turn/ }).click();
  await expect(b.panel.getByText('Ada drives')).toBeVisible();
  await a.type('while True: pass\r\r');
  await a.expectShown(/while True: pass/);

  // Vera only reads, and stops it all the same
  await v.stop().click();
  await expect(a.panel.getByText(/^Stopped by Vera/)).toBeVisible();
  await expect(b.panel.getByText(/^Stopped by Vera/)).toBeVisible();
  await expect(a.panel.getByText(/The board was told/)).toBeVisible();
  await expect.poll(() => serial.written()).toContain('\x03\x03');
  expect(serial.signals).toContainEqual({ dataTerminalReady: false, requestToSend: true });
  await expect(b.ask()).toBeDisabled();
  await a.panel.getByRole('button', { name: 'Clear the stop' }).click();
  await expect(b.ask()).toBeEnabled();
});

test('[DE4] whoever holds the board takes it back; a co-driver types too', async ({ ada, ben, serial }) => {
  test.setTimeout(120_000);
  expect(serial.signals).toEqual([]);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.share(newName());
  await ben.page.goto(place);
  await b.drive();
  await b.panel.getByRole('button', { name: 'Co-drive' }).click();
  await ben.page.getByRole('menuitem', { name: 'Ada' }).click();
  await expect(a.panel.getByText('Ben drives with you')).toBeVisible();
  await a.type('\r"from" + " Ada"\r');
  await b.expectShown("'from Ada'");
  // beside the lines of two drivers stands whose they are
  const typists = ben.page.locator('.term .who');
  await expect(typists).toHaveText(['Ada']);
  await b.type('\r"from" + " Ben"\r');
  await a.expectShown("'from Ben'");
  await expect(typists).toHaveText(['Ada', 'Ben']);
  await a.panel.getByRole('button', { name: 'Take it from Ben' }).click();
  await expect(b.panel.getByText('Ada drives')).toBeVisible();
});

test('[DE1] a window that becomes narrow keeps the board, and what was said', async ({ ada, ben, serial }) => {
  test.setTimeout(120_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.share(newName());
  const opened: string[] = [];
  ben.page.on('websocket', (socket) => socket.url().includes('/devices/') && opened.push(socket.url()));
  await ben.page.goto(place);
  serial.say('\r\nsaid while it was wide\r\n');
  await b.expectShown('said while it was wide');
  await ben.page.setViewportSize({ width: 700, height: 900 });
  await expect(ben.page.getByText('Nobody drives')).toBeVisible();
  await b.expectShown('said while it was wide');
  serial.say('said while it was narrow\r\n');
  await b.expectShown('said while it was narrow');
  await ben.page.setViewportSize({ width: 1280, height: 800 });
  await expect(b.ask()).toBeVisible();
  await b.expectShown(/said while it was wide\s+said while it was narrow/);
  expect(opened).toHaveLength(1);
});

test('[DE1] a reload and a pulled cable: everybody sees the truth, and the board comes back', async ({
  ada,
  ben,
  serial,
}) => {
  test.setTimeout(120_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const name = newName();
  const place = await a.share(name);
  await ben.page.goto(place);
  await b.drive();
  await b.type('\rx = 41\r');
  await b.expectShown('x = 41');

  await serial.pull(ada.page);
  await expect(b.card(name)).toContainText('unplugged');
  await serial.plug(ada.page);
  await expect(b.card(name)).toContainText('driven', { timeout: 10_000 });
  await b.type('\rx + 1\r');
  await b.expectShown('>>> x + 1\n42');

  ada.page.on('dialog', (dialog) => void dialog.accept()); // the page warns: others use its board
  await ada.page.reload();
  await expect(a.panel.getByText('You, in this tab')).toBeVisible({ timeout: 15_000 });
  await expect(b.card(name)).toContainText(/free|driven/, { timeout: 10_000 });

  // a viewer whose network was away has the same bytes afterwards
  await ben.context.setOffline(true);
  await expect(ben.page.getByText(/^Not connected: what you see is of/)).toBeVisible();
  serial.say('said while Ben was away\r\n');
  await a.expectShown('said while Ben was away');
  await ben.context.setOffline(false);
  await b.expectShown('said while Ben was away');

  // what was let go is connected again as that very board; a board shared from the head of the page is new unless one is chosen
  await a.panel.getByRole('button', { name: 'No longer share it' }).click();
  await ada.page.getByRole('button', { name: 'Connect it here' }).click();
  const dialog = ada.page.getByRole('dialog');
  const chosen = dialog
    .locator('label')
    .filter({ hasText: /^Board/ })
    .locator('option:checked');
  await expect(chosen).toHaveText(name);
  await dialog.getByRole('button', { name: 'Choose the port and share' }).click();
  await expect(a.panel.getByText('You, in this tab')).toBeVisible();
  await ada.page.goto('/bench');
  await ada.page
    .getByRole('button', { name: /^Share a board/ })
    .first()
    .click();
  await expect(chosen).toHaveText('A new one');
});

test('numbers are drawn, a recording plays again, and floods do not hold up the page', async ({ ada, ben, serial }) => {
  test.setTimeout(120_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.share(newName());
  await ben.page.goto(place);
  await expect(b.panel.getByText(/Ada/).first()).toBeVisible();
  await b.panel.getByRole('button', { name: 'Record' }).click();
  await expect(b.panel.getByRole('button', { name: 'Stop recording' })).toBeVisible();
  for (let n = 0; n < 20; n++) {
    serial.say(`left:${n} right:${20 - n}\r\n`);
    await ada.page.waitForTimeout(50);
  }
  await expect(ben.page.getByRole('img', { name: /Plot of .*left 19, right 1$/ })).toBeVisible();
  serial.say('\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b]8;;https://evil.example\x1b\\after the bomb\x1b]8;;\x1b\\\r\n');
  await b.expectShown('after the bomb');
  expect(await ben.page.title()).not.toContain('title');
  await b.panel.getByRole('button', { name: 'Stop recording' }).click();
  await b.panel.getByTitle('Play it').first().click();
  const bar = ben.page.getByRole('group', { name: 'Recording' }).first();
  await expect(bar).toBeVisible();
  await bar.getByLabel('Speed').selectOption({ label: '20×' });
  await b.expectShown('after the bomb');
  await bar.getByRole('button', { name: 'Back to now' }).click();

  // half a megabyte at once: the stop is still at hand
  for (let n = 0; n < 64; n++) serial.say(`${'x'.repeat(8190)}\r\n`);
  await b.stop().click();
  await expect(ben.page.getByText(/^Stopped by Ben/).first()).toBeVisible();
});

test('[DE3] on a phone: look, ask, stop', async ({ ada, browser, world, serial }) => {
  test.setTimeout(120_000);
  const { signIn } = await import('../people.ts');
  const a = benchOn(ada.page);
  const name = newName();
  const place = await a.share(name);
  const ben = await signIn(browser, world, 'ben', { viewport: { width: 390, height: 844 }, hasTouch: true });
  await ben.page.goto('/bench');
  await ben.page.getByRole('link', { name: new RegExp(name) }).click();
  await expect(ben.page).toHaveURL(place);
  await expect(ben.page.getByText('Nobody drives')).toBeVisible();
  const stop = ben.page.getByRole('button', { name: /^Emergency stop/ });
  expect((await stop.boundingBox())!.height).toBeGreaterThanOrEqual(56);
  await stop.click();
  await expect(a.panel.getByText(/^Stopped by Ben/)).toBeVisible();
  await expect.poll(() => serial.written()).toContain('\x03\x03');
  await ben.page.getByRole('button', { name: 'Clear the stop' }).click();
  await expect(a.panel.getByText(/^Stopped by Ben/)).toBeHidden();
  await ben.close();
});

test('[DE6] a virtual board is a board: its robot is seen to move by somebody else', async ({ ada, ben }) => {
  test.setTimeout(150_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.startVirtual(`sim-${Date.now() % 1000}`);
  await ben.page.goto(place);
  await b.drive();
  await b.expectShown('>>> ');
  await b.type('\rimport robot; robot.drive(120, 120)\r');
  const where = () =>
    b.panel
      .page()
      .getByText(/^x −?[\d.]+ y /)
      .innerText();
  const before = await where();
  await expect.poll(where, { timeout: 10_000 }).not.toBe(before);
  // it loops when it has said so; a stop before that would find a half-typed line
  await b.type('once = True\rwhile True: once = once and print("loo" + "ping")\r\r');
  await b.expectShown('looping');
  await a.stop().click();
  await expect(b.panel.getByText(/^Stopped by Ada/)).toBeVisible();
  // whatever the loop still said: the board is at its prompt, and its robot stands
  await b.expectShown(/Sent: Ctrl-C, stop, reset[^]*MicroPython[^]*>>> /);
  await expect
    .poll(async () => {
      const then = await where();
      await b.panel.page().waitForTimeout(500);
      return (await where()) === then;
    })
    .toBe(true);
});

test('the bench has no fault that a machine finds', async ({ ada, serial }) => {
  test.setTimeout(120_000);
  expect(serial.signals).toEqual([]);
  const a = benchOn(ada.page);
  await a.share(newName());
  await a.drive();
  await a.type('\r');
  await a.expectShown('>>> ');
  for (const colorScheme of ['light', 'dark'] as const) {
    await ada.page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await ada.page.setViewportSize({ width, height: 844 });
      await ada.page.waitForTimeout(400);
      const { violations } = await new AxeBuilder({ page: ada.page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
      ).toEqual([]);
      await ada.page.screenshot({ path: `e2e/screens/bench-live-${colorScheme}-${width}.png` });
    }
  }
});
