// Words from outside that come a second time, by way of what a run wrote or answered (RU8), on the whole server.
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProduct, type Product } from '../testProduct.ts';
import { packZip } from '../volumes/exchange/archive.ts';

let product: Product;
let { call, run } = {} as Product;
const lab = '/volumes/team%2Flab';
const reading = (path: string) => `call read_file with ${JSON.stringify({ path })}`;

beforeAll(async () => {
  product = await startProduct();
  ({ call, run } = product);
  await call('ada', `PUT ${lab}/files/notes/own.md`, 'Ours.\n');
  async function* files() {
    yield { path: 'news/page.md', content: Buffer.from('The heron nests early this year.\n') };
  }
  await call('ada', `POST ${lab}/import-archive`, await buffer(packZip({ files: files(), at: Date.now() })));
}, 120_000);
afterAll(() => product?.close());

test('[RU8] what a tainted run wrote taints the next that reads it, in a file, in a search, in memory, in its conversation', async () => {
  const { id: conversation } = await call('ada', 'POST /conversations', {
    volume: 'team/lab',
    title: 'Herons',
    private: false,
  });
  const write = `call write_file with ${JSON.stringify({ path: 'notes/heron.md', content: 'Herons nest early.\n' })}`;
  const first = await run(`${reading('news/page.md')}. ${write}`, { conversation });
  expect(first.taint).toEqual([expect.stringContaining('an import that nobody has reviewed')]);

  const second = 'what a run wrote that had read text from outside';
  expect((await run(reading('notes/own.md'))).taint).toEqual([]);
  expect((await run('Say something else.', { conversation })).taint).toEqual([
    'an earlier answer of this conversation',
  ]);
  for (const goal of [
    reading('notes/heron.md'),
    reading(first.trace!.path),
    'call search_files with {"query":"herons early"}',
    'call query_memory with {"query":"herons nest early","scope":"project"}',
  ])
    expect((await run(goal)).taint, goal).toEqual([expect.stringContaining(second)]);
}, 60_000);

test('[RU8] until somebody has reviewed that version', async () => {
  const { commits } = await call('ben', `GET ${lab}/commits?path=notes/heron.md`);
  await call('ben', `POST ${lab}/reviews`, { oids: commits.map(({ oid }: { oid: string }) => oid) });
  expect((await run(reading('notes/heron.md'))).taint).toEqual([]);
}, 30_000);
