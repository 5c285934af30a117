// The files of the workspace as a run may touch them: with the rights of its person and no more (RU4), through rooms, as minimal edits
// beside whoever is typing, each write a version with the run's trailer. A definition that an agent writes goes to its person's own
// volume, where it is live at once; it never lands in a team's by itself. One that words from outside may have asked for is written
// only once its person has read it.
import { isBoardPath, readBoardFile } from '#shared/boardFile.ts';
import { splitLines } from '#shared/diff.ts';
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { ResultPart, RunHead } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import { applyToString, mergeText } from '#shared/text.ts';
import type { VolumeTarget } from '../../platform/http.ts';
import type { EditResult } from '../../sync/types.ts';
import type { FileRow } from '../../volumes/files/fileStore.ts';
import { isDefinition } from './definitionFiles.ts';
import { openReading, pathFrom, type FileParts, type Place } from './runReading.ts';
import { checkSize, countLines, fileLimits, replaceIn } from './textEdits.ts';

/** `mayDefine`: it may write what tells agents what to do; false when others than its person may ask for it and nobody has read it. */
export type Hand = { mayDefine: boolean };
export type Written = {
  part: Extract<ResultPart, { kind: 'file' }>;
  overlaps: number;
  /** It was meant for this volume, where a person has to put it. */
  waitsFor: string | null;
};

type Edit = Place & { old: string; new: string; all: boolean };
/** `meant`: the volume it was meant for, when it is another one. `defines`: it tells agents what to do. */
type Target = { volume: VolumeTarget; path: string; meant: VolumeTarget | null; defines: boolean };
/** `isMine`: `row` is the file that changes, not the one that is copied. */
type Edited = { where: Target; row: FileRow; isMine: boolean; base: string; next: string };

export type RunFiles = ReturnType<typeof openRunFiles>;

