// What a team remembers: asked in one's own words, seen as it hangs together, walked by keyboard; and an agent draws the lessons from
// what waits, so that the next who asks finds the lesson, and the traces behind it.
import path from 'node:path';
import { expectNoFaults } from '../faults.ts';
import { expect, testWithModel as test } from '../people.ts';

const folder = path.join(import.meta.dirname, '..', 'screens');
/** A team of this story alone: runs of other stories leave traces, too. */
const garden = '/volumes/team%2Fgarden';
const month = 'memory/traces/2026/11';
const goals = [
  'Find out why pump 2 stopped in the night',
  'Water the tomatoes when the soil is dry',
  'Draw the temperature of the bench for the last week',
  'Calibrate the moisture probe of bed 3',
  'Write the weekly letter to the sponsors',
  'Check the wiring of the greenhouse fan',
  'Compare two fertilisers over a month',
  'Count seedlings on the photographs',
  'Move the measurements into one table',
  'Plan the open day of the lab',
];
const id = (n: number) => `00000000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}`;
const trace = (n: number) =>
  [
    '---',
    `trace_id: ${id(n)}`,
    n > 0 ? `previous_trace_id: ${id(n - 1)}` : 'previous_trace_id: null',
    'link_type: sequential',
    'lifecycle_state: active',
    `goal: ${goals[n]}`,
    'status: done',
    'agent_name: SystemAgent',
    'outcome:',
    '  verdict: success',
    `created_at: 2026-11-${String(n + 1).padStart(2, '0')}T10:00:00Z`,
    '---',
    '',
    '# Learnings',
    '',
    n === 0
      ? '- The fuse of pump 2 is weak: it blows when both pumps start at once.'
      : `- About ${goals[n]!.toLowerCase()}.`,
    '',
  ].join('\n');

test.beforeEach(({ model }) => model.reset());

test('[ME1] memory is asked, seen as a graph, and consolidated by an agent', async ({ ada, vera, model }) => {
  test.setTimeout(240_000);
  await ada.api('POST', '/teams', { slug: 'garden', name: 'Garden' });
  await ada.api('PUT', '/teams/garden/members/vera', { role: 'viewer' });
  for (const n of goals.keys()) await ada.api('PUT', `${garden}/files/${month}/run-${n}.md`, trace(n));
  await ada.api(
    'PUT',
    '/volumes/user%2Fada/files/memory/long_term/secret.md',
    '---\ntype: domain_knowledge\n---\n\n# Pump\n\nAda alone knows that pump 2 is borrowed.\n',
  );
  const { page } = ada;
  await page.goto('/memory?volume=team%2Fgarden');
  const rows = page.getByRole('list', { name: 'What is remembered' }).getByRole('listitem');
  await expect(rows.first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('10 traces wait for somebody to draw the lessons')).toBeVisible({ timeout: 30_000 });

  // in one’s own words
  const question = page.getByRole('textbox', { name: 'Ask memory' });
  await question.fill('Why did the pumping machine break down?');
  await expect(async () => {
    await question.press('Enter'); // meanings are computed a moment after the version
    await expect(rows.first()).toContainText('pump 2 stopped', { timeout: 10_000 });
    await expect(rows.first()).toContainText(/\d %/); // found, not merely listed
  }).toPass({ timeout: 60_000 });
  await expect(page.getByText('borrowed')).toHaveCount(0); // what is Ada's own is not the team's memory
  await expectNoFaults(page, 'memory that was asked');
  await page.screenshot({ path: path.join(folder, 'memory-asked-light-wide.png') });
  await question.fill('');

  // the graph: each entry a point, lines from what came first; Tab walks, Enter opens
  await page.getByRole('radio', { name: 'Graph' }).click();
  const graph = page.getByRole('group', { name: 'Memory over time, with links' });
  await expect(graph.getByRole('link', { name: /^trace: /i })).toHaveCount(10);
  await expect(graph.locator('path.edge')).toHaveCount(9);
  await graph.getByRole('link').first().focus();
  await page.keyboard.press('Tab');
  await expect(page.locator('.legend')).toContainText('Water the tomatoes');
  await expect(graph.locator('a.node:not(.far)')).toHaveCount(3); // itself, what it came from, what came of it
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoFaults(page, `graph of memory, ${colorScheme}`);
    await page.screenshot({ path: path.join(folder, `memory-graph-${colorScheme}-wide.png`) });
  }
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/run-1\.md/);

  // who only reads may look, not set an agent to work
  await vera.page.goto('/memory?volume=team%2Fgarden');
  await expect(vera.page.getByRole('list', { name: 'What is remembered' })).toBeVisible();
  await expect(vera.page.getByRole('button', { name: 'Consolidate' })).toHaveCount(0);

  // the lesson is drawn
  const lesson = `---\ntype: domain_knowledge\nconfidence: high\nsources:\n  - ${month}/run-0.md\n  - ${month}/run-5.md\n---\n\n# Pump 2\n\n- Never start both pumps at once: the fuse of pump 2 blows.\n`;
  const read = (n: number) => ({ name: 'read_file', args: { path: `${month}/run-${n}.md` } });
  model.on('Consolidate these 10 traces', [
    { calls: [{ name: 'query_memory', args: { query: 'pumps and fuses', memory_type: 'traces' } }] },
    { calls: [read(0), read(5)] },
    { calls: [{ name: 'write_file', args: { path: 'memory/long_term/pump.md', content: lesson } }] },
    { text: 'One statement added, two traces consolidated.' },
  ]);
  await page.goto('/memory?volume=team%2Fgarden');
  await page.getByRole('button', { name: 'Consolidate' }).click();
  await expect(page).toHaveURL(/\/run\//);
  await expect(page.getByRole('log').first()).toContainText('One statement added', { timeout: 60_000 });
  const asked = model.seen.find(({ messages }) => JSON.stringify(messages).includes('Consolidate these 10 traces'))!;
  expect(JSON.stringify(asked.messages)).toContain('You make memory smaller and better');

  // it is found, with the traces behind it, and what waited is less
  await page.goto('/memory?volume=team%2Fgarden');
  await expect(rows.filter({ hasText: 'Pump 2' }).first()).toBeVisible({ timeout: 30_000 });
  // the two that were really read
  await page.getByRole('radio', { name: 'Consolidated', exact: true }).click();
  await expect(rows).toHaveCount(2, { timeout: 30_000 });
  await page.getByRole('radio', { name: 'Any state' }).click();
  await page.getByRole('radio', { name: 'Graph' }).click();
  await expect(graph.locator('path.edge.source')).toHaveCount(2);
  const best = async () => {
    const query = 'what must not happen with the two pumps';
    const { matches } = await ada.api('POST', '/memory/query', { query, volume: 'team/garden', scope: 'project' });
    return matches.slice(0, 2).map((match: any) => match.path);
  };
  await expect.poll(best, { timeout: 30_000 }).toContain('memory/long_term/pump.md');
});

test('memory on a phone, empty, and when it cannot be read', async ({ ada }) => {
  const { page } = ada;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/memory?volume=user%2Fada');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForLoadState('networkidle');
    await expectNoFaults(page, `memory, ${colorScheme}, narrow`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
  await page.route('**/memory', (route) =>
    route.request().resourceType() === 'fetch' ? route.fulfill({ status: 503, body: '{}' }) : route.continue(),
  );
  await page.goto('/memory?volume=team%2Flab');
  await expect(page.getByText('Memory did not load')).toBeVisible();
  await page.unroute('**/memory');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('Memory did not load')).toHaveCount(0);
});
