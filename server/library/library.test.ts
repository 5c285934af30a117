import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { textFrom } from '../volumes/content.ts';
import { packZip, readArchive } from '../volumes/exchange/archive.ts';
import { createDefinitionStore } from '../volumes/search/definitionStore.ts';
import { actorOf, startVolumes, type Person, type TestVolumes } from '../volumes/testVolumes.ts';
import { createLibrary } from './library.ts';
import { libraryRoutes } from './libraryRoutes.ts';
import { createMeaningStore } from './meaningStore.ts';
import type { Embed, Library } from './types.ts';

let world: TestVolumes;
let library: Library;
const embedded: string[] = [];
/** Meaning for tests: a text is about a few things, whatever words it uses. */
const themes = [/forecast|predict|future|trend/i, /robot|wheel|motor/i, /letter|mail|write/i, /colou?r|palette|shade/i];
const embed: Embed = async (texts) => {
  embedded.push(...texts);
  return texts.map((text) => {
    const vector = Float32Array.from([...themes.map((theme) => (theme.test(text) ? 1 : 0)), ...Array(64).fill(0)]);
    for (const word of text.toLowerCase().match(/\w+/g) ?? [])
      vector[themes.length + (crypto.createHash('sha1').update(word).digest()[0]! % 64)]! += 0.2;
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  });
};

beforeAll(async () => {
  const follow: Pick<Library, 'edited' | 'committed'> = {
    edited: (edit) => library?.edited(edit),
    committed: (news) => library?.committed(news),
  };
  world = await startVolumes({
    postgresUrl: inject('postgresUrl'),
    follow,
    more({ database, versions, volumes, rooms, store, importing }) {
      const findVolume: typeof volumes.find = (name, actor) => volumes.find(name, actor);
      library = createLibrary({
        findVolume,
        versions,
        reading: { ...createDefinitionStore(database), living: rooms.read, pending: rooms.pending },
        embed,
        kept: createMeaningStore(database),
        failed(error) {
          throw error;
        },
      });
      return libraryRoutes({
        library,
        findVolume,
        versions,
        find: ({ volumeId, path: file }) => store.byPath(volumeId, file),
        importFiles: importing.importFiles,
        pack: packZip,
        textFrom,
        unpack: (bytes) => readArchive({ bytes }),
        textNow: async ({ volumeId, path: file }) => {
          const row = await store.byPath(volumeId, file);
          return row && ((await rooms.read(row.id)) ?? versions.textOf(row.id));
        },
        figures: async () => ({ days: 30, cut: false, figures: [] }),
        now: Date.now,
      });
    },
  });
  await world.volumes.ensureSystem();
  for (const login of ['ada', 'ben', 'mallory'] as const)
    await world.volumes.ensureForPerson({ id: actorOf(login).personId, login });
});
afterAll(() => world.stop());

const put = async (who: Person, volume: string, file: string, text: string): Promise<string> => {
  const answer = await world.call(who, `PUT /volumes/${encodeURIComponent(volume)}/files/${file}`, text);
  expect(answer.status).toBeLessThan(300);
  return ((await answer.json()) as { id: string }).id;
};
const inSystem = async (files: Record<string, string>) => {
  const { id } = await world.volumes.ensureSystem();
  await world.importing.importFiles({
    volumeId: id,
    person: null,
    files: Object.entries(files).map(([file, text]) => ({ path: file, content: Buffer.from(text) })),
  });
};
const agent = (name: string, description: string, more = '') =>
  `---\nname: ${name}\ndescription: ${description}\n${more}---\nYou are ${name}.\n`;
const lab = (who: Person = 'ada') => ({ actor: actorOf(who), volume: 'team/lab' });

