// Traces that become lessons by themselves, on the whole server, which looks every 200 ms.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTrace } from '#shared/trace.ts';
import { textOf } from '../e2e/fakes/obedience.ts';
import { packZip } from './volumes/exchange/archive.ts';
import { buffer } from 'node:stream/consumers';
import { startProduct, type Product } from './testProduct.ts';

let product: Product;
let { call, run, until } = {} as Product;
const lab = '/volumes/team%2Flab';
const kernel = (traces: number, tokens = 200_000) =>
  `| setting | value |\n|---|---|\n| \`consolidate_after_traces\` | ${traces} |\n| \`consolidate_tokens\` | ${tokens} |\n`;
const goal = 'Consolidate these';
const note = '---\ntype: domain_knowledge\nconfidence: low\n---\n\n- The station reports local time.\n';
const pathsIn = (text: string) => [...text.matchAll(/^- (memory\/traces\/\S+)$/gm)].map(([, path]) => path!);

const state = () => call('ada', `GET ${lab}/consolidation`);
const traces = async (): Promise<{ path: string; state: string }[]> =>
  (await call('ada', `GET ${lab}/memory?limit=200`)).entries.filter(
    ({ type, traceId }: any) => type === 'traces' && traceId,
  );
const consolidated = async () => (await traces()).filter((one) => one.state === 'consolidated').map(({ path }) => path).sort(); // prettier-ignore

/** It reads all that it was given but the last, writes a note, and is done. `waitMs`: before it says anything. */
function script(waitMs = 0) {
  product.model.on(goal, (asked, turn) => {
    const given = pathsIn(asked.messages.map(textOf).join('\n'));
    const read = given.slice(0, -1).map((path) => ({ name: 'read_file', args: { path } }));
    if (turn === 0) return { calls: read, waitMs };
    if (turn === 1) return { calls: [{ name: 'write_file', args: { path: `memory/long_term/of-${given.length}-${Date.now()}.md`, content: note } }], waitMs }; // prettier-ignore
    return { text: 'One statement was added.' };
  });
}

beforeAll(async () => {
  product = await startProduct({ CONSOLIDATE_EVERY_MS: '200' });
  ({ call, run, until } = product);
}, 120_000);
afterAll(() => product?.close());

test('[ME3] nothing happens below the number of the kernel; a smaller number is live at once, and what was read is consolidated', { timeout: 60_000 }, async () => {
  script();
  for (const name of ['one', 'two', 'three']) await run(`Say ${name}.`);
  await until(traces, (found) => found.length === 3);
  await new Promise((done) => setTimeout(done, 1000)); // five looks
  expect(await state()).toMatchObject({ waiting: 3, after: { traces: 10 }, running: null, last: null, off: null });

  await call('ada', `PUT ${lab}/files/kernel/memory-schema.md`, kernel(3));
  const { last } = await until(state, ({ last: one }) => one !== null);
  const { events, run: row } = await call('ada', `GET /runs/${last.run}`);
  expect(row).toMatchObject({ status: 'done', by: { login: 'ada' }, volume: 'team/lab' });
  const given = pathsIn(events[0].head.goal);
  expect(given).toHaveLength(3);
  // the one that was not read waits on, and is not tried again at once
  await until(consolidated, (found) => found.length === 2);
  expect(await consolidated()).toEqual(given.slice(0, -1).sort());
  const text: string = await call('ada', `GET ${lab}/files/${given[0]}`);
  expect(readTrace(text)).toMatchObject({ lifecycleState: 'consolidated' });
  expect(await state()).toMatchObject({ waiting: 1, running: null, last: { ok: true, read: 2 } });
  const before = (await call('ada', `GET ${lab}/commits`)).commits.length;
  await new Promise((done) => setTimeout(done, 800)); // further looks change nothing
  expect((await call('ada', `GET ${lab}/commits`)).commits.length).toBe(before);
}); // prettier-ignore

test('[ME3] killed in the middle, the next start does the rest, and nothing twice', { timeout: 90_000 }, async () => {
  script(2500);
  for (const name of ['four', 'five']) await run(`Say ${name}.`);
  const { running } = await until(state, (one) => one.running !== null);
  await product.world.kill();
  script();
  await product.world.start();
  expect((await product.over(running)).reason).toBe('interrupted');
  await until(state, ({ last, waiting }) => last?.ok && last.run !== running && waiting === 1);
  await until(consolidated, (found) => found.length === 4);
  const { commits } = await call('ada', `GET ${lab}/commits?limit=200`);
  const marks = commits.filter(({ message }: any) => /consolidated \(run/.test(message));
  expect(marks.map(({ message }: any) => message.split(' (')[0])).toEqual(['2 traces are consolidated', '2 traces are consolidated']);
}); // prettier-ignore

test('[ME3] traces with words from outside are left alone, and a team turns it off with a number', { timeout: 60_000 }, async () => {
  script();
  async function* files() {
    yield { path: 'news/page.md', content: Buffer.from('The heron nests early this year.\n') };
  }
  await call('ada', `POST ${lab}/import-archive`, await buffer(packZip({ files: files(), at: Date.now() })));
  const tainted = await run('call read_file with {"path":"news/page.md"}');
  expect(tainted.taint).toHaveLength(1);
  for (const name of ['six', 'seven']) await run(`Say ${name}.`);
  const { last } = await until(state, ({ last: one, waiting }) => one?.read === 2 && waiting === 2);
  const given = pathsIn((await call('ada', `GET /runs/${last.run}`)).events[0].head.goal);
  expect(given).toHaveLength(3);
  expect(given).not.toContain(tainted.trace!.path);

  const at = `${product.world.origin}/api/v1${lab}/files/kernel/memory-schema.md`;
  const headers = { origin: product.world.origin, cookie: product.cookies['ada']!, 'content-type': 'text/plain' };
  const etag = (await fetch(at, { headers })).headers.get('etag')!;
  expect((await fetch(at, { method: 'PUT', body: kernel(1, 0), headers: { ...headers, 'if-match': etag } })).ok).toBe(true);
  await until(state, ({ off }) => off === 'turned-off');
  const runs = (await call('ada', 'GET /runs?volume=team%2Flab&limit=100')).runs.length;
  await new Promise((done) => setTimeout(done, 800));
  expect((await call('ada', 'GET /runs?volume=team%2Flab&limit=100')).runs).toHaveLength(runs);
  // a person may still ask for it
  const { run: asked } = await call('ben', `POST ${lab}/consolidation`);
  expect((await product.over(asked)).head).toMatchObject({ by: { login: 'ben' } });
}); // prettier-ignore
