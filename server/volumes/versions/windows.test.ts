// Windows of typing at random, by people with delays, undo and paste, through the whole engine: the last commit is the text byte for
// byte, and native `git blame` names the same people as we do.
import crypto from 'node:crypto';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, expect, inject, test } from 'vitest';
import { attribute } from '#shared/attribution.ts';
import { countLines, linesOf, openWorld, play, seededRandom, type World } from '#shared/testWorld.ts';
import { openTestDatabase } from '../../platform/testDatabase.ts';
import { everyone, openTestVersions } from './testVersions.ts';

const windows = Number(process.env['FUZZ_COMMITS'] ?? 25);
const { url, close } = await openTestDatabase(inject('postgresUrl'));
await close();

/** Rooms that were typed in elsewhere: the windows come from worlds of replicas. */
const worlds = new Map<string, World>();
const personOf = (login: string) => everyone.find((face) => face.login === login)!.id;
const committed: string[] = [];
const world = await openTestVersions({
  databaseUrl: url,
  rooms: {
    async window(fileId, order) {
      const typed = worlds.get(fileId);
      if (!typed) return null;
      const rows = typed.log.map(({ person, update }) => ({ person: personOf(person!), update }));
      return { fileId, upto: rows.length, ...attribute({ base: typed.state, rows, ...(order ? { order } : {}) }) };
    },
    read: async (fileId) => worlds.get(fileId)?.clients[0]!.text.toString() ?? null,
    seed: async () => undefined,
    edit: () => Promise.reject(new Error('nobody edits here')),
    markCommitted(marks) {
      for (const { fileId } of marks) {
        committed.push(fileId);
        worlds.delete(fileId);
      }
      return sql`select 1`;
    },
    pending: async () => [],
  },
});
afterAll(async () => {
  await world.close();
  world.remove();
});
const { versions, git, newVolume } = world;

test(
  `[GI3] ${windows} windows of several people in several files: byte-exact, and git blame agrees with ours`,
  { timeout: 60_000 + windows * 5000 },
  async () => {
    const volumeId = await newVolume();
    let [credited, commits] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const random = seededRandom(seed);
        const people = everyone.slice(0, 2 + random(4)).map((face) => face.login);
        const files = Array.from({ length: 1 + random(3) }, (_, i) => {
          const baseLines = Array.from({ length: 1 + random(8) }, (_, line) => `base ${line} text é😀 here`);
          const base = random(6) === 0 ? '' : baseLines.join('\n') + (random(2) ? '\n' : '');
          return { fileId: crypto.randomUUID(), path: `${seed}/${crypto.randomUUID()}-${i}.md`, base };
        });
        const plan = () =>
          files.map(({ fileId, path, base }) => ({
            kind: 'put' as const,
            fileId,
            path,
            fileKind: 'text' as const,
            content: base,
          }));
        await versions.commitTree({ volumeId, author: null, kind: 'sample', plan });
        const undo = random(2) === 0;
        const finals = files.map(({ fileId, base }) => {
          const typed = openWorld({ base, people });
          play(typed, random, 10 + random(50), { undo });
          worlds.set(fileId, typed);
          return { typed, text: typed.clients[0]!.text.toString() };
        });
        const fileIds = files.map((file) => file.fileId);
        const { versions: made, head } = await versions.checkpointNow({ volumeId, fileIds });
        commits += made.length;
        expect(committed.slice(-files.length).sort()).toEqual(fileIds.sort());
        for (const version of made) expect(version.coAuthors).not.toContain(version.author);
        for (const [i, { path, base }] of files.entries()) {
          const { typed, text } = finals[i]!;
          expect(await versions.textAt({ volumeId, at: head!.oid, path })).toBe(text);
          const { runs } = await versions.blame({ volumeId, path });
          const ours = runs.flatMap((run) => Array.from({ length: run.lines }, () => run.oid));
          expect(ours).toHaveLength(linesOf(text).length);
          if (text === '') continue;
          const native = git(volumeId, 'blame', '--porcelain', 'main', '--', path).split('\n');
          const theirs = native.flatMap((line) => (/^[0-9a-f]{40} \d+ \d+/.test(line) ? [line.slice(0, 40)] : []));
          const authors = new Map(runs.map((run) => [run.oid, run.author?.login]));
          const [known, all] = [new Set(linesOf(base)), linesOf(text)];
          for (const [n, line] of countLines(typed).entries()) {
            const repeated = known.has(line.text) || all.filter((other) => other === line.text).length > 1;
            if (undo || !line.who || line.tie || repeated) continue;
            credited++;
            expect(authors.get(ours[n]!)).toBe(line.who);
            expect(theirs[n]).toBe(ours[n]);
          }
        }
      }),
      { numRuns: windows },
    );
    expect(commits).toBeGreaterThan(windows);
    expect(credited).toBeGreaterThan(windows);
    expect(git(volumeId, 'fsck', '--full', '--strict', '--no-progress', '--no-dangling')).toBe('');
  },
);
