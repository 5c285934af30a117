// How long Python and applets take, as a person feels it, in a real browser against a server of their own: `node bench/sandbox.ts`.
// Needs the built site. Prints the median and the worst of some tries beside what we aim at; the machine decides much of it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';

const tries = Number(process.argv[2] ?? 3);
const root = path.join(import.meta.dirname, '..');
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-bench-'));
const server = spawn(process.execPath, ['server/main.ts'], {
  cwd: root,
  env: { ...process.env, PORT: '0', DATA_DIR: dataDir, DATABASE_URL: '', LOG_LEVEL: 'warn', RATE_LIMITS: 'off' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const origin = await new Promise<string>((done) =>
  server.stdout.on('data', (chunk) => {
    const found = /ready at (http\S+)/.exec(String(chunk));
    if (found) done(found[1]!);
  }),
);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const times: Record<string, { aim: number; all: number[] }> = {
  'Python, the first time in this browser': { aim: 6000, all: [] },
  'Python, from the snapshot': { aim: 1000, all: [] },
  'applet, from its text to the paint, new frame': { aim: 500, all: [] },
  'applet, new code in its frame': { aim: 150, all: [] },
};
const note = (what: keyof typeof times, ms: number) => {
  times[what]!.all.push(Math.round(ms));
  process.stderr.write(`${what}: ${Math.round(ms)} ms\n`);
};

try {
  for (let at = 0; at < tries; at++) {
    const context = await browser.newContext({ baseURL: origin, viewport: { width: 1600, height: 900 } });
    const call = async (method: string, address: string, data: unknown) => {
      const headers = { origin, ...(typeof data === 'string' ? { 'content-type': 'text/plain' } : {}) };
      const answer = await context.request.fetch(`${origin}/api/v1${address}`, { method, headers, data });
      if (!answer.ok()) throw new Error(`${method} ${address}: ${await answer.text()}`);
    };
    const person = { login: 'bench', password: 'correct horse battery' };
    if (at === 0) await call('POST', '/auth/sign-up', { ...person, name: 'Bench' });
    else await call('POST', '/auth/sign-in', person);
    if (at === 0) await call('PUT', '/volumes/user%2Fbench/files/notes.md', '# Notes\n');
    await call('PUT', `/volumes/user%2Fbench/files/applets/a${at}.tsx`, applet('first'));
    const page = await context.newPage();
    await page.goto('/v/user/bench/f/notes.md');
    note('Python, the first time in this browser', await startPython(page));
    await page.waitForFunction(() => performance.getEntriesByName('python-snapshot-kept').length > 0, null, {
      timeout: 120_000,
    });
    await page.reload();
    note('Python, from the snapshot', await startPython(page));

    await page.goto(`/v/user/bench/f/applets/a${at}.tsx`);
    await page.locator('section.applet[data-state=painted]').waitFor({ timeout: 120_000 });
    // the compiler is loaded now: what a second applet of this tab takes
    await page.reload();
    await page.locator('section.applet[data-state=painted]').waitFor({ timeout: 120_000 });
    note('applet, from its text to the paint, new frame', await paintOf(page));
    for (const words of ['second', 'third']) {
      await page.locator('.cm-content').first().click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(applet(words));
      await page.frameLocator('section.applet iframe').getByText(words).waitFor();
      note('applet, new code in its frame', await paintOf(page));
    }
    await context.close();
  }
} finally {
  await browser.close();
  server.kill('SIGTERM');
  if (server.exitCode === null) await new Promise((done) => server.once('exit', done));
  fs.rmSync(dataDir, { recursive: true, force: true });
}

const median = (all: number[]) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const rows = Object.entries(times).map(([what, { aim, all }]) => ({
  what,
  median: median(all),
  worst: Math.max(...all),
  aim,
}));
const load = os.loadavg()[0]!.toFixed(1);
process.stdout.write(`${os.cpus().length} cores, load ${load}, ${tries} tries, milliseconds\n`);
for (const { what, median, worst, aim } of rows)
  process.stdout.write(`${what.padEnd(50)} ${String(median).padStart(6)} ${String(worst).padStart(6)}   aim ${aim}\n`);

function applet(words: string): string {
  return `import { useState } from 'react';\nexport default function A() { const [n] = useState(1); return <p className="p-4 text-lg">${words} {n}</p>; }\n`;
}

/** From the start of the frame to the moment when code may run. */
async function startPython(page: Page): Promise<number> {
  await page.locator('.cm-content').first().waitFor();
  if (!(await page.getByRole('group', { name: 'Python' }).isVisible())) await page.keyboard.press('Control+j');
  const cell = page.locator('article.cell').first();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('6 * 7');
  await page.keyboard.press('Control+Enter');
  await page.locator('article.cell[data-state=done]').first().waitFor({ timeout: 120_000 });
  return page.evaluate(
    () => (performance.getEntriesByName('python-ready-cells').at(-1) as PerformanceMark).detail.ms as number,
  );
}

function paintOf(page: Page): Promise<number> {
  return page.evaluate(
    () => (performance.getEntriesByName('applet-painted').at(-1) as PerformanceMark).detail.paint as number,
  );
}
