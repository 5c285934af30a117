// What a first visit costs: bytes as they travel (compressed) and requests of each address, by a browser with an empty cache against
// the real server and the real build. `node bench/firstLoad.ts [address ...]` prints a table; nothing is asserted. Build first.
import { chromium, type Page } from '@playwright/test';
import { password, populatedWorld } from '../e2e/people.ts';

const places: { address: string; ready: string; rest?: string }[] = [
  { address: '/sign-in', ready: 'form' },
  { address: '/v/team/lab', ready: '[role=treeitem]' },
  { address: '/v/team/lab/f/README.md', ready: '.cm-line', rest: '.preview .md > *' },
  { address: '/v/team/lab/f/agents/NoteKeeper.md', ready: '.cm-line', rest: '.preview .md > *' },
  { address: '/v/team/lab/f/tools.py', ready: '.cm-line, .view-line' },
  { address: '/v/team/lab/h', ready: '[role=listbox], .timeline' },
  { address: '/review', ready: 'main' },
  { address: '/settings', ready: 'form' },
];
const wanted = process.argv.slice(2);

type Load = { kind: string; bytes: number };

/** Listens below the page, where sizes are those of the wire. */
async function countLoads(page: Page): Promise<{ all: Load[] }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const kinds = new Map<string, string>();
  const all: Load[] = [];
  session.on('Network.responseReceived', ({ requestId, type, response }) => {
    kinds.set(requestId, new URL(response.url).pathname.startsWith('/api/') ? 'API' : type);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId);
    if (kind) all.push({ kind, bytes: encodedDataLength });
  });
  return { all };
}

/** Tells the moment when each of these is first in the page, from inside of it. */
async function watchFor<T>(page: Page, selectors: string[], look: () => T): Promise<(selector: string) => Promise<T>> {
  const moments = new Map(selectors.map((selector) => [selector, Promise.withResolvers<T>()]));
  await page.exposeFunction('appeared', (selector: string) => moments.get(selector)?.resolve(look()));
  await page.addInitScript((all) => {
    const left = new Set(all);
    const check = () => {
      for (const selector of left)
        if (document.querySelector(selector)) {
          left.delete(selector);
          void (window as unknown as { appeared: (selector: string) => void }).appeared(selector);
        }
    };
    new MutationObserver(check).observe(document, { childList: true, subtree: true });
  }, selectors);
  return (selector) => moments.get(selector)!.promise;
}

const sum = (loads: Load[], kind?: string) =>
  loads.reduce((bytes, load) => bytes + (kind === undefined || load.kind === kind ? load.bytes : 0), 0);
const kib = (bytes: number) => (bytes / 1024).toFixed(0);

const world = await populatedWorld();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
try {
  const rows: Record<string, string | number>[] = [];
  for (const { address, ready, rest } of places) {
    if (wanted.length > 0 && !wanted.includes(address)) continue;
    const context = await browser.newContext({ baseURL: world.origin, viewport: { width: 1440, height: 900 } });
    const headers = { origin: world.origin };
    if (address !== '/sign-in')
      await context.request.post('/api/v1/auth/sign-in', { headers, data: { login: 'ada', password } });
    if (address.endsWith('.py'))
      await context.request.put('/api/v1/volumes/team%2Flab/files/tools.py', {
        headers: { ...headers, 'content-type': 'text/plain' },
        data: 'def add(a, b):\n    return a + b\n',
      });
    const page = await context.newPage();
    const { all } = await countLoads(page);
    const seen = await watchFor(page, [ready, rest ?? ready], () => ({ at: performance.now(), loads: [...all] }));
    const from = performance.now();
    await page.goto(address, { waitUntil: 'commit' });
    const { at: shown, loads: first } = await seen(ready);
    const { at: whole } = await seen(rest ?? ready);
    await page.waitForLoadState('networkidle');
    const idle = [...all];
    await page.waitForTimeout(5_000); // what the page fetches when it has nothing else to do
    rows.push({
      address,
      'JS before it shows KiB': kib(sum(first, 'Script')),
      'JS to idle KiB': kib(sum(idle, 'Script')),
      'JS later KiB': kib(sum(all, 'Script')),
      'CSS KiB': kib(sum(idle, 'Stylesheet')),
      'fonts KiB': kib(sum(idle, 'Font')),
      'all to idle KiB': kib(sum(idle)),
      'JS requests': idle.filter((load) => load.kind === 'Script').length,
      'all requests': idle.length,
      'shown ms': Math.round(shown - from),
      'with preview ms': rest ? Math.round(whole - from) : '',
    });
    await context.close();
  }
  console.table(rows);
} finally {
  await browser.close();
  await world.close();
}
