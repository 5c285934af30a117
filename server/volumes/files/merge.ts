// Where a text from outside meets what people are typing (GI5): it is merged by words into the living text, and where both wrote, both
// texts are kept as a conflict until a person chooses. Used by PUT, uploads, imports, upgrades, restores and reverts.
import type { Conflict } from '#shared/api.ts';
import { diffText } from '#shared/diff.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AnchoredOverlap, EditResult, Rooms } from '../../sync/types.ts';
import type { ConflictRow, ConflictStore } from './conflictStore.ts';

/** Where the other text came from. */
export type ConflictSource = 'put' | 'upload' | 'import' | 'restore' | 'revert' | 'push' | 'upgrade' | 'run';
export type Choice = 'keep' | 'take' | 'both' | 'own';

export type ConflictNews = {
  /** The open conflicts of a file changed. */
  conflicts(news: { volumeId: string; fileId: string; open: Conflict[] }): void;
};

export type Merges = ReturnType<typeof createMerges>;

export function createMerges({
  store,
  rooms,
  people,
  news,
  clock,
}: {
  store: ConflictStore;
  rooms: Pick<Rooms, 'edit' | 'window'>;
  people: { faces(ids: string[]): Promise<Map<string, Face>> };
  news: ConflictNews;
  clock: Clock;
}) {
  async function describe(rows: ConflictRow[]): Promise<Conflict[]> {
    const faces = await people.faces(
      rows.flatMap(({ oursBy, theirsBy }) => [oursBy, theirsBy].filter((id) => id !== null)),
    );
    return rows.map((row) => ({
      id: row.id,
      fileId: row.fileId,
      from: Buffer.from(row.anchorFrom).toString('base64'),
      to: Buffer.from(row.anchorTo).toString('base64'),
      base: row.base,
      ours: row.ours,
      theirs: row.theirs,
      oursBy: (row.oursBy && faces.get(row.oursBy)) || null,
      theirsBy: (row.theirsBy && faces.get(row.theirsBy)) || null,
      source: row.source,
      at: row.at.toISOString(),
    }));
  }
  const open = async (fileId: string) => describe(await store.open(fileId));
  const tell = async (volumeId: string, fileId: string) =>
    news.conflicts({ volumeId, fileId, open: await open(fileId) });

  /** Keeps overlaps until somebody chooses, and tells who is there. `oursBy`: who wrote the words that stand, where that is known. */
  async function keepConflicts({
    volumeId,
    fileId,
    overlaps,
    theirsBy,
    oursBy = null,
    source,
  }: {
    volumeId: string;
    fileId: string;
    overlaps: AnchoredOverlap[];
    theirsBy: string | null;
    oursBy?: string | null;
    source: ConflictSource;
  }): Promise<void> {
    if (overlaps.length === 0) return;
    const at = new Date(clock.now());
    await store.add(
      overlaps.map(({ from, to, base, ours, theirs }) => ({
        fileId,
        anchorFrom: from,
        anchorTo: to,
        base,
        ours,
        theirs,
        oursBy,
        theirsBy,
        source,
        at,
      })),
    );
    await tell(volumeId, fileId);
  }

  return {
    open,
    keepConflicts,

    /** Makes minimal edits as `person`; nothing that somebody typed is dropped. `base`: what both sides had. */
    async merge({
      volumeId,
      fileId,
      person,
      base,
      theirs,
      source,
    }: {
      volumeId: string;
      fileId: string;
      person: string | null;
      base: string;
      theirs: string;
      source: ConflictSource;
    }): Promise<EditResult> {
      const typists = new Set((await rooms.window(fileId))?.layers.map((layer) => layer.person));
      typists.delete(person);
      const result = await rooms.edit({ fileId, person, change: { kind: 'merge', base, theirs } });
      await keepConflicts({
        volumeId,
        fileId,
        overlaps: result.overlaps,
        theirsBy: person,
        oursBy: typists.size === 1 ? [...typists][0]! : null,
        source,
      });
      return result;
    },

    /** `keep` leaves the text as it is, `take` puts the other in its place, `both` adds the other after it, `own` puts `text` there. */
    async settle({
      volumeId,
      fileId,
      conflict,
      person,
      choice,
      text,
    }: {
      volumeId: string;
      fileId: string;
      conflict: string;
      person: string;
      choice: Choice;
      text?: string | undefined;
    }): Promise<void> {
      if (choice === 'own' && text === undefined)
        throw new Problem('invalid', 'Say which text is to stand there.', undefined, 422);
      if (text?.includes('\0')) throw new Problem('invalid', 'A text must not hold zero characters.', undefined, 422);
      const row = await store.settle({ id: conflict, fileId, by: person, choice, at: new Date(clock.now()) });
      if (!row) {
        if (await store.exists({ id: conflict, fileId })) throw new Problem('conflict', 'Somebody has already chosen.');
        throw notFound('such conflict');
      }
      const change = changeFor({ row, choice, text });
      try {
        if (change) await rooms.edit({ fileId, person, change });
      } catch (error) {
        await store.reopen(row.id);
        throw error;
      }
      await tell(volumeId, fileId);
    },
  };
}

function changeFor({ row, choice, text }: { row: ConflictRow; choice: Choice; text: string | undefined }) {
  const [from, to] = [row.anchorFrom, row.anchorTo];
  if (choice === 'take') return { kind: 'replace' as const, from, to, text: row.theirs };
  if (choice === 'own') return { kind: 'replace' as const, from, to, text: text! };
  // after what stands there now, which may be more than it was
  if (choice === 'both') return { kind: 'replace' as const, from: to, to, text: between(row) + row.theirs };
  return null;
}

/** Whole lines stand below each other, words beside each other. */
function between({ ours, theirs }: ConflictRow): string {
  if (ours === '' || /\s$/.test(ours) || /^\s/.test(theirs)) return '';
  return ours.includes('\n') || theirs.includes('\n') ? '\n' : ' ';
}

/** What two texts have in common, word by word: the base of a merge where nobody knows what both sides once had. Nothing is removed then. */
export function commonText(one: string, other: string): string {
  let common = '';
  let at = 0;
  for (const edit of diffText(one, other)) {
    common += one.slice(at, edit.at);
    at = edit.at + edit.remove;
  }
  return common + one.slice(at);
}
