// The tables of versions made again from git: after somebody else moved the branch, after a backup came back, or because they are
// doubted. What only the tables knew of a commit (its kind, who belongs together, the ids of files) is kept where git still has it.
import crypto from 'node:crypto';
import { splitLines } from '#shared/diff.ts';
import { splitTrailers, type CommitObject } from '../../platform/gitObjects.ts';
import type { Repository } from '../../platform/repository.ts';
import type { ChangedPath } from '../../platform/treeChanges.ts';
import type { CheckpointStore, FileRow, Plan, RowChange } from './checkpointStore.ts';
import { textFrom } from '../content.ts';
import { bringForward, type Runs } from './lineBlame.ts';
import { isProgram, loginOf } from './signatures.ts';
import type { CommitKind, People, Version, VersionFile } from './versions.ts';

/** A text that changed in git and not in its room. */
export type OutsideChange = { fileId: string; base: string; theirs: string };

type Known = Awaited<ReturnType<CheckpointStore['known']>>;
type Place = { fileId: string; blob: string };

/** Git's first-parent history is the truth; texts that changed outside of their rooms are brought into them first. */
export async function rebuildIndex({
  volumeId,
  repository,
  store,
  people,
  now,
  mergeOutside,
}: {
  volumeId: string;
  repository: Repository;
  store: CheckpointStore;
  people: People;
  /** Milliseconds since 1970. */
  now: number;
  mergeOutside: (change: OutsideChange) => Promise<void>;
}): Promise<void> {
  const rows = await store.filesOf(volumeId);
  const known = await store.known(volumeId);
  const head = await repository.head();
  const objects: CommitObject[] = [];
  if (head) for await (const object of repository.history(head)) objects.push(object);
  objects.reverse();

  const textOf = remembering(async (blob) => textFrom((await repository.readBlob(blob)) ?? new Uint8Array()));
  const identities = await identify(people, objects, known);
  const files = followFiles(known);
  const followed: FollowedFile[][] = [];
  for (const [i, object] of objects.entries())
    followed.push(files.follow(object.oid, await repository.changedPaths(objects[i - 1]?.oid ?? null, object.oid)));
  const nameOf = nameRows(rows, files);
  const versions: Version[] = [];
  const runsOf = new Map<string, { position: number; runs: Runs }>();
  const away = new Map<string, string>();
  for (const [i, object] of objects.entries()) {
    const parent = i > 0 ? objects[i - 1]!.oid : null;
    const position = i + 1;
    const listed: VersionFile[] = [];
    for (const file of followed[i]!) listed.push(await describe({ ...file, fileId: nameOf(file.fileId) }, position));
    versions.push({ ...identities(object), parent, position, files: listed, ...sums(listed) });
  }

  async function describe(file: FollowedFile, position: number): Promise<VersionFile> {
    const [before, after] = [await textOf(file.blobBefore), await textOf(file.blob)];
    if (before === null || after === null) {
      // bytes that become text: its lines are of this version
      if (after !== null)
        runsOf.set(file.fileId, { position, runs: after === '' ? [] : [[splitLines(after).length, position]] });
      return { ...file, added: 0, removed: 0, binary: true };
    }
    // a file that was away comes back with its lines as they were
    const was = file.blobBefore === null ? ((await textOf(away.get(file.fileId) ?? null)) ?? '') : before;
    const runs = was === '' ? [] : (runsOf.get(file.fileId)?.runs ?? []);
    const brought = bringForward({ runs, before: was, after, position });
    runsOf.set(file.fileId, { position, runs: file.blob === null ? runs : brought.runs });
    if (file.blob === null && file.blobBefore !== null) away.set(file.fileId, file.blobBefore);
    if (file.blobBefore === null) return { ...file, added: splitLines(after).length, removed: 0, binary: false };
    return { ...file, added: brought.added, removed: brought.removed, binary: false };
  }

  const plan: Plan = { volumeId, at: now, versions, rows: [], marks: [], blames: [], searches: [] };
  const outside = await matchRows({
    plan,
    rows,
    files: head ? await repository.list(head) : [],
    idAt: (path) => nameOf(files.places.get(path)!.fileId),
    textOf,
    isThere: async (blob) => (await repository.readBlob(blob)) !== null,
  });
  plan.blames = [...runsOf].map(([fileId, blame]) => ({ fileId, ...blame }));
  for (const change of outside) await mergeOutside(change);
  await store.replaceIndex(plan, async (blob) => (await textOf(blob)) ?? '');
}

