// The files of the workspace as a run may touch them: with the rights of its person and no more (RU4), through rooms, as minimal edits
// beside whoever is typing (D3), each write a version with the run's trailer. A definition that an agent writes goes to its person's own
// volume, where it is live at once; it never lands in a team's by itself (D10).
import { kindByPath } from '#shared/definitionKind.ts';
import { diffUnits, splitLines } from '#shared/diff.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import { safePath } from '#shared/path.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import type { ResultPart, RunHead } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import type { VolumeTarget } from '../../platform/http.ts';
import type { EditResult, Rooms } from '../../sync/types.ts';
import type { Files } from '../../volumes/files/files.ts';
import type { FileRow, FileStore } from '../../volumes/files/fileStore.ts';
import type { Merges } from '../../volumes/files/merge.ts';
import type { Versions } from '../../volumes/versions/versions.ts';

/** What the volumes and rooms give; the same for all runs. */
export type FileParts = {
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  files: Pick<Files, 'createText' | 'upload'>;
  store: Pick<FileStore, 'byPath' | 'list' | 'folders'>;
  rooms: Pick<Rooms, 'read' | 'showAgent'>;
  merges: Pick<Merges, 'merge'>;
  versions: Pick<Versions, 'textOf' | 'checkpointNow'>;
  search: (question: { volumeId: string; q: string; limit: number }) => Promise<{
    hits: { path: string; line: number; before: string; match: string; after: string }[];
    files: number;
  }>;
  /** Null: people of the workspace wrote or saw it. Else where it came from: an import that nobody looked at (RU8). */
  cameFrom?: (file: { volumeId: string; fileId: string }) => Promise<string | null>;
};

export type Place = { volume?: string | undefined; path: string };
export type Written = {
  part: Extract<ResultPart, { kind: 'file' }>;
  overlaps: number;
  /** It was meant for this volume, where a person has to put it. */
  waitsFor: string | null;
};

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

  const livingText = async (row: FileRow) => (await rooms.read(row.id)) ?? (await versions.textOf(row.id)) ?? '';
  const show = (fileId: string, caret: unknown) => rooms.showAgent({ fileId, agent: head.id, face, caret });

  async function find(volume: VolumeTarget, given: string): Promise<FileRow> {
    const row = await store.byPath(volume.id, pathFrom(given));
    if (!row) throw notFound(`file ${given} in ${volume.name}`);
    if (row.kind === 'binary') throw new Problem('invalid', `${row.path} is no text. Python can read its bytes.`);
    return row;
  }

  /** Where a write really goes: definitions that an agent writes go to its person. */
  async function target({
    volume: name,
    path: given,
  }: Place): Promise<{ volume: VolumeTarget; path: string; meant: VolumeTarget | null }> {
    const path = pathFrom(given);
    if (!isDefinition(path)) return { volume: await volumeOf(name, 'volume.write'), path, meant: null };
    const meant = await volumeOf(name, 'volume.read');
    if (meant.name === own) return { volume: await volumeOf(own, 'volume.write'), path, meant: null };
    return { volume: await volumeOf(own, 'volume.write'), path, meant };
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
    /** What is there now, without what looks like a key. */
    async read(
      place: Place,
    ): Promise<{ text: string; volume: string; path: string; untrusted: string | null; saw: () => void }> {
      const volume = await volumeOf(place.volume, 'volume.read');
      const row = await find(volume, place.path);
      const text = hideSecrets(await livingText(row));
      show(row.id, null);
      const untrusted = (await parts.cameFrom?.({ volumeId: volume.id, fileId: row.id })) ?? null;
      return { text, volume: volume.name, path: row.path, untrusted, saw: () => void seen.set(row.id, text) };
    },

    /** A new file, or all of the text of one that was read whole before. `anyway`: what is there was made by the same hand. */
    async write({ text, anyway = false, ...place }: Place & { text: string; anyway?: boolean }): Promise<Written> {
      checkSize(text);
      const { volume, path, meant } = await target(place);
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

    async edit({
      old,
      new: fresh,
      all,
      ...place
    }: Place & { old: string; new: string; all: boolean }): Promise<Written> {
      const { volume, path, meant } = await target(place);
      const mine = await store.byPath(volume.id, path);
      const row = mine ?? (meant ? await find(meant, path) : await find(volume, path));
      const text = await livingText(row);
      const shown = mine ? text : hideSecrets(text); // a copy into another volume takes no key along
      const next = replace({ path, text: shown, old, fresh, all });
      checkSize(next);
      const waitsFor = meant?.name ?? null;
      if (!mine && meant) return { part: await create(volume, path, next), overlaps: 0, waitsFor };
      return { ...(await change(volume, row, shown, next)), waitsFor };
    },

    /** Bytes or text that code of the person made. */
    async put({ bytes, ...place }: Place & { bytes: Uint8Array }): Promise<Written> {
      if (bytes.length > fileLimits.bytes) throw new Problem('too-large', `${place.path} is larger than 16 MiB.`);
      const { volume, path, meant } = await target(place);
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
      return parts.search({ volumeId: volume.id, q: query, limit });
    },

    /** Paths of the run's volume, as they are there; throws for one that is not. */
    async check(paths: string[]): Promise<string[]> {
      const volume = await volumeOf(undefined, 'volume.read');
      const rows = await Promise.all(
        paths.map(async (path) => [path, await store.byPath(volume.id, pathFrom(path))] as const),
      );
      const missing = rows.find(([, row]) => row === null);
      if (missing) throw notFound(`file ${missing[0]} in ${volume.name}`);
      return rows.map(([, row]) => row!.path);
    },
  };
}

/** What decides how agents behave, here or in a clone of the volume. */
export const isDefinition = (path: string): boolean =>
  ['agent', 'skill', 'tool', 'kernel', 'workflow'].includes(kindByPath(path)) ||
  /(^|\/)skills\/[^/]+\//i.test(path) ||
  /(^|\/)(\.claude\/|\.mcp\.json$|(agents|claude|gemini)\.md$)/i.test(path) ||
  /^kernel\//i.test(path);

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