test('[LI2] lookup goes user, team, system: the nearest wins and says what it hides; nobody looks into a stranger’s volume', async () => {
  await inSystem({ 'agents/Planner.md': agent('Planner', 'of the system'), 'agents/Only.md': agent('Only', 'here') });
  await put('ben', 'team/lab', 'deep/agents/planner.md', agent('Planner', 'of the team'));
  const ofTeam = await library.resolve({ ...lab(), kind: 'agent', name: '@Planner' });
  expect(ofTeam).toMatchObject({
    id: 'planner',
    volume: 'team/lab',
    path: 'deep/agents/planner.md',
    hides: [{ volume: 'system', path: 'agents/Planner.md' }],
  });
  expect(ofTeam!.definition.description).toBe('of the team');
  await put('ada', 'user/ada', 'agents/p.md', agent('planner', 'of ada'));
  expect(await library.resolve({ ...lab(), kind: 'agent', id: 'planner' })).toMatchObject({
    volume: 'user/ada',
    hides: [{ volume: 'team/lab' }, { volume: 'system' }],
  });
  // for ben nothing changed
  expect((await library.resolve({ ...lab('ben'), kind: 'agent', id: 'planner' }))!.volume).toBe('team/lab');
  // a stranger reads neither the team's nor ada's
  const mallory = { actor: actorOf('mallory'), volume: 'team/lab' };
  expect((await library.resolve({ ...mallory, kind: 'agent', id: 'planner' }))!.volume).toBe('system');
  expect(
    (await library.resolve({ actor: actorOf('mallory'), volume: 'user/ada', kind: 'agent', id: 'planner' }))!.volume,
  ).toBe('system');
  expect(await library.resolve({ ...lab(), kind: 'skill', id: 'planner' })).toBeNull();
  expect(await library.resolve({ ...lab(), kind: 'agent', name: '@' })).toBeNull();

  const all = await library.list({ ...lab(), kinds: ['agent'], hidden: true });
  expect(all.filter(({ id }) => id === 'planner').map(({ volume, hiddenBy }) => [volume, hiddenBy?.volume])).toEqual([
    ['user/ada', undefined],
    ['team/lab', 'user/ada'],
    ['system', 'user/ada'],
  ]);
  expect((await library.list({ ...lab(), kinds: ['agent'] })).filter(({ id }) => id === 'planner')).toHaveLength(1);
});

test('[LI1] what is typed is live for the next who asks, at a commit that holds exactly this', async () => {
  const id = await put('ada', 'team/lab', 'agents/Live.md', agent('Live', 'first'));
  await library.list(lab());
  await world.type('ben', id, 'first', 'second');
  const [listed] = await library.list({ ...lab(), q: 'Live second' });
  expect(listed).toMatchObject({ id: 'live', description: 'second', pending: true });
  const found = (await library.resolve({ ...lab(), kind: 'agent', id: 'live' }))!;
  expect(found.text).toContain('second');
  expect(await world.versions.textAt({ volumeId: world.volume.id, at: found.oid, path: 'agents/Live.md' })).toBe(
    found.text,
  );
  expect((await library.list({ ...lab(), q: 'Live second' }))[0]).toMatchObject({ pending: false });
  // at the old version it is what it was
  await world.type('ben', id, 'second', 'third');
  const before = await library.resolve({ ...lab(), kind: 'agent', id: 'live', at: { 'team/lab': found.oid } });
  expect(before).toMatchObject({ oid: found.oid, text: found.text, fileId: id });
  expect((await library.resolve({ ...lab(), kind: 'agent', id: 'live' }))!.text).toContain('third');
});

test('[LI1] new names, moves, deletions and a header that breaks are followed', async () => {
  const id = await put('ada', 'team/lab', 'agents/Old.md', agent('Old', 'moves about'));
  const names = async () => (await library.list({ ...lab(), q: 'moves about' })).map(({ id, path }) => `${id} ${path}`);
  expect(await names()).toContain('old agents/Old.md');
  await world.type('ada', id, 'name: Old', 'name: New');
  expect(await names()).toContain('new agents/Old.md');
  await world.call('ada', 'PATCH /volumes/team%2Flab/files/agents/Old.md', { rename_to: 'skills/New.md' });
  expect((await library.resolve({ ...lab(), kind: 'skill', id: 'new' }))!.path).toBe('skills/New.md');
  expect(await library.resolve({ ...lab(), kind: 'agent', id: 'new' })).toBeNull();
  await world.type('ada', id, 'description: moves', 'description: [moves');
  const broken = (await library.list({ ...lab(), kinds: ['skill'] })).find((entry) => entry.id === 'new')!;
  expect(broken.diagnostics[0]).toMatchObject({ severity: 'error' });
  await world.call('ada', 'DELETE /volumes/team%2Flab/files/skills/New.md');
  expect((await library.list({ ...lab(), kinds: ['skill'] })).filter((entry) => entry.id === 'new')).toEqual([]);
  // a note becomes an agent by what its header says, once it is a version
  const note = await put('ada', 'team/lab', 'notes/a.md', 'Just a note.');
  await world.type('ada', note, 'Just a note.', agent('FromNote', 'was a note').replace('name:', 'agent_name:'));
  await world.versions.checkpointNow({ volumeId: world.volume.id });
  expect((await library.resolve({ ...lab(), kind: 'agent', id: 'from-note' }))!.path).toBe('notes/a.md');
});