/** What a version ends with, the next one of the file begins with. */
function remembering(read: (blob: string) => Promise<string | null>) {
  const kept = new Map<string, string | null>();
  let size = 0;
  return async (blob: string | null): Promise<string | null> => {
    if (blob === null) return '';
    const known = kept.get(blob);
    if (known !== undefined) return known;
    const text = await read(blob);
    size += text?.length ?? 0;
    if (size > 32 * 2 ** 20) {
      kept.clear();
      size = text?.length ?? 0;
    }
    kept.set(blob, text);
    return text;
  };
}

type FollowedFile = Pick<VersionFile, 'fileId' | 'path' | 'pathBefore' | 'blob' | 'blobBefore'>;

/**
 * Gives every path of every commit the id of its file: as the index knew it; else that of the file which was there, or whose blob went
 * away elsewhere in the same commit (a move), or which had this path before it was deleted.
 */
function followFiles(known: Known) {
  const places = new Map<string, Place>();
  const pathOf = new Map<string, string>();
  const lastAt = new Map<string, string>();

  function follow(oid: string, changes: ChangedPath[]): FollowedFile[] {
    const before = new Map(
      changes.flatMap(({ path }) => (places.has(path) ? [[path, places.get(path)!] as const] : [])),
    );
    const gone = new Map(
      changes.flatMap(({ path, blob }) =>
        blob === null && before.has(path) ? [[path, before.get(path)!] as const] : [],
      ),
    );
    const files: FollowedFile[] = [];
    for (const { path, blob } of changes) {
      if (blob === null) continue;
      const fileId =
        known.fileIds.get(`${oid}:${path}`) ??
        before.get(path)?.fileId ??
        movedHere(gone, blob) ??
        away(lastAt.get(path)) ??
        crypto.randomUUID();
      const from = pathOf.get(fileId);
      if (from !== undefined) gone.delete(from);
      const blobBefore = from === undefined ? null : (before.get(from)?.blob ?? null);
      files.push({ fileId, path, pathBefore: from === path ? null : (from ?? null), blob, blobBefore });
    }
    for (const path of before.keys()) places.delete(path);
    for (const [path, { fileId, blob }] of gone) {
      files.push({ fileId, path, pathBefore: null, blob: null, blobBefore: blob });
      pathOf.delete(fileId);
    }
    for (const { fileId, path, blob } of files) {
      if (blob === null) continue;
      places.set(path, { fileId, blob });
      pathOf.set(fileId, path);
      lastAt.set(path, fileId);
    }
    return files;
  }

  const movedHere = (gone: Map<string, Place>, blob: string) =>
    [...gone.values()].find((place) => place.blob === blob)?.fileId;
  const away = (fileId: string | undefined) => (fileId !== undefined && pathOf.has(fileId) ? undefined : fileId);

  return { follow, places, lastAt };
}

/** Ids that were made up here, where a row of `files` is meant: the one that is at the path now, else the last one that was. */
function nameRows(rows: FileRow[], { places, lastAt }: ReturnType<typeof followFiles>): (fileId: string) => string {
  const rowAt = new Map<string, string>();
  for (const row of rows.toSorted((a, b) => Number(a.deletedAt === null) - Number(b.deletedAt === null)))
    rowAt.set(row.path, row.id);
  const taken = new Set([...lastAt.values(), ...[...places.values()].map((place) => place.fileId)]);
  const names = new Map<string, string>();
  const ids = new Set(rows.map((row) => row.id));
  const inUse = [...places].map(([path, { fileId }]) => [path, fileId] as const);
  for (const [path, fileId] of [...inUse, ...lastAt]) {
    const row = rowAt.get(path);
    if (ids.has(fileId) || names.has(fileId) || row === undefined || taken.has(row)) continue;
    names.set(fileId, row);
    taken.add(row);
  }
  return (fileId) => names.get(fileId) ?? fileId;
}

