// A workflow is one text: one person draws on its canvas while another types in it, both live; then it runs in the browser, node by node.
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expectNoFaults } from '../faults.ts';
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });
test.setTimeout(240_000);

const folder = path.join(import.meta.dirname, '..', 'screens');
const file = 'workflows/bench-forecast.workflow.md';
const canvasOn = (page: Page) => ({
  node: (id: string) => page.locator(`.svelte-flow__node[data-id="${id}"]`),
  edges: page.locator('.svelte-flow__edge'),
  details: (id: string) => page.getByRole('region', { name: `Node ${id}` }),
  wrong: page.getByRole('list', { name: 'What is wrong' }),
  run: page.getByRole('button', { name: 'Run', exact: true }),
  /** From the middle of one to the middle of the other, as a hand does it. */
  async drag(from: { x: number; y: number }, to: { x: number; y: number }) {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
  },
});
const middleOf = async (page: Page, name: string) => {
  const box = (await page.getByLabel(name, { exact: true }).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};
/** Beside text and chat a canvas shows its beginning; this shows all of it. */
async function showAll(page: Page) {
  await page.getByRole('button', { name: /fit view/i }).click();
  await expect(canvasOn(page).node('draw')).toBeInViewport({ ratio: 1 });
}
async function open(person: Person) {
  await person.open('team/lab', file);
  const canvas = canvasOn(person.page);
  await expect(canvas.node('read')).toBeInViewport({ ratio: 1, timeout: 30_000 });
  await expect.poll(async () => (await canvas.node('read').boundingBox())!.width).toBeGreaterThan(150); // it can be read
  await showAll(person.page);
  await writerOn(person.page).expectLight('server', 'done');
}

test('one draws on the canvas while the other types in the text; it runs, and each node says how it went', async ({
  ada,
  ben,
}) => {
  await open(ada);
  await open(ben);
  const { page } = ada;
  const [a, b] = [canvasOn(page), canvasOn(ben.page)];
  const text = writerOn(ben.page);

  // what Ben types is on Ada's canvas
  await text.atEndOf('trend: { skill: linear-trend');
  await text.type(' # as far as we dare');
  await text.content.locator('.cm-line', { hasText: 'steps: 3' }).first().waitFor();
  await ben.page.keyboard.press('Home');
  await ben.page.keyboard.press('Control+f');
  await ben.page.keyboard.type('steps: 3');
  await ben.page.keyboard.press('Enter');
  await ben.page.keyboard.press('Escape');
  await ben.page.keyboard.type('steps: 5');
  await text.expectText('steps: 5');
  await a.node('trend').click();
  await expect(a.details('trend').getByLabel('steps')).toHaveValue('5');

  // what Ada does on it is a small edit of the text, while Ben goes on typing in the same block
  await text.atEndOf('# as far as we dare');
  const typing = text.type(', and not one step more than that');
  await a.node('draw').click();
  await a.details('draw').getByLabel('title').fill('Bench, tomorrow');
  await a.details('draw').getByLabel('title').press('Tab');
  const box = (await a.node('draw').boundingBox())!;
  await a.drag({ x: box.x + 40, y: box.y + 14 }, { x: box.x + 40, y: box.y + 120 });
  await typing;
  await text.expectText('title: "Bench, tomorrow"');
  await text.expectText('    at: [0, 0]\n'); // what she did not touch is as it was
  await text.expectText('# as far as we dare, and not one step more than that');
  await text.expectText(/draw: \{[^\n]*at: \[\s*\d+,\s*[1-9]\d*\s*\]/);
  await expect(a.wrong).toHaveCount(0);

  // a new node, drawn and wired; Ben sees the words of it, and takes it out again in the text
  await page.getByLabel('Skill to add').selectOption({ label: 'linear-trend' });
  await expect(a.node('linear-trend')).toBeVisible();
  await text.expectText(/linear-trend: \{? ?\n? *skill: linear-trend/);
  await expect(b.node('linear-trend')).toBeVisible();
  await page.getByRole('button', { name: /fit view/i }).click();
  await page.waitForTimeout(500); // it glides there
  await a.drag(await middleOf(page, 'Output values of read'), await middleOf(page, 'Input values of linear-trend'));
  await text.expectText('read.values -> linear-trend.values');
  await expect(b.edges).toHaveCount(4);
  await a.node('linear-trend').click();
  await page.keyboard.press('Delete');
  await expect(b.node('linear-trend')).toHaveCount(0);
  await expect.poll(() => text.text()).not.toContain('linear-trend.values');
  await expect(b.edges).toHaveCount(3);

  // it runs in Ada's browser; Ben's shows nothing of that, for it is hers
  await a.run.click();
  for (const id of ['read', 'trend', 'draw']) await expect(a.node(id)).toContainText('done', { timeout: 120_000 });
  await a.node('draw').click();
  const plot = a.details('draw').getByRole('img').first();
  await expect(plot).toBeVisible();
  expect(await plot.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  await a.node('trend').click();
  await expect(a.details('trend')).toContainText('forecast');
  const forecast = await a.details('trend').locator('dt:text-is("forecast") + dd').innerText();
  expect(forecast.split('{')).toHaveLength(1 + 5); // as many steps as Ben typed
  await expectNoFaults(page, 'workflow that ran');
  await page.screenshot({ path: path.join(folder, 'workflow-ran-light-wide.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectNoFaults(page, 'workflow that ran, dark');
  await page.screenshot({ path: path.join(folder, 'workflow-ran-dark-wide.png') });
  await expect(b.node('read')).not.toContainText('done');

  // a node that fails says why, and those behind it are not run
  await a.node('read').click();
  await a.details('read').getByLabel('column').fill('kelvin');
  await a.details('read').getByLabel('column').press('Tab');
  await text.expectText('column: kelvin');
  await a.run.click();
  await expect(a.node('read')).toContainText('failed', { timeout: 60_000 });
  await expect(a.details('read').getByRole('status')).toContainText('kelvin');
  for (const id of ['trend', 'draw']) await expect(a.node(id)).toContainText('skipped');

  // and what is wrong in the text is said on both canvases, with its line
  await text.atEndOf('read.values -> draw.values');
  await text.type('\n- nowhere.x -> draw.values'); // the editor keeps the indentation
  for (const { wrong } of [a, b]) await expect(wrong).toContainText(/Line \d+: .*nowhere/);
});

test('a reader sees the canvas and runs it, but moves nothing; on a phone too', async ({ vera }) => {
  await open(vera);
  const v = canvasOn(vera.page);
  await expect(vera.page.getByLabel('Skill to add')).toHaveCount(0);
  const before = await writerOn(vera.page).text();
  const box = (await v.node('draw').boundingBox())!;
  await v.drag({ x: box.x + 40, y: box.y + 14 }, { x: box.x + 40, y: box.y + 100 });
  await v.node('draw').click();
  await vera.page.keyboard.press('Delete');
  await expect(v.node('draw')).toBeVisible();
  await expect(v.details('draw').getByRole('textbox').first()).toBeDisabled();
  expect(await writerOn(vera.page).text()).toBe(before);
});
