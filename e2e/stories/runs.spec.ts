// Agents are text: run one, watch it together. The model is scripted and speaks over real HTTP; everything else is as in life.
import { AxeBuilder } from '@axe-core/playwright';
import path from 'node:path';
import { chatOn, lastRun } from '../chatPanel.ts';
import { expect, signIn, testWithModel as test } from '../people.ts';
import { writerOn } from '../writer.ts';

const lab = '/volumes/team%2Flab';
// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });
test.beforeEach(({ model }) => model.reset());

test('[RU5] a person runs an agent from its file; a teammate opens the link and sees it from the start, steers, and branches', async ({
  ada,
  ben,
  model,
}) => {
  await ada.api('PUT', '/volumes/user%2Fada/files/diary.md', 'The password of the bench is on the wall.\n');
  await ada.api(
    'PUT',
    `${lab}/files/agents/Keeper.md`,
    '---\nname: Keeper\ndescription: Keeps notes\ntools: [read_file, write_file]\n---\n\nYou keep notes.\n',
  );
  model.on('Compare our notes', [
    { text: 'I look at the notes first. ', calls: [{ name: 'read_file', args: { path: 'notes/first-week.md' } }] },
    { text: 'Now the diary.', calls: [{ name: 'read_file', args: { path: 'diary.md', volume: 'user/ada' } }] },
    { text: 'They **agree** on everything.\n\n- one\n- two' },
  ]);
  await ada.open('team/lab', 'agents/Keeper.md');
  await ada.page.getByRole('button', { name: 'Run this agent' }).click();
  const a = chatOn(ada.page);
  await expect(a.composer).toHaveValue('/llmos "" @Keeper');
  await ada.page.getByRole('button', { name: 'Only me' }).click();
  await a.composer.focus();
  await ada.page.keyboard.press('Home');
  for (let i = 0; i < '/llmos "'.length; i++) await ada.page.keyboard.press('ArrowRight');
  await ada.page.keyboard.type('Compare our notes');
  await ada.page.getByRole('button', { name: 'Send', exact: true }).click();
  await a.expectStatus('Waits');

  // Ben comes later, and sees it from the first word on
  const { id } = await lastRun(ada.api);
  await ben.page.goto(`/run/${id}`);
  const b = chatOn(ben.page);
  await expect(b.feed).toContainText('Compare our notes');
  await expect(b.feed).toContainText('I look at the notes first.');
  await expect(b.tool('read_file').first()).toContainText('first-week.md');
  await expect(b.approval).toContainText('diary.md');
  await expect(b.approval).toContainText(/left/);
  // it would show the team what is Ada's: Ben may refuse that, and only Ada approve it
  await expect(b.approval).toContainText('Only Ada may approve this');
  await expect(b.approval.getByRole('button', { name: 'Refuse' })).toBeVisible();
  await expect(b.approval.getByRole('button', { name: 'Approve once' })).toHaveCount(0);

  await b.steer.fill('Be brief, please');
  await ben.page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(b.steer).toHaveValue('');
  const unheard = ada.page.getByRole('list', { name: 'Not heard yet' });
  await expect(unheard).toContainText('Goes in before the next step, from Ben: Be brief, please');
  await a.approval.getByRole('button', { name: 'Approve once' }).click();
  await a.expectStatus('Done');
  await expect(b.approval).toHaveCount(0);
  for (const { feed } of [a, b]) {
    await expect(feed.getByText('Be brief, please')).toBeVisible();
    await expect(feed.locator('strong', { hasText: 'agree' })).toBeVisible();
  }
  expect(JSON.stringify(model.seen.at(-1)!.messages)).toContain('Be brief, please');
  expect(model.seen.at(-1)!.tools!.map((tool) => tool.function.name)).not.toContain('execute_python');

  // what was approved says by whom; the slider goes back to before
  await b.tool('read_file').nth(1).getByRole('button').first().click();
  await expect(b.feed.getByText('approved by Ada')).toBeVisible();
  const slider = ben.page.getByRole('slider', { name: 'Event' });
  await slider.focus();
  await ben.page.keyboard.press('Home');
  await expect(b.feed).not.toContainText('They agree');
  await ben.page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect(b.feed).toContainText('They agree');

  // another way from the first step, at the versions of then
  model.on('Only count them', [{ text: 'There are two notes.' }]);
  await b.tool('read_file').first().getByRole('button').first().click();
  await b.tool('read_file').first().getByRole('button', { name: 'Branch from here' }).click();
  await ben.page.getByLabel('What shall be different').fill('Only count them');
  await ben.page.getByRole('button', { name: 'Branch the run' }).click();
  await expect(ben.page).not.toHaveURL(new RegExp(id));
  await expect(b.feed).toContainText('There are two notes.');
  await expect(ben.page.getByRole('group', { name: /Runs and how they hang together/ }).getByRole('link')).toHaveCount(
    2,
  );
});