/** The rows of `files` as git's head has them. What was never in git (held back, not committed yet) stays as it is. */
async function matchRows({
  plan,
  rows,
  files,
  idAt,
  textOf,
  isThere,
}: {
  plan: Plan;
  rows: FileRow[];
  files: { path: string; oid: string; size: number }[];
  idAt: (path: string) => string;
  textOf: (blob: string | null) => Promise<string | null>;
  isThere: (blob: string) => Promise<boolean>;
}): Promise<OutsideChange[]> {
  const outside: OutsideChange[] = [];
  const byId = new Map(rows.map((row) => [row.id, row]));
  const there = new Set<string>();
  const deletes: RowChange[] = [];
  for (const { path, oid, size } of files) {
    const fileId = idAt(path);
    there.add(fileId);
    const [row, text] = [byId.get(fileId), await textOf(oid)];
    if (text !== null) plan.searches.push({ fileId, path, blob: oid });
    if (row && row.deletedAt === null && row.path === path && row.blob === oid) continue;
    const fileKind = row?.kind ?? (text === null ? 'binary' : 'text');
    plan.rows.push({ act: 'put', fileId, path, fileKind, blob: oid, size, held: false });
    if (row?.kind !== 'text' || row.blob === oid || row.blob === null) continue;
    // without the text that both had, nothing can be said about what changed outside: the living text stays as it is
    const base = (await isThere(row.blob)) ? await textOf(row.blob) : null;
    if (base !== null) outside.push({ fileId, base, theirs: text ?? '' });
  }
  for (const row of rows)
    if (row.deletedAt === null && row.blob !== null && !there.has(row.id))
      deletes.push({ act: 'delete', fileId: row.id, by: null });
  plan.rows.unshift(...deletes);
  return outside;
}

type Named = Omit<Version, 'parent' | 'position' | 'files' | 'added' | 'removed'>;

/** Who and why: as the index knew it, else as far as the commit says. */
async function identify(
  people: People,
  objects: CommitObject[],
  known: Known,
): Promise<(object: CommitObject) => Named> {
  const coAuthorsOf = (trailers: [string, string][]) =>
    trailers.flatMap(([key, value]) => (/^co-authored-by$/i.test(key) ? [/<([^<>]*)>/.exec(value)?.[1] ?? ''] : []));
  const logins = new Set<string>();
  for (const { author, message } of objects)
    for (const email of [author.email, ...coAuthorsOf(splitTrailers(message).trailers)])
      logins.add(loginOf(email) ?? '');
  logins.delete('');
  const faces = await people.byLogins([...logins]);
  const personOf = (email: string): string | null => faces.get(loginOf(email) ?? '')?.id ?? null;
  return ({ oid, author, message }) => {
    const row = known.commits.get(oid);
    if (row) {
      const { author: person, authorName, authorEmail, coAuthors, message: text, groupId, undoes, at } = row;
      return {
        oid,
        author: person,
        authorName,
        authorEmail,
        coAuthors,
        message: text,
        kind: row.kind as CommitKind,
        group: groupId,
        undoes,
        at,
      };
    }
    const { text, trailers } = splitTrailers(message);
    const person = personOf(author.email);
    const kind: CommitKind = person !== null || isProgram(author.email) ? 'pause' : 'external';
    return {
      oid, author: person, authorName: author.name, authorEmail: author.email, message: text, kind, undoes: null, at: new Date(author.at),
      coAuthors: coAuthorsOf(trailers).map(personOf).filter((id) => id !== null), group: crypto.randomUUID(),
    }; // prettier-ignore
  };
}

function sums(files: VersionFile[]): { added: number; removed: number } {
  return {
    added: files.reduce((all, file) => all + file.added, 0),
    removed: files.reduce((all, file) => all + file.removed, 0),
  };
}
