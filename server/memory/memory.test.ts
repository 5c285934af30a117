import crypto from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MemoryQuestion } from '#shared/api/memory.ts';
import type { Actor } from '#shared/permissions.ts';
import { createEmbeddings } from '../platform/embeddings.ts';
import { silentLog } from '../platform/log.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { openMemory, type Memory } from './memory.ts';

const embeddings = createEmbeddings();
let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase(inject('postgresUrl'));
});
afterAll(async () => {
  await embeddings.close();
  await database.close();
});

const lab = { id: crypto.randomUUID(), name: 'team/lab' };
const own = { id: crypto.randomUUID(), name: 'user/ada' };
const secret = { id: crypto.randomUUID(), name: 'team/other' };
const ada = { personId: 'ada', login: 'ada' } as Actor;

type World = ReturnType<typeof world>;
/** Files of volumes, as versions would hold them. */
function world({ embed = true } = {}) {
  const files = new Map<string, { fileId: string; volumeId: string; path: string; text: string; updatedAt: Date }>();
  const told: string[] = [];
  const open = (): Memory =>
    openMemory({
      database,
      files: {
        async markdown(ids) {
          const found = ids ? ids.flatMap((id) => files.get(id) ?? []) : [...files.values()];
          return found.map((file) => ({ ...file, blob: blobOf(file.text) }));
        },
        async readBlob({ oid }) {
          const file = [...files.values()].find(({ text }) => blobOf(text) === oid);
          return file ? Buffer.from(file.text) : null;
        },
      },
      embed: embed ? embeddings.embed : null,
      readable: async () => [own, lab],
      told: (volumeIds) => told.push(...volumeIds),
      log: silentLog,
    });
  const memory = open();
  return {
    memory,
    open,
    told,
    async write(volume: { id: string }, path: string, text: string, fileId: string = crypto.randomUUID()) {
      files.set(fileId, { fileId, volumeId: volume.id, path, text, updatedAt: new Date() });
      memory.committed({ fileIds: [fileId] });
      return fileId;
    },
    async remove(fileId: string) {
      files.delete(fileId);
      memory.committed({ fileIds: [fileId] });
    },
    ask: async (question: Parameters<typeof MemoryQuestion.parse>[0]) => {
      await memory.settled();
      return memory.query({ question: MemoryQuestion.parse(question), actor: ada });
    },
  };
}
const blobOf = (text: string) => crypto.createHash('sha1').update(text).digest('hex');
const trace = (goal: string, more = '') =>
  `---\ntrace_id: ${blobOf(goal).slice(0, 8)}\ngoal: ${JSON.stringify(goal)}\noutcome: { verdict: success }\ncreated_at: 2026-05-01T10:00:00Z\n${more}---\n# ${goal}\n`;

async function filled(world: World) {
  await world.write(
    lab,
    'memory/traces/2026/05/a.md',
    trace('Analyze this CSV data and create a forecast', 'agent_name: DataAnalystAgent\n'),
  );
  await world.write(
    lab,
    'memory/traces/2026/05/b.md',
    trace('Make the robot follow the line', 'agent_name: RobotAgent\nlifecycle_state: archived\n'),
  );
  await world.write(
    own,
    'skills/weather.md',
    '---\nname: weather\ndescription: How to read the weather station in the greenhouse.\n---\n# Weather\n',
  );
  await world.write(
    secret,
    'memory/traces/2026/05/c.md',
    trace('Analyze this CSV data and create a forecast of salaries'),
  );
}

test('[ME1] it finds by meaning what shares no word with the question, and only what the asker may read', async () => {
  const here = world();
  await filled(here);
  const { matches, query_summary, total_searched } = await here.ask({
    query: 'predict next quarter from the spreadsheet',
    scope: 'global',
  });
  expect(matches.map(({ path }) => path)).toEqual(['memory/traces/2026/05/a.md']);
  expect(matches[0]).toMatchObject({
    volume: 'team/lab',
    type: 'traces',
    metadata: { agent_name: 'DataAnalystAgent', outcome: 'success' },
  });
  expect(query_summary).toContain('1 trace');
  expect(total_searched).toBe(3);
  await here.memory.close();
});

