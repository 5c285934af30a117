// Which run built on which, on the whole server: in the trace, on the edge, as far as somebody may see them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTrace } from '#shared/trace.ts';
import { startProduct, type Product } from '../testProduct.ts';

let product: Product;
let { call, run } = {} as Product;
const lab = '/volumes/team%2Flab';
const calling = (tool: string, args: unknown) => `call ${tool} with ${JSON.stringify(args)}`;
const linksOf = async (who: string, id: string) => {
  const { builtOn, usedBy } = await call(who, `GET /runs/${id}/links`);
  const short = ({ run: one, file, how }: any) => [one.id, file, how];
  return { builtOn: builtOn.map(short), usedBy: usedBy.map(short) };
};

beforeAll(async () => {
  product = await startProduct();
  ({ call, run } = product);
}, 120_000);
afterAll(() => product?.close());

test(
  '[RU10] a trace names the runs that it built on: their files, their traces, the skills made from them; nobody sees those of others',
  { timeout: 60_000 },
  async () => {
    const path = 'notes/pelican.md';
    const first = await run(calling('write_file', { path, content: 'Pelicans fish together.\n' }));
    expect(await linksOf('ada', first.id)).toEqual({ builtOn: [], usedBy: [] });
    const skill = `---\nname: pelican-watch\ndescription: How to watch pelicans.\nsource_traces: [${first.trace!.path}]\n---\nLook up.\n`;
    await call('ada', `PUT ${lab}/files/skills/pelican-watch/SKILL.md`, skill);

    const reader = await run(calling('read_file', { path }));
    const skilled = await run('Watch the birds.', { skills: ['pelican-watch'] });
    const hidden = await run(calling('read_file', { path }), { private: true });
    const ofTrace = await run(calling('read_file', { path: first.trace!.path }));
    const remembering = await run(calling('query_memory', { query: 'pelicans fish together', memory_type: 'traces' }));

    expect(await linksOf('ada', reader.id)).toEqual({ builtOn: [[first.id, path, 'read']], usedBy: expect.anything() });
    expect((await linksOf('ada', skilled.id)).builtOn).toEqual([[first.id, 'skills/pelican-watch/SKILL.md', 'skill']]);
    expect((await linksOf('ada', ofTrace.id)).builtOn).toEqual([[first.id, first.trace!.path, 'read']]);
    expect((await linksOf('ada', remembering.id)).builtOn).toContainEqual([first.id, first.trace!.path, 'remembered']);

    const users = async (who: string) => (await linksOf(who, first.id)).usedBy.map(([id]: string[]) => id);
    const shared = [reader.id, skilled.id, ofTrace.id, remembering.id];
    expect((await users('ada')).toSorted()).toEqual([...shared, hidden.id].toSorted());
    expect((await users('ben')).toSorted()).toEqual(shared.toSorted());
    await expect(call('ben', `GET /runs/${hidden.id}/links`)).rejects.toThrow('404');

    const trace = readTrace(await call('ada', `GET ${lab}/files/${reader.trace!.path}`));
    expect(trace).toMatchObject({ linkType: 'dependency', dependsOn: [{ traceId: first.id, outputFile: path }] });
    // and so the graph of the memory has it
    const { entries } = await product.until(
      () => call('ada', `GET ${lab}/memory?limit=200`),
      ({ entries: all }) => all.some(({ traceId }: any) => traceId === reader.id),
    );
    const fileOf = (traceId: string) => entries.find((one: any) => one.traceId === traceId).fileId;
    const { links } = entries.find((one: any) => one.traceId === reader.id);
    expect(links).toContainEqual({ kind: 'dependency', to: first.id, file: fileOf(first.id) });
    expect(entries.find((one: any) => one.type === 'skills').links).toContainEqual({
    kind: 'source', to: first.trace!.path, file: fileOf(first.id),
  }); // prettier-ignore
  },
);
