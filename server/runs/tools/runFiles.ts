// The files of the workspace as a run may touch them: with the rights of its person and no more (RU4), through rooms, as minimal edits
// beside whoever is typing (D3), each write a version with the run's trailer. A definition that an agent writes goes to its person's own
// volume, where it is live at once; it never lands in a team's by itself (D10). One that words from outside may have asked for is written
// only once its person has read it.
import { diffUnits, splitLines } from '#shared/diff.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import { safePath } from '#shared/path.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import type { ResultPart, RunHead } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import { applyToString, mergeText } from '#shared/text.ts';
import type { VolumeTarget } from '../../platform/http.ts';
import type { EditResult, Rooms } from '../../sync/types.ts';
import type { Files } from '../../volumes/files/files.ts';
import type { FileRow, FileStore } from '../../volumes/files/fileStore.ts';
import type { Merges } from '../../volumes/files/merge.ts';
import type { Versions } from '../../volumes/versions/versions.ts';
import { isDefinition } from './definitionFiles.ts';

/** What the volumes and rooms give; the same for all runs. */
export type FileParts = {
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  files: Pick<Files, 'createText' | 'upload'>;
  store: Pick<FileStore, 'byPath' | 'list' | 'folders'>;
  rooms: Pick<Rooms, 'read' | 'showAgent'>;
  merges: Pick<Merges, 'merge'>;
  versions: Pick<Versions, 'textOf' | 'textAt' | 'checkpointNow'>;
  search: (question: { volumeId: string; q: string; limit: number }) => Promise<{
    hits: { fileId: string; path: string; line: number; before: string; match: string; after: string }[];
    files: number;
  }>;
  /** Null: people of the workspace wrote or saw all of these. Else where one came from: an import that nobody looked at (RU8). */
  cameFrom?: (files: { volumeId: string; fileIds: string[] }) => Promise<string | null>;
};

export type Place = { volume?: string | undefined; path: string };
/** `mayDefine`: it may write what tells agents what to do; false when words from outside may ask for it and nobody has read it. */
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