test('[LI3] a definition that is held back because it seems to hold a key leaves the one behind it in use', async () => {
  await inSystem({ 'agents/Careful.md': agent('Careful', 'of the system') });
  const key = 'ghp_' + 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5'; // made up
  await put('ada', 'team/lab', 'agents/Careful.md', agent('Careful', `with ${key}`));
  expect((await library.resolve({ ...lab(), kind: 'agent', id: 'careful' }))?.volume).toBe('system');
});

test('[LI4] skills are chosen by words and by meaning, at most three, and say why', async () => {
  const skill = (name: string, description: string) => agent(name, description);
  await inSystem({
    'skills/time-series/SKILL.md': skill('time-series', 'See where a series of numbers is heading: trend and season.'),
    'skills/wheels/SKILL.md': skill('wheels', 'Drive a cube with two motors.'),
    'skills/csv-reading/SKILL.md': skill('csv-reading', 'Read CSV files with odd separators.'),
    'skills/polite-mail/SKILL.md': skill('polite-mail', 'Answer people who are angry.'),
    'skills/house-style/SKILL.md': skill('house-style', 'How this house puts things.'),
  });
  const chosen = await library.skillsFor({ ...lab(), goal: 'Predict next month from sales.csv' });
  expect(chosen.map(({ skill: { id }, why }) => [id, why])).toEqual([
    ['time-series', 'about the same thing'],
    ['csv-reading', 'shares “csv”'],
  ]);
  expect(chosen[0]!.skill.text).toContain('trend and season');
  const named = await library.skillsFor({
    ...lab(),
    goal: 'Predict the colour of a robot from sales.csv with polite-mail',
    named: ['House Style'],
  });
  expect(named.map(({ skill: { id }, why }) => [id, why]).slice(0, 2)).toEqual([
    ['house-style', 'asked for by name'],
    ['polite-mail', 'named in the goal'],
  ]);
  expect(named).toHaveLength(3);
  const limited = await library.skillsFor({ ...lab(), goal: 'Predict from sales.csv', among: ['csv-reading'] });
  expect(limited.map(({ skill: { id } }) => id)).toEqual(['csv-reading']);
  expect(await library.skillsFor({ ...lab(), goal: 'zzz qqq' })).toEqual([]);
  // a folder is no word of the goal
  expect(await library.skillsFor({ ...lab(), goal: 'zzz @csv/qqq.txt' })).toEqual([]);
  // said in the words of the goal, not in what is compared of them
  await inSystem({
    'skills/meeting-notes/SKILL.md': skill('meeting-notes', 'Turn the note of a meeting into decisions.'),
  });
  const [notes] = await library.skillsFor({
    ...lab(),
    goal: 'Decide from our meetings and notes',
    among: ['meeting-notes'],
  });
  expect(notes!.why).toBe('shares “meetings”, “notes”');
  // what was computed once is not computed again
  const computed = embedded.filter((text) => text.startsWith('time-series')).length;
  expect(computed).toBe(1);
});

