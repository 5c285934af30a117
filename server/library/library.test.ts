import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDefinitionStore } from '../volumes/search/definitionStore.ts';
import { actorOf, startVolumes, type Person, type TestVolumes } from '../volumes/testVolumes.ts';
import { createLibrary } from './library.ts';
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
  world = await startVolumes({ postgresUrl: inject('postgresUrl'), follow });
  const store = createDefinitionStore(world.database);
  library = createLibrary({
    findVolume: (name, actor) => world.volumes.find(name, actor),
    versions: world.versions,
    reading: {
      inVolume: store.inVolume,
      byIds: store.byIds,
      living: world.rooms.read,
      pending: world.rooms.pending,
    },
    embed,
    failed(error) {
      throw error;
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
  const start = performance.now();
  const [listed] = await library.list({ ...lab(), q: 'Live second' });
  expect(listed).toMatchObject({ id: 'live', description: 'second', pending: true });
  const found = (await library.resolve({ ...lab(), kind: 'agent', id: 'live' }))!;
  expect(performance.now() - start).toBeLessThan(1000);
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
