// The emergency stop as people feel it: a program of one person loops tightly on the virtual board of a second one, and a third one
// stops it. Three real browsers and the server on this machine: `node bench/stop.ts [stops]`. Needs the built site. Prints the time from
// the click; nothing is asserted.
import { chromium, type Page } from '@playwright/test';
import { benchOn } from '../e2e/benchPage.ts';
import { populatedWorld, signIn } from '../e2e/people.ts';

const stops = Number(process.argv[2] ?? 10);
type Moment = 'click' | 'ended' | 'told' | 'drawn';
type Watching = { moments: Partial<Record<Moment, number>> };

/** Runs in each page: when did which of these happen? Times are those of the machine, so that pages compare. */
function watch() {
  const moments: Watching['moments'] = {};
  (window as unknown as Watching).moments = moments;
  const now = (what: Moment) => (moments[what] ??= performance.timeOrigin + performance.now());
  addEventListener('click', ({ target }) => (target as Element).closest('.estop') && now('click'), true);
  const send = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'send')!.value as WebSocket['send'];
  WebSocket.prototype.send = function (data) {
    // what the loop says of it, if it comes to that before the board is reset
    const words = typeof data === 'string' ? data : new TextDecoder().decode(data as Uint8Array);
    if (words.includes('KeyboardInterrupt') || words.includes('"type":"stopped"')) now('ended');
    send.call(this, data);
  };
  let before: string | undefined;
  new MutationObserver(() => {
    if (document.querySelector('.stopped')) now('told');
    const shown = document
      .querySelector('.xterm-rows')
      ?.textContent?.match(/Sent: .*?\d\d:\d\d:\d\d/g)
      ?.at(-1);
    if (shown !== before) now('drawn');
    before = shown;
  }).observe(document, { subtree: true, childList: true, characterData: true });
}
const momentsOf = (page: Page) => page.evaluate(() => (window as unknown as Watching).moments);
const forget = (page: Page) =>
  page.evaluate(() => {
    const { moments } = window as unknown as Watching;
    for (const what of Object.keys(moments) as Moment[]) delete moments[what];
  });

const world = await populatedWorld();
const browsers = await Promise.all(
  ['ada', 'ben', 'vera'].map(() =>
    chromium.launch({
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    }),
  ),
);
try {
  const [ada, ben, vera] = await Promise.all(
    (['ada', 'ben', 'vera'] as const).map(async (login, at) => {
      const { page, context } = await signIn(browsers[at]!, world, login);
      await context.addInitScript(watch);
      return page;
    }),
  );
  const place = await benchOn(ada!).startVirtual('stop');
  await Promise.all([ben!.goto(place), vera!.goto(place)]);
  const took: Record<'ended' | 'told' | 'drawn', { what: string; all: number[] }> = {
    ended: { what: 'the loop has ended', all: [] },
    told: { what: 'the driver’s screen says who stopped it', all: [] },
    drawn: { what: 'the driver’s screen says what was done', all: [] },
  };
  for (let at = 0; at < stops; at++) {
    const driver = benchOn(ben!);
    await driver.drive();
    await driver.type(`\rgo = "round ${at} "\rwhile True: go = go and print(go + "begins")\r\r`);
    await driver.expectShown(`round ${at} begins`);
    await Promise.all([ada!, ben!, vera!].map(forget));
    await benchOn(vera!).stop().click();
    await ben!.locator('.stopped').waitFor();
    await ben!.waitForTimeout(2000);
    const [board, screen, hand] = await Promise.all([ada!, ben!, vera!].map(momentsOf));
    took.ended.all.push(board!.ended! - hand!.click!);
    took.told.all.push(screen!.told! - hand!.click!);
    took.drawn.all.push(screen!.drawn! - hand!.click!);
    await vera!.getByRole('button', { name: 'Clear the stop' }).click();
  }
  console.table(
    Object.values(took).map(({ what, all }) => {
      all.sort((a, b) => a - b);
      const ms = (part: number) => Math.round(all[Math.floor(part * (all.length - 1))]!);
      return { 'from the click until': what, 'median ms': ms(0.5), 'worst ms': ms(1) };
    }),
  );
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await world.close();
}