test('search finds by a name that is being typed, by words, and by meaning; names come first', async () => {
  await inSystem({
    'agents/ForecastAgent.md': agent('ForecastAgent', 'Says what comes next.'),
    'agents/Other.md': agent('Other', 'Sometimes it makes a forecast, mostly it sleeps.'),
  });
  const ids = async (q: string) => (await library.list({ ...lab(), kinds: ['agent'], q })).map(({ id }) => id);
  expect((await ids('forec')).slice(0, 2)).toEqual(['forecast-agent', 'other']);
  expect((await ids('forecasting')).slice(0, 2)).toEqual(['forecast-agent', 'other']);
  expect((await ids('the future'))[0]).toBe('forecast-agent');
  expect(await ids('xyzzy')).toEqual([]);
});

test('[LI2] two files of one volume with one name: the nearer to its root wins, and the other says so', async () => {
  await put('ada', 'team/lab', 'agents/Twin.md', agent('Twin', 'one'));
  await put('ada', 'team/lab', 'x/agents/Twin.md', agent('Twin', 'two'));
  const twins = (await library.list({ ...lab(), hidden: true })).filter(({ id }) => id === 'twin');
  expect(twins.map(({ path: file }) => file)).toEqual(['agents/Twin.md', 'x/agents/Twin.md']);
  expect(twins[1]!.diagnostics[0]!.message).toContain('agents/Twin.md');
});

test('the heads of the volumes that lookup reads hold what is typed in definitions', async () => {
  const id = await put('ada', 'team/lab', 'agents/Pin.md', agent('Pin', 'now'));
  await library.list(lab());
  await world.type('ada', id, 'now', 'then');
  const heads = await library.versions(lab());
  expect(Object.keys(heads)).toEqual(['user/ada', 'team/lab', 'system']);
  expect(
    await world.versions.textAt({ volumeId: world.volume.id, at: heads['team/lab']!, path: 'agents/Pin.md' }),
  ).toContain('then');
});

test('numbers of the kernel are live, and a team can only tighten them', async () => {
  const table = (row: string) => `# Config\n\n| setting | value |\n|---|---|\n| ${row} |\n`;
  await inSystem({ 'kernel/config.md': table('`iterations` | 12') });
  const id = await put('ada', 'team/lab', 'kernel/config.md', table('`iterations` | 9'));
  const iterations = async (who: Person) => (await library.kernel(lab(who))).limits.iterations;
  expect([await iterations('ada'), await iterations('mallory')]).toEqual([9, 12]);
  const before = await library.versions(lab());
  await world.type('ada', id, '| 9', '| 99');
  expect(await iterations('ada')).toBe(12);
  expect((await library.kernel(lab())).remarks).toMatchObject([{ volume: 'team/lab', file: 'config.md', line: 5 }]);
  expect((await library.kernel({ ...lab(), at: before })).limits.iterations).toBe(9);
});

test('[LI3] the whole original volume is in the library', async () => {
  const root = path.join(import.meta.dirname, '../../samples/llmos-original');
  const files = fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => fs.statSync(path.join(root, file)).isFile())
    .map((file) => ({ path: file, content: fs.readFileSync(path.join(root, file)) }));
  const { id } = (await world.volumes.find('user/ben', actorOf('ben')))!;
  await world.importing.importFiles({ volumeId: id, person: actorOf('ben').personId, files });
  const entries = (await library.list({ actor: actorOf('ben'), volume: 'user/ben' })).filter(
    ({ volume }) => volume === 'user/ben',
  );
  const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
  expect(['agent', 'skill', 'tool', 'applet', 'kernel'].map(count)).toEqual([16, 19, 4, 3, 8]);
  expect(entries.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
});