export const fileLimits = { text: 2 * 1024 * 1024, bytes: 16 * 1024 * 1024 };

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
  const person = actor.personId;
  const own = `user/${actor.login}`;
  const face: Face = { ...head.by, id: `agent:${head.id}`, name: `${agent} for ${head.by.name}` };
  const trailers: [string, string][] = [['Run', head.id]];
  /** File id -> its whole text as the model last saw or wrote it. */
  const seen = new Map<string, string>();

  async function volumeOf(name: string | undefined, verb: 'volume.read' | 'volume.write'): Promise<VolumeTarget> {
    const wanted = name ?? head.volume;
    const found = await parts.findVolume(wanted, actor);
    const resource = found && ({ kind: 'volume', name: found.name, volumeKind: found.kind, role: found.role } as const);
    const verdict = resource ? decide({ actor, verb, resource }) : 'not-found';
    if (found && verdict === 'allow') return found;
    if (verdict === 'forbidden')
      throw new Problem('forbidden', `${head.by.name} may read ${wanted}, but not write there.`);
    throw notFound(`volume ${wanted}`);
  }

  const cameFrom = async (volume: VolumeTarget, fileIds: string[]): Promise<string | null> =>
    fileIds.length === 0 ? null : ((await parts.cameFrom?.({ volumeId: volume.id, fileIds })) ?? null);
  const livingText = async (row: FileRow) => (await rooms.read(row.id)) ?? (await versions.textOf(row.id)) ?? '';
  /** A branch follows definitions as they were, and reads files as they are: it is told where that is not the same any more. */
  async function changedSince(volume: VolumeTarget, path: string, living: string): Promise<string | null> {
    const at = head.branchOf && head.versions[volume.name];
    if (!at) return null;
    const then = await versions.textAt({ volumeId: volume.id, at, path });
    if (then === living) return null;
    const version = `version ${at.slice(0, 8)}, with which the run before this branch began`;
    return then === null
      ? `This file was not in ${version}. What follows is as it is now.`
      : `This file has changed since ${version}. What follows is as it is now.`;
  }
  const show = (fileId: string, caret: unknown) => rooms.showAgent({ fileId, agent: head.id, face, caret });

  async function find(volume: VolumeTarget, given: string): Promise<FileRow> {
    const row = await store.byPath(volume.id, pathFrom(given));
    if (!row) throw notFound(`file ${given} in ${volume.name}`);
    if (row.kind === 'binary') throw new Problem('invalid', `${row.path} is no text. Python can read its bytes.`);
    return row;
  }

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
        `${path} would tell agents what to do, and this run has read text from outside. Write it with write_file or edit_file, so that a person can read all of it before.`,
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
      return { where, row, isMine: mine !== null, base, next: replace({ path, text: base, old, fresh, all }) };
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

    async list({ volume: name, path, deep }: { volume?: string | undefined; path: string; deep: boolean }) {
      const volume = await volumeOf(name, 'volume.read');
      const folder = path.replace(/^[./]+|\/+$/g, '');
      const under = folder === '' ? '' : `${pathFrom(folder)}/`;
      const [rows, folders] = await Promise.all([store.list(volume.id), store.folders(volume.id)]);
      const inside = rows.filter((row) => row.path.startsWith(under));
      const empty = folders.filter((one) => one.startsWith(under));
      if (under !== '' && inside.length === 0 && !folders.includes(folder))
        throw notFound(`folder ${folder} in ${volume.name}`);
      const entries = new Map<string, number | null>(); // null: a folder
      for (const row of inside) {
        const rest = row.path.slice(under.length);
        const slash = rest.indexOf('/');
        if (deep || slash < 0) entries.set(rest, row.size);
        else entries.set(rest.slice(0, slash + 1), null);
      }
      for (const one of empty) {
        const rest = one.slice(under.length);
        if (rest !== '') entries.set(`${deep ? rest : rest.split('/', 1)[0]!}/`, null);
      }
      return { volume: volume.name, entries: [...entries].sort(([a], [b]) => a.localeCompare(b, 'en')) };
    },

    async search({ volume: name, query, limit }: { volume?: string | undefined; query: string; limit: number }) {
      const volume = await volumeOf(name, 'volume.read');
      const found = await parts.search({ volumeId: volume.id, q: query, limit });
      const from = (fileIds: string[]) => cameFrom(volume, fileIds);
      return { ...found, from };
    },

    /** Paths of the run's volume, as they are there, and where their words came from; throws for one that is not. */
    async check(paths: string[]): Promise<{ paths: string[]; untrusted: string | null }> {
      const volume = await volumeOf(undefined, 'volume.read');
      const rows = await Promise.all(
        paths.map(async (path) => [path, await store.byPath(volume.id, pathFrom(path))] as const),
      );
      const missing = rows.find(([, row]) => row === null);
      if (missing) throw notFound(`file ${missing[0]} in ${volume.name}`);
      const untrusted = await cameFrom(
        volume,
        rows.map(([, row]) => row!.id),
      );
      return { paths: rows.map(([, row]) => row!.path), untrusted };
    },
  };
}

const placeOf = ({ volume, path, defines }: Target): string | null => (defines ? `${path} in ${volume.name}` : null);

function pathFrom(given: string): string {
  const { path, problem } = safePath(given.trim().replace(/^(\.?\/)+/, ''));
  if (path === null) throw new Problem('invalid', problem);
  return path;
}

function checkSize(text: string): void {
  if (Buffer.byteLength(text) > fileLimits.text) throw new Problem('too-large', 'A text may have at most 2 MiB.');
}

function replace({
  path,
  text,
  old,
  fresh,
  all,
}: {
  path: string;
  text: string;
  old: string;
  fresh: string;
  all: boolean;
}): string {
  if (old === fresh) throw new Problem('invalid', '`old` and `new` are the same.');
  const places = text.split(old).length - 1;
  if (places === 1 || (all && places > 0)) return text.split(old).join(fresh);
  if (places > 1)
    throw new Problem(
      'conflict',
      `\`old\` is ${places} times in ${path}. Take more of what is around it, or set \`all\`.`,
    );
  const squeeze = (words: string) => words.replace(/\s+/g, ' ').trim();
  const near = squeeze(old) !== '' && squeeze(text).includes(squeeze(old));
  const why = near ? 'It is there with other spaces or line breaks.' : 'Read the file again: it may have changed.';
  throw new Problem('conflict', `\`old\` is not in ${path}. ${why}`);
}

function countLines(before: string, after: string): { added: number; removed: number } {
  let [added, removed] = [0, 0];
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(splitLines(before), splitLines(after))) {
    removed += aTo - aFrom;
    added += bTo - bFrom;
  }
  return { added, removed };
}