test('an agent edits a file while two people type in it: every word of all is there', async ({ ada, ben, model }) => {
  const path = 'shared-plan.md';
  await ada.api('PUT', `${lab}/files/${path}`, '# Plan\n\nAda:\n\nBen:\n\nAgent:\n');
  await ada.open('team/lab', path);
  await ben.open('team/lab', path);
  const [wa, wb] = [writerOn(ada.page), writerOn(ben.page)];
  for (const writer of [wa, wb]) await writer.expectLight('server', 'done');
  model.on('Extend the plan', [
    { calls: [{ name: 'read_file', args: { path } }] },
    ...[1, 2, 3].map((n) => ({
      waitMs: 700,
      calls: [
        {
          name: 'edit_file',
          args: {
            path,
            old: n === 1 ? 'Agent:' : `step ${n - 1}.`,
            new: n === 1 ? 'Agent: step 1.' : `step ${n - 1}. step ${n}.`,
          },
        },
      ],
    })),
    { text: 'The plan has three steps.' },
  ]);
  const a = chatOn(ada.page);
  await a.newConversation();
  await a.say('Extend the plan', { team: true });
  await wa.atEndOf('Ada:');
  await wb.atEndOf('Ben:');
  const words = (who: string) => Array.from({ length: 40 }, (_, i) => ` ${who}${i}`).join('');
  await Promise.all([wa.type(words('a')), wb.type(words('b'))]);
  await a.expectStatus('Done', 60_000);
  const whole = `# Plan\n\nAda:${words('a')}\n\nBen:${words('b')}\n\nAgent: step 1. step 2. step 3.\n`;
  for (const writer of [wa, wb]) await expect.poll(() => writer.text(), { timeout: 20_000 }).toBe(whole);
  // the card of an edit shows what it changed
  const card = a.tool('edit_file').first();
  await card.getByRole('button').first().click();
  await expect(card.getByRole('region', { name: 'What it changes' })).toContainText('Agent: step 1.');
});