const get = async (who: Person, address: string) => {
  const answer = await world.call(who, `GET ${address}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
};

test('[LI2] the routes list what lookup finds, page by page, with what hides what; what may not be read is not there', async () => {
  const { body } = await get('ada', '/library/agents?volume=team%2Flab&limit=2');
  const { agents, total, cursor } = body as unknown as { agents: { id: string }[]; total: number; cursor: string };
  expect([agents.length, cursor]).toEqual([2, '2']);
  const rest = (await get('ada', `/library/agents?volume=team%2Flab&cursor=${cursor}`)).body as unknown as {
    agents: { id: string }[];
    cursor: null;
  };
  expect(new Set([...agents, ...rest.agents].map(({ id }) => id)).size).toBe(total);
  expect(rest.cursor).toBeNull();
  expect((await get('mallory', '/library?volume=team%2Flab')).status).toBe(404);
  expect((await get('mallory', '/library?volume=user%2Fada')).status).toBe(404);
  expect((await get('ada', '/library/skills?q=csv')).body).toMatchObject({ skills: [{ id: 'csv-reading' }] });
  expect((await get('ada', '/library/names?volume=team%2Flab')).body).toMatchObject({
    models: ['inherit', 'opus', 'sonnet', 'haiku'],
  });
});

test('[LI2] one definition: who wins where, and who names it', async () => {
  await put('ada', 'team/lab', 'agents/Boss.md', `${agent('Boss', 'asks others')}\nAsk @Planner, never somebody else.`);
  const { body } = await get('ada', '/library/definition?volume=team%2Flab&in=system&path=agents%2FPlanner.md');
  expect(body).toMatchObject({
    entry: { id: 'planner', volume: 'system', hiddenBy: { volume: 'user/ada' } },
    lookup: [
      { volume: 'user/ada', used: true, found: { path: 'agents/p.md' } },
      { volume: 'team/lab', used: false, found: { path: 'deep/agents/planner.md' } },
      { volume: 'system', used: false, found: { path: 'agents/Planner.md' } },
    ],
    namedBy: [{ id: 'boss' }],
  });
  expect((await get('mallory', '/library/definition?in=team%2Flab&path=agents%2FBoss.md')).status).toBe(404);
});

test('[LI2] “evolve” copies a definition with its folder into a nearer volume, notes where it came from, and wins there', async () => {
  const text =
    '---\n# ours\nname: deep-skill\ndescription: Has files beside it.\nx-own:   [1,  2]\n---\nRead references/more.md.\n';
  await inSystem({ 'skills/deep-skill/SKILL.md': text, 'skills/deep-skill/references/more.md': 'More.' });
  const from = { volume: 'system', path: 'skills/deep-skill/SKILL.md' };
  const answer = await world.call('ben', 'POST /library/evolve', { from, to: 'team/lab' });
  expect(await answer.json()).toMatchObject({ volume: 'team/lab', path: 'skills/deep-skill/SKILL.md' });
  const found = (await library.resolve({ ...lab('ben'), kind: 'skill', id: 'deep-skill' }))!;
  expect(found).toMatchObject({ volume: 'team/lab', hides: [{ volume: 'system' }] });
  const origin = found.definition.origin;
  expect(origin).toMatchObject({
    how: 'evolved',
    from: expect.stringMatching(/^system\/skills\/deep-skill\/SKILL\.md@[0-9a-f]{12}$/),
  });
  expect(found.text).toBe(text.replace('---\nRead', `origin: evolved\nevolved_from: ${origin.from}\n---\nRead`));
  expect((await world.call('ben', 'GET /volumes/team%2Flab/files/skills/deep-skill/references/more.md')).status).toBe(
    200,
  );

  // what it was evolved from can be read at that version, also after it changed; by nobody who may not read it
  const came = '/library/origin?in=team%2Flab&path=skills%2Fdeep-skill%2FSKILL.md';
  await inSystem({ 'skills/deep-skill/SKILL.md': text.replace('Read', 'Now read') });
  const then = (await get('ben', came)).body as unknown as { oid: string };
  expect(then).toMatchObject({ volume: 'system', path: 'skills/deep-skill/SKILL.md', text });
  expect(origin.from!.endsWith(then.oid.slice(0, 12))).toBe(true);
  expect((await get('mallory', came)).status).toBe(404);
  expect((await get('ben', '/library/origin?in=system&path=agents%2FPlanner.md')).status).toBe(404);
  const copy = agent('Thief', 'x', 'copied_from: user/ada/agents/p.md\n');
  await put('ben', 'team/lab', 'agents/Thief.md', copy);
  expect((await get('ben', '/library/origin?in=team%2Flab&path=agents%2FThief.md')).status).toBe(404);
  expect((await get('ada', '/library/origin?in=team%2Flab&path=agents%2FThief.md')).body).toMatchObject({ oid: null });

  const refused = async (who: Person, body: object) => (await world.call(who, 'POST /library/evolve', body)).status;
  expect(await refused('ben', { from, to: 'team/lab' })).toBe(409);
  expect(await refused('vic', { from, to: 'team/lab' })).toBe(403);
  expect(await refused('mallory', { from, to: 'team/lab' })).toBe(404);
  expect(await refused('ben', { from, to: 'system' })).toBe(403);
  expect(await refused('mallory', { from: { volume: 'team/lab', path: 'agents/Boss.md' }, to: 'user/mallory' })).toBe(
    404,
  );
  expect(await refused('ben', { from: { volume: 'system', path: 'agents/none.md' }, to: 'user/ben' })).toBe(404);
});

test('[LI3] export: a folder for Claude Code, and Agent Skills, of exactly what lookup finds', async () => {
  const unpack = async (address: string) => {
    const answer = await world.call('ada', `GET ${address}`);
    const files = await readArchive({ bytes: Buffer.from(await answer.arrayBuffer()) });
    return new Map(files.map(({ path: file, content }) => [file, content.toString('utf8')]));
  };
  const claude = await unpack('/library/export?volume=team%2Flab&form=claude');
  expect(claude.get('.claude/agents/planner.md')).toContain('description: of ada');
  expect(claude.get('.claude/skills/deep-skill/references/more.md')).toBe('More.');
  const skills = await unpack('/library/export?volume=team%2Flab&form=agent-skills&ids=deep-skill');
  expect([...skills.keys()]).toEqual(['skills/deep-skill/SKILL.md', 'skills/deep-skill/references/more.md']);
  expect((await world.call('mallory', 'GET /library/export?volume=team%2Flab')).status).toBe(404);
});

test('[LI3] import: what would come is told first, with what is odd and what it hides; then it is there, once', async () => {
  await inSystem({ 'agents/Incoming.md': agent('Incoming', 'of the system') });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const asked = {
    to: 'team/lab',
    files: [
      { path: '.claude/agents/incoming.md', base64: base64(agent('Incoming', 'from elsewhere', 'maxTurns: many\n')) },
      { path: 'notes.txt', base64: base64('nothing') },
    ],
  };
  const post = async (who: Person, address: string, body: object) => {
    const answer = await world.call(who, `POST ${address}`, body);
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const { body: plan } = await post('ben', '/library/import/check', asked);
  expect(plan).toMatchObject({
    items: [
      {
        path: 'agents/incoming.md',
        kind: 'agent',
        state: 'new',
        hides: [{ volume: 'system' }],
        hiddenBy: null,
        diagnostics: [{ line: 4 }],
      },
    ],
    left: [{ path: 'notes.txt' }],
  });
  const found = () => library.resolve({ ...lab('ben'), kind: 'agent', id: 'incoming' });
  expect((await found())!.volume).toBe('system'); // nothing was written
  expect((await post('ben', '/library/import', asked)).body).toMatchObject({ conflicts: 0 });
  expect((await found())!.volume).toBe('team/lab');
  expect((await post('ben', '/library/import/check', asked)).body.items[0].state).toBe('same');

  const archive = packZip({
    files: (async function* () {
      yield { path: 'zipped/SKILL.md', content: Buffer.from('---\nname: zipped\ndescription: z\n---\nz\n') };
      yield { path: 'zipped/more.md', content: Buffer.from('more') };
    })(),
    at: 0,
  });
  const bytes = Buffer.concat(await archive.toArray());
  const zipped = await post('ben', '/library/import', { to: 'user/ben', files: [], archive: bytes.toString('base64') });
  expect(zipped.body.items).toMatchObject([{ files: ['skills/zipped/SKILL.md', 'skills/zipped/more.md'] }]);

  expect((await post('vic', '/library/import/check', asked)).status).toBe(403);
  expect((await post('mallory', '/library/import', asked)).status).toBe(404);
  expect((await post('ben', '/library/import', { ...asked, to: 'system' })).status).toBe(403);
  expect((await post('ben', '/library/import', { to: 'team/lab', files: asked.files.slice(1) })).status).toBe(400);
});