test('[ME1] who looks at a memory is told when an entry was read, when its meaning was measured, and when it is gone', async () => {
  const here = world();
  await here.memory.settled(); // what an earlier test left is gone
  here.told.length = 0;
  const file = await here.write(lab, 'memory/traces/2026/05/told.md', trace('Tell me when it can be found'));
  await here.memory.settled();
  expect(here.told).toEqual([lab.id, lab.id]);
  await here.write(lab, 'README.md', '# No memory any more\n', file);
  await here.memory.settled();
  expect(here.told, 'what is no entry any more is told, too').toEqual([lab.id, lab.id, lab.id]);
  const other = await here.write(own, 'memory/traces/2026/05/gone.md', trace('Tell me when it is gone'));
  await here.memory.settled();
  here.told.length = 0;
  await here.remove(other);
  await here.memory.settled();
  expect(here.told).toEqual([own.id]);
  await here.memory.close();
});

test('[ME1] type, volume, time, project and filters narrow what is searched', async () => {
  const here = world();
  await filled(here);
  await here.write(
    lab,
    'projects/sales/memory/long_term/notes.md',
    '# Sales\nThe forecast needs the CSV of the till.\n',
  );
  const paths = async (question: object) =>
    (
      await here.ask({ query: 'forecast csv robot weather', min_relevance: 0, limit: 50, scope: 'global', ...question })
    ).matches
      .map(({ path }) => path.split('/').at(-1))
      .sort();
  expect(await paths({ memory_type: 'skills' })).toEqual(['weather.md']);
  expect(await paths({ memory_type: 'traces', filters: { state: 'archived' } })).toEqual(['b.md']);
  expect(await paths({ filters: { agent_name: 'RobotAgent' } })).toEqual(['b.md']);
  expect(await paths({ scope: 'project', volume: 'team/lab', project: 'sales' })).toEqual(['notes.md']);
  expect(await paths({ scope: 'project', volume: 'user/ada' })).toEqual(['weather.md']);
  expect(await paths({ memory_type: 'traces', time_range: { from: '2026-05-02' } })).toEqual([]);
  expect(await paths({ memory_type: 'traces', time_range: { to: '2026-05-01' } })).toEqual(['a.md', 'b.md']);
  await here.memory.close();
});

test('[ME2] what changes or goes is found as it is now, in every state, also after a start', async () => {
  const here = world();
  const fileId = await here.write(lab, 'memory/traces/x.md', trace('Weigh the seeds of the sunflower'));
  const found = async () => (await here.ask({ query: 'sunflower seeds', scope: 'global' })).matches;
  expect(await found()).toMatchObject([{ metadata: { state: 'active' } }]);
  await here.write(
    lab,
    'memory/traces/x.md',
    trace('Weigh the seeds of the sunflower', 'lifecycle_state: consolidated\n'),
    fileId,
  );
  expect(await found()).toMatchObject([{ metadata: { state: 'consolidated' } }]);
  await here.memory.close();

  const again = here.open(); // nothing was missed: one more start reads nothing new
  await again.settled();
  const question = MemoryQuestion.parse({ query: 'sunflower seeds', scope: 'global' });
  expect((await again.query({ question, actor: ada })).matches).toMatchObject([
    { metadata: { state: 'consolidated' } },
  ]);
  await again.close();
  await here.remove(fileId);
  const last = here.open();
  await last.settled();
  expect((await last.query({ question, actor: ada })).matches).toEqual([]);
  await last.close();
});

test('[ME1] without a model of meaning the words still find, and the answer says so', async () => {
  const here = world({ embed: false });
  await filled(here);
  const { matches, query_summary } = await here.ask({ query: 'robot line', scope: 'global' });
  expect(matches[0]?.path).toBe('memory/traces/2026/05/b.md');
  expect(query_summary).toContain('by words in');
  expect((await here.ask({ query: "'); drop table files; -- \\ :* & | !", scope: 'global' })).matches).toEqual([]);
  await here.memory.close();
});