test('[RU10] the graph of a run shows the run whose file it read, which leads there; the list of conversations says who waits', async ({
  ada,
  model,
}) => {
  const path = 'notes/herons.md';
  model.on('Count the herons', [
    { calls: [{ name: 'write_file', args: { path, content: 'Five.\n' } }] },
    { text: 'Five.' },
  ]);
  model.on('Explain the number', [
    { calls: [{ name: 'read_file', args: { path } }] },
    { calls: [{ name: 'ask_person', args: { question: 'Aloud?', choices: ['yes', 'no'] } }] },
    { text: 'It is five.' },
  ]);
  await ada.open('team/lab', 'README.md');
  const a = chatOn(ada.page);
  await a.newConversation();
  await a.say('Count the herons', { team: true });
  await a.expectStatus('Done');
  const { id: first } = await lastRun(ada.api);
  await a.newConversation();
  await a.say('Explain the number', { team: true });
  await a.expectStatus('Waits');
  await ada.page.getByRole('button', { name: 'Conversations', exact: true }).click();
  await expect(ada.page.getByRole('button', { name: /Explain the number/ })).toContainText('Waits');
  await ada.page.getByRole('button', { name: /Explain the number/ }).click();
  await ada.page.getByRole('region', { name: 'Question' }).getByRole('button', { name: 'yes' }).click();
  await a.expectStatus('Done');

  const { id } = await lastRun(ada.api);
  await ada.page.goto(`/run/${id}`);
  const graph = ada.page.getByRole('group', { name: /Runs and how they hang together/ });
  const other = graph.getByRole('link', { name: /Count the herons/ });
  await expect(other).toBeVisible();
  await expect(graph.locator('path.needs title')).toHaveText(`reads ${path}`);
  // in the width of the panel both are whole
  const panel = (await ada.page.locator('.trace-graph').boundingBox())!;
  for (const link of await graph.getByRole('link').all()) {
    const box = (await link.boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(panel.x + panel.width);
  }
  await other.click();
  await expect(ada.page).toHaveURL(new RegExp(first));
});

test('a run is stopped while it speaks, started again, and its words are written as they come', async ({
  ada,
  model,
}) => {
  const long = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ');
  model.on('Tell me a lot', [{ text: long, paceMs: 40 }]);
  await ada.open('team/lab', 'README.md');
  const a = chatOn(ada.page);
  await a.newConversation();
  await a.say('Tell me a lot');
  await expect(a.feed).toContainText('word10');
  await expect(a.feed).not.toContainText('word399');
  await ada.page.getByRole('button', { name: 'Stop', exact: true }).click();
  await a.expectStatus('Stopped');
  await expect(a.feed.getByText('Ada stopped it.')).toBeVisible();
  await expect(a.feed).not.toContainText('word399');
  model.on('Tell me a lot', [{ text: 'Enough said.' }]);
  await a.feed.getByRole('button', { name: 'Start again' }).click();
  await expect(a.feed).toContainText('Enough said.');
});

test('[RU1] the server is killed in the middle: the screen says so, keeps what was said, and the run goes on', async ({
  ada,
  model,
  world,
}) => {
  test.setTimeout(120_000);
  model.on('Count slowly', [
    { text: 'I begin.', calls: [{ name: 'list_directory', args: { path: 'notes' } }] },
    { text: 'one two three four five six seven', paceMs: 900 },
  ]);
  await ada.open('team/lab', 'README.md');
  const a = chatOn(ada.page);
  await a.newConversation();
  await a.say('Count slowly');
  await expect(a.feed).toContainText('one');
  await world.kill();
  await world.start();
  await a.expectStatus('Failed', 60_000);
  await expect(a.feed).toContainText('I begin.');
  await expect(a.feed.getByRole('group', { name: 'How it ended' })).toContainText(
    'The server stopped in the middle of it',
  );
  model.on('Count slowly', () => ({ text: 'and I am done.' }));
  await a.feed.getByRole('button', { name: /^Go on from step/ }).click();
  await expect(a.feed).toContainText('and I am done.', { timeout: 30_000 });
  await a.expectStatus('Done');
});

test('a phone: the notification leads to the run, an answer and the stop are under the thumb; axe finds nothing', async ({
  browser,
  world,
  ada,
  model,
}) => {
  await ada.api('PUT', '/volumes/user%2Fada/files/secret-plan.md', 'Nobody knows.\n');
  model.on('Read my plan', [
    { calls: [{ name: 'read_file', args: { path: 'secret-plan.md', volume: 'user/ada' } }] },
    { text: 'Read it.' },
  ]);
  model.on('Ask me', [
    { calls: [{ name: 'ask_person', args: { question: 'Left or right?', choices: ['left', 'right'] } }] },
    { text: 'Thank you.' },
  ]);
  const phone = await signIn(browser, world, 'ada', { viewport: { width: 390, height: 844 }, hasTouch: true });
  await phone.page.goto('/');
  await phone.page.getByRole('link', { name: 'Runs', exact: false }).first().waitFor();
  const { id } = await ada.api('POST', '/runs', { volume: 'team/lab', goal: 'Read my plan' });
  await expect(phone.page.getByRole('navigation', { name: 'Places' }).getByLabel('1 to answer')).toBeVisible();
  await phone.page.goto('/v/team/lab');
  // the newest is on top; that an earlier run is done may be told late
  await phone.page.getByRole('button', { name: /^Notifications, \d+ unread/ }).tap();
  await phone.page
    .getByRole('link', { name: /waits for your approval/ })
    .first()
    .tap();
  await expect(phone.page).toHaveURL(new RegExp(id));
  const p = chatOn(phone.page);
  const approve = p.approval.getByRole('button', { name: 'Approve once' });
  await expect(approve).toBeVisible();
  const box = (await approve.boundingBox())!;
  expect([box.height >= 44, box.y > 422, box.y + box.height < 844]).toEqual([true, true, true]);
  for (const colorScheme of ['light', 'dark'] as const) {
    await phone.page.emulateMedia({ colorScheme });
    await phone.page.waitForTimeout(400); // colours pass over
    expect(
      (await new AxeBuilder({ page: phone.page }).analyze()).violations.map(({ id, nodes }) => [id, nodes[0]!.html]),
    ).toEqual([]);
  }
  await expect(phone.page.getByRole('button', { name: 'Stop', exact: true })).toBeVisible();
  await approve.tap();
  await expect(p.feed).toContainText('Read it.');

  // a question is answered by a choice
  await phone.page.goto('/chat');
  await p.say('Ask me');
  await phone.page.getByRole('region', { name: 'Question' }).getByRole('button', { name: 'right' }).tap();
  await expect(p.feed).toContainText('Thank you.');
  expect(JSON.stringify(model.seen.at(-1)!.messages)).toContain('right');
  await phone.close();
});

test('pictures of runs in both themes and at both widths; axe finds nothing, nothing is wider than its window', async ({
  ada,
  model,
}) => {
  test.setTimeout(180_000);
  await ada.api('PUT', '/volumes/user%2Fada/files/plan.md', 'Nobody knows.\n');
  model.on('Draw the temperatures', [
    { text: 'First I look at the file.', calls: [{ name: 'read_file', args: { path: 'notes/measurements.csv' } }] },
    { calls: [{ name: 'edit_file', args: { path: 'README.md', old: 'A small team', new: 'A small and calm team' } }] },
    {
      text: 'Then the plan:\n\n1. read\n2. draw',
      calls: [{ name: 'read_file', args: { path: 'plan.md', volume: 'user/ada' } }],
    },
    { text: 'Done.' },
  ]);
  await ada.open('team/lab', 'agents/NoteKeeper.md');
  const a = chatOn(ada.page);
  await a.newConversation();
  await a.say('Draw the temperatures of @notes/measurements.csv', { team: true });
  await a.expectStatus('Waits');
  const { id } = await lastRun(ada.api);
  const places: Record<string, string> = {
    'run-panel': '/v/team/lab/f/agents/NoteKeeper.md',
    run: `/run/${id}`,
    runs: '/runs',
  };
  for (const colorScheme of ['light', 'dark'] as const) {
    await ada.page.emulateMedia({ colorScheme });
    for (const [width, size] of Object.entries({
      wide: { width: 1440, height: 900 },
      narrow: { width: 390, height: 844 },
    })) {
      await ada.page.setViewportSize(size);
      for (const [name, place] of Object.entries(places)) {
        if (name === 'run-panel' && width === 'narrow') continue;
        await ada.page.goto(place);
        await expect(name === 'runs' ? ada.page.getByText('Draw the temperatures').first() : a.approval).toBeVisible();
        const overflow = await ada.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${name} is wider than its window`).toBeLessThanOrEqual(0);
        const { violations } = await new AxeBuilder({ page: ada.page }).exclude('.cm-editor').analyze();
        expect(violations.map((one) => [name, one.id, one.nodes[0]!.html])).toEqual([]);
        await ada.page.screenshot({
          path: path.join(import.meta.dirname, '..', 'screens', `${name}-${colorScheme}-${width}.png`),
        });
      }
    }
  }
});
