// What teammates say to a run must not become, unread, what its person's agents follow (RU8): on the whole server, and read from events.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readRun, type RunAct, type RunEvent } from '#shared/run.ts';
import { startProduct, type Product } from '../testProduct.ts';
import { othersIn } from './others.ts';
import { faceOf } from './testRuns.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 120_000);
afterEach(() => product.model.reset());
afterAll(() => product?.close());

const agent = '---\nname: Echo\ndescription: Says it again.\n---\nYou repeat.\n';
const write = (path: string) => ({ calls: [{ name: 'write_file', args: { path, content: agent } }] });
const ask = { calls: [{ name: 'ask_person', args: { question: 'What then?' } }] };

const start = async (goal: string, more: Record<string, unknown> = {}): Promise<string> =>
  (await product.call('ada', 'POST /runs', { volume: 'team/lab', goal, ...more })).id;
const callsOf = async (id: string) => {
  const state = readRun((await product.call('ada', `GET /runs/${id}`)).events);
  return state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
};
const askedIn = async (id: string) =>
  (await product.until(
    () => callsOf(id),
    (calls) => calls.some(({ status }) => status === 'asked'),
  ))!.find(({ status }) => status === 'asked')!;
const held = (path: string): Promise<string | null> =>
  product.call('ada', `GET /volumes/user%2Fada/files/${path}`).catch(() => null);

/** It waits for Ada, for her alone, and writes when she has read it. */
async function waitsForAda(id: string, path: string): Promise<void> {
  const { approval, id: call } = await askedIn(id);
  expect(approval).toMatchObject({
    personOnly: true,
    why: expect.stringMatching(/It writes .* in user\/ada: .*Others than you spoke to this run, too \(Ben\)/),
  });
  const verdict = { verdict: 'approved', hash: approval!.hash };
  await expect(product.call('ben', `POST /runs/${id}/approvals/${call}`, verdict)).rejects.toThrow(
    'Only Ada may approve this',
  );
  expect(await held(path)).toBeNull();
  await product.call('ada', `POST /runs/${id}/approvals/${call}`, verdict);
  await product.over(id);
  expect(await held(path)).toBe(agent);
}

test('[RU8] a definition that a run writes goes to its person at once, as long as nobody else spoke to it', async () => {
  product.model.on('Write alone', [ask, write('agents/Alone.md'), { text: 'Written.' }]);
  const id = await start('Write alone');
  await product.call('ada', `POST /runs/${id}/answers/${(await askedIn(id)).id}`, { text: 'Echo.' });
  expect((await product.over(id)).status).toBe('done');
  expect(await held('agents/Alone.md')).toBe(agent);
}, 30_000);

test('[RU8] once a teammate steered or answered it, its person reads the definition before it is written', async () => {
  product.model.on('Write steered', [ask, { text: 'Well.' }]);
  product.model.on('Write what Ben wants', [write('agents/Steered.md'), { text: 'Written.' }]);
  const steered = await start('Write steered');
  const { id: question } = await askedIn(steered);
  await product.call('ben', `POST /runs/${steered}/steer`, { text: 'Write what Ben wants' });
  await product.call('ada', `POST /runs/${steered}/answers/${question}`, { text: 'You know.' });
  await waitsForAda(steered, 'agents/Steered.md');

  product.model.on('Write answered', [ask, write('agents/Answered.md'), { text: 'Written.' }]);
  const answered = await start('Write answered');
  await product.call('ben', `POST /runs/${answered}/answers/${(await askedIn(answered)).id}`, { text: 'Echo.' });
  await waitsForAda(answered, 'agents/Answered.md');
}, 60_000);

test('[RU8] so it is below that run, and in a conversation in which somebody else spoke before', async () => {
  await product.call('ada', 'PUT /volumes/team%2Flab/files/agents/Below.md', agent.replace('Echo', 'Below'));
  const delegate = { calls: [{ name: 'delegate_to_agent', args: { agent: 'Below', task: 'Do as Ben said' } }] };
  product.model.on('Let it be written', [ask, delegate, { text: 'Done.' }]);
  product.model.on('Do as Ben said', [write('agents/FromBelow.md'), { text: 'Written.' }]);
  const above = await start('Let it be written');
  await product.call('ben', `POST /runs/${above}/answers/${(await askedIn(above)).id}`, { text: 'Echo.' });
  const child = await product.until(
    async () => (await product.call('ada', `GET /runs/${above}`)).children[0],
    (found) => found?.status === 'waiting',
  );
  await waitsForAda(child.id, 'agents/FromBelow.md');

  const talk = await product.call('ada', 'POST /conversations', { volume: 'team/lab', title: 'Us', private: false });
  const said = { volume: 'team/lab', goal: 'Next time write Echo.', conversation: talk.id };
  await product.over((await product.call('ben', 'POST /runs', said)).id);
  product.model.on('Write on', [write('agents/Talked.md'), { text: 'Written.' }]);
  await waitsForAda(await start('Write on', { conversation: talk.id }), 'agents/Talked.md');
}, 60_000);

test('[RU8] who spoke to a run is known from its events, and from those of the runs below it', async () => {
  const eventsOf = (acts: RunAct[]) => acts.map((act, i): RunEvent => ({ ...act, seq: i + 1, at: '2026-05-01T10:00:00Z' }));
  const [ada, ben, vic] = [faceOf('ada'), faceOf('ben'), faceOf('vic')];
  const below = eventsOf([{ type: 'answer', call: 'q', by: vic, text: 'Seven.' }]);
  const find = (acts: RunAct[]) =>
    othersIn({ events: eventsOf(acts), eventsOf: async (run) => (run === 'below' ? below : []), person: ada });
  expect(
    await find([
      { type: 'steer', by: ada, text: 'Mine.' },
      { type: 'approval', call: 'c', verdict: 'approved', by: ben },
      { type: 'resumed', by: ben },
    ]),
  ).toEqual([]);
  expect(
    await find([
      { type: 'approval', call: 'c', verdict: 'refused', by: ben, note: 'Rather this.' },
      { type: 'steer', by: ben, text: 'And that.' },
      { type: 'child', call: 'd', run: 'below', agent: 'Asker' },
    ]),
  ).toEqual([ben, vic]);
}); // prettier-ignore