/** For one run. `agent`: the name under which it is seen. */
export function openRunFiles({
  parts,
  head,
  actor,
  agent,
}: {
  parts: FileParts;
  head: RunHead;
  actor: Actor;
  agent: string;
}) {
  const { files, store, rooms, merges, versions } = parts;
  const reading = openReading({ parts, head, actor });
  const { volumeOf, cameFrom, livingText, changedSince, find } = reading;
  const person = actor.personId;
  const own = `user/${actor.login}`;
  const face: Face = { ...head.by, id: `agent:${head.id}`, name: `${agent} for ${head.by.name}` };
  const trailers: [string, string][] = [['Run', head.id]];
  /** File id -> its whole text as the model last saw or wrote it. */
  const seen = new Map<string, string>();

  const show = (fileId: string, caret: unknown) => rooms.showAgent({ fileId, agent: head.id, face, caret });

  /** Where a write really goes: definitions that an agent writes go to its person. `text`: as it will be. */
  async function target({ volume: name, path: given, text }: Place & { text: string | null }): Promise<Target> {
    const path = pathFrom(given);
    const meant = await volumeOf(name, 'volume.read');
    const there = meant.name === own ? null : await store.byPath(meant.id, path);
    const before = there?.kind === 'text' ? await livingText(there) : null;
    const defines = isDefinition(path, text) || isDefinition(path, before);
    if (!defines) return { volume: await volumeOf(name, 'volume.write'), path, meant: null, defines };
    return {
      volume: await volumeOf(own, 'volume.write'),
      path,
      meant: meant.name === own ? null : meant,
      defines,
    };
  }
  function checkDefines({ path, defines }: Target, { mayDefine }: Hand): void {
    if (defines && !mayDefine)
      throw new Problem(
        'forbidden',
        `${path} would tell agents what to do, and what stands there may be the words of others than ${head.by.name}. Write it with write_file or edit_file, so that a person can read all of it before.`,
      );
  }

  /** What an edit would make, and of what. */
  async function edited({ old, new: fresh, all, ...place }: Edit): Promise<Edited> {
    async function at(where: Target): Promise<Edited> {
      const { volume, path, meant } = where;
      const mine = await store.byPath(volume.id, path);
      const row = mine ?? (await find(meant ?? volume, path));
      const text = await livingText(row);
      const base = mine ? text : hideSecrets(text); // a copy into another volume takes no key along
      return { where, row, isMine: mine !== null, base, next: replaceIn({ path, text: base, old, fresh, all }) };
    }
    const found = await at(await target({ ...place, text: null }));
    if (found.where.defines || !isDefinition(found.where.path, found.next)) return found;
    return at(await target({ ...place, text: found.next })); // it becomes one by this edit
  }

  async function commit(volume: VolumeTarget, row: Pick<FileRow, 'id' | 'path'>): Promise<void> {
    const message = `${agent}: edit ${row.path}`;
    await versions.checkpointNow({ volumeId: volume.id, fileIds: [row.id], of: person, message, trailers });
  }

  async function create(volume: VolumeTarget, path: string, text: string): Promise<Written['part']> {
    const message = `${agent}: add ${path}`;
    const { id } = await files.createText({ volumeId: volume.id, person, path, text, message, trailers });
    seen.set(id, text);
    show(id, null);
    return { kind: 'file', volume: volume.name, path, change: 'created', added: splitLines(text).length, removed: 0 };
  }

  async function change(
    volume: VolumeTarget,
    row: FileRow,
    base: string,
    text: string,
  ): Promise<Omit<Written, 'waitsFor'>> {
    const living = await livingText(row);
    checkBoard({ path: row.path, before: living, after: living === base ? text : applyToString(living, mergeText({ base, ours: living, theirs: text }).edits) }); // prettier-ignore
    if (volume.name !== own && living !== base && !isDefinition(row.path, living)) {
      const { edits } = mergeText({ base, ours: living, theirs: text });
      if (isDefinition(row.path, applyToString(living, edits)))
        throw new Problem('conflict', `${row.path} was changed meanwhile. Read it again.`);
    }
    const done: EditResult = await merges.merge({
      volumeId: volume.id,
      fileId: row.id,
      person,
      base,
      theirs: text,
      source: 'run',
    });
    show(row.id, done.caret);
    if (done.changed) await commit(volume, row);
    seen.set(row.id, hideSecrets(done.after));
    return {
      part: {
        kind: 'file',
        volume: volume.name,
        path: row.path,
        change: 'edited',
        ...countLines(done.before, done.after),
      },
      overlaps: done.overlaps.length,
    };
  }

  return {
    own,
    list: reading.list,
    search: reading.search,
    check: reading.check,
    /** What is there now, without what looks like a key. `since`: how that differs from what a branch goes on from. */
    async read(place: Place): Promise<{
      text: string;
      volume: string;
      path: string;
      untrusted: string | null;
      since: string | null;
      saw: () => void;
    }> {
      const volume = await volumeOf(place.volume, 'volume.read');
      const row = await find(volume, place.path);
      const living = await livingText(row);
      const text = hideSecrets(living);
      show(row.id, null);
      const untrusted = await cameFrom(volume, [row.id]);
      const since = await changedSince(volume, row.path, living);
      return { text, volume: volume.name, path: row.path, untrusted, since, saw: () => void seen.set(row.id, text) };
    },

    /** A new file, or all of the text of one that was read whole before. `anyway`: what is there was made by the same hand. */
    async write({
      text,
      anyway = false,
      ...place
    }: Place & Hand & { text: string; anyway?: boolean }): Promise<Written> {
      checkSize(text);
      const where = await target({ ...place, text });
      checkDefines(where, place);
      const { volume, path, meant } = where;
      const row = await store.byPath(volume.id, path);
      const waitsFor = meant?.name ?? null;
      if (!row) return { part: await create(volume, path, text), overlaps: 0, waitsFor };
      if (row.kind === 'binary') throw new Problem('invalid', `${path} is no text. Choose another name.`);
      const base = seen.get(row.id) ?? (anyway ? hideSecrets(await livingText(row)) : undefined);
      if (base === undefined)
        throw new Problem(
          'conflict',
          `${path} is already in ${volume.name}. Read all of it first, or change a part with edit_file.`,
        );
      return { ...(await change(volume, row, base, text)), waitsFor };
    },

    /** New files that belong together, in the run's volume: all of them, or none. None of them tells agents what to do. */
    async createAll({
      texts,
      what,
    }: {
      texts: { path: string; text: string }[];
      what: string;
    }): Promise<Written['part'][]> {
      for (const { path, text } of texts) {
        checkSize(text);
        checkDefines(await target({ volume: undefined, path, text }), { mayDefine: false });
      }
      const volume = await volumeOf(undefined, 'volume.write');
      const message = `${agent}: add ${what}`;
      const made = await files.createTexts({ volumeId: volume.id, person, texts, message, trailers });
      return made.map(({ id, path }, i) => {
        const { text } = texts[i]!;
        seen.set(id, text);
        show(id, null);
        return {
          kind: 'file',
          volume: volume.name,
          path,
          change: 'created',
          added: splitLines(text).length,
          removed: 0,
        };
      });
    },

    async edit({ mayDefine, ...edit }: Edit & Hand): Promise<Written> {
      const { where, row, isMine, base, next } = await edited(edit);
      checkDefines(where, { mayDefine });
      checkSize(next);
      const { volume, path, meant } = where;
      const waitsFor = meant?.name ?? null;
      if (!isMine) return { part: await create(volume, path, next), overlaps: 0, waitsFor };
      return { ...(await change(volume, row, base, next)), waitsFor };
    },

    /** The definition that such a write or edit would make or change; null: none. */
    governs: {
      write: async (write: Place & { text: string }) => placeOf(await target(write)),
      edit: async (edit: Edit) => placeOf((await edited(edit)).where),
    },

    /** Bytes or text that code of the person made. */
    async put({ bytes, ...place }: Place & Hand & { bytes: Uint8Array }): Promise<Written> {
      if (bytes.length > fileLimits.bytes) throw new Problem('too-large', `${place.path} is larger than 16 MiB.`);
      const where = await target({ ...place, text: Buffer.from(bytes).toString('utf8') });
      checkDefines(where, place);
      const { volume, path, meant } = where;
      const before = await store.byPath(volume.id, path);
      if (before?.kind === 'text')
        checkBoard({ path, before: await livingText(before), after: Buffer.from(bytes).toString('utf8') });
      const message = `${agent}: ${before ? 'replace' : 'add'} ${path}`;
      await files.upload({ volumeId: volume.id, person, path, bytes, replace: true, message, trailers });
      if (before?.kind === 'text') await commit(volume, before);
      const kind = before ? 'edited' : 'created';
      return {
        part: { kind: 'file', volume: volume.name, path, change: kind },
        overlaps: 0,
        waitsFor: meant?.name ?? null,
      };
    },
  };
}

/** Which tools agents may use on a board is for people to say. */
function checkBoard({ path, before, after }: { path: string; before: string; after: string }): void {
  if (!isBoardPath(path)) return;
  const toolsOf = (text: string) => JSON.stringify(readBoardFile({ path, text }).tools);
  if (toolsOf(before) !== toolsOf(after))
    throw new Problem('forbidden', `Which tools agents may use on the board of ${path} is for a person to write. Leave \`tools\` as it is.`); // prettier-ignore
}

const placeOf = ({ volume, path, defines }: Target): string | null => (defines ? `${path} in ${volume.name}` : null);
