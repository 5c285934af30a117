// An applet from its birth to its repair: a run writes it and tries it in its person's tab; it breaks in a person's hands; its error goes to
// the agent that mends applets; what that agent writes runs beside the code at once.
import path from 'node:path';
import { chatOn, lastRun } from '../chatPanel.ts';
import { expectNoFaults } from '../faults.ts';
import { expect, testWithModel as test, type Person } from '../people.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });
test.setTimeout(240_000);
test.beforeEach(({ model }) => model.reset());

const folder = path.join(import.meta.dirname, '..', 'screens');
const view = ({ page }: Person) => page.locator('section.applet');
const frame = ({ page }: Person) => page.frameLocator('section.applet iframe');
const counter = (step: string, start = 'useState(0)') => `/**
 * @name Tide counter
 */
import { useState } from 'react';

export default function Tides() {
  const [n, setN] = ${start};
  const marks = { high: [3, 9] };
  return <button onClick={() => setN(n + ${step})}>tides: {n}</button>;
}
`;

test('an applet is generated, tried, breaks, goes to the agent that mends applets, and runs', async ({
  ada,
  ben,
  model,
}) => {
  // the first try does not even start: what the tab of its person saw is the answer of the tool, and the run goes on from it
  model.on('Make an applet that counts tides', [
    {
      calls: [
        { name: 'generate_applet', args: { name: 'Tides', code: counter('1', 'useTide(0)'), volume: 'team/lab' } },
      ],
    },
    {
      calls: [
        { name: 'generate_applet', args: { name: 'Tides', code: counter('marks.low.length'), volume: 'team/lab' } },
      ],
    },
    { text: 'It counts tides, one at each press.' },
  ]);
  await ada.open('team/lab', 'README.md');
  const chat = chatOn(ada.page);
  await chat.say('Make an applet that counts tides', { team: true });
  await chat.expectStatus('Done', 60_000);
  const answers = (of: number) =>
    model.seen[of]!.messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content));
  const tried = answers(model.seen.length - 1);
  expect(tried[0]).toContain('useTide is not defined');
  expect(tried[0]).toMatch(/line 7/);
  expect(tried[1]).toContain('It runs.');
  await expect(chat.tool('generate_applet').first()).toContainText(/failed/i);

  // where it was put, it runs, until somebody presses its button
  const run = await lastRun(ada.api);
  const { events } = await ada.api('GET', `/runs/${run.id}`);
  const part = events.flatMap((event: any) => event.parts ?? []).findLast((one: any) => one.kind === 'file');
  const address = `/v/${part.volume}/f/${part.path}`;
  await ada.page.goto(address);
  await expect(view(ada)).toHaveAttribute('data-state', 'painted', { timeout: 60_000 });
  await frame(ada).getByRole('button', { name: 'tides: 0' }).click();
  await expect(view(ada).getByRole('alert')).toContainText(/line 9.*reading 'length'/s);
  await expectNoFaults(ada.page, 'an applet that failed');
  await ada.page.screenshot({ path: path.join(folder, 'applet-failed-light-wide.png') });

  // one press hands the words to the agent; the person reads them and sends them
  model.on(/^Mend the applet/, [
    { calls: [{ name: 'read_file', args: { path: part.path, volume: part.volume } }] },
    {
      calls: [
        { name: 'generate_applet', args: { name: 'tides', code: counter('marks.high.length'), volume: part.volume } },
      ],
    },
    { text: 'There is no `marks.low`; it counts by `marks.high`.' },
  ]);
  await view(ada).getByRole('button', { name: 'Fix it' }).click();
  await expect(chat.composer).toHaveValue(
    /^\/llmos "Mend the applet\. It says: .*line 9.*" @AppletDebuggerAgent @applets\/tides\.tsx/s,
  );
  await ada.page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect.poll(async () => (await lastRun(ada.api)).agent).toBe('AppletDebuggerAgent');
  await expect.poll(async () => (await lastRun(ada.api)).status, { timeout: 60_000 }).toBe('done');
  // it had its own text and just its own tools, the words of the error, and read the source
  const last = model.seen.at(-1)!;
  const heard = JSON.stringify(last.messages);
  expect(heard).toContain('You get an applet that fails and the message');
  expect(heard).toMatch(/Mend the applet\. It says: .*line 9/);
  expect(heard).toContain('marks.low.length');
  const tools = last.tools!.map((tool) => tool.function.name);
  expect(tools).toEqual(expect.arrayContaining(['generate_applet', 'read_file', 'search_files']));
  expect(tools).not.toContain('write_file');

  // beside the code it runs already, without a reload
  await expect(view(ada)).toHaveAttribute('data-state', 'painted', { timeout: 30_000 });
  await frame(ada).getByRole('button', { name: 'tides: 0' }).click();
  await frame(ada).getByRole('button', { name: 'tides: 2' }).click();
  await expect(frame(ada).getByRole('button')).toHaveText('tides: 4');
  await expect(view(ada).getByRole('alert')).toHaveCount(0);
  await ada.page.screenshot({ path: path.join(folder, 'applet-mended-light-wide.png') });

  // who wrote it is told: an agent, for Ada
  await ada.page.goto(address.replace('/f/', '/h/'));
  await expect(ada.page.getByText('AppletDebuggerAgent').first()).toBeVisible();

  // where the team can see it, Ben presses the same button
  if (part.volume === 'team/lab') {
    await ben.page.goto(address);
    await expect(frame(ben).getByRole('button', { name: 'tides: 0' })).toBeVisible({ timeout: 60_000 });
  }
});

test('without a tab an applet is written and says that nobody tried it; what cannot be compiled is not written', async ({
  ada,
  model,
}) => {
  model.on('Make it blindly', [
    {
      calls: [
        { name: 'generate_applet', args: { name: 'Broken', code: 'export default () => <div>', volume: 'user/ada' } },
      ],
    },
    { calls: [{ name: 'generate_applet', args: { name: 'Blind', code: counter('1'), volume: 'user/ada' } }] },
    { text: 'Written.' },
  ]);
  await ada.page.goto('about:blank'); // no tab of Ada's is open
  const run = await ada.api('POST', '/runs', { volume: 'user/ada', goal: 'Make it blindly' });
  await expect.poll(async () => (await ada.api('GET', `/runs/${run.id}`)).run.status, { timeout: 60_000 }).toBe('done');
  const said = model.seen
    .at(-1)!
    .messages.filter(({ role }) => role === 'tool')
    .map(({ content }) => String(content));
  expect(said[0]).toContain('cannot be compiled');
  expect(said[1]).toContain('It was not tried');
  const paths = (await ada.api('GET', '/volumes/user%2Fada/tree')).files.map((file: any) => file.path);
  expect(paths).toContain('applets/blind.tsx');
  expect(paths).not.toContain('applets/broken.tsx');
});
