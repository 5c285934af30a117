// The tables of versions made again from git: after somebody else moved the branch, after a backup came back, or because they are
// doubted. What only the tables knew of a commit (its kind, who belongs together, the ids of files) is kept where git still has it.
import crypto from 'node:crypto';
import { splitTrailers, type CommitObject } from '../platform/gitObjects.ts';
import type { Repository } from '../platform/repository.ts';
import type { ChangedPath } from '../platform/treeChanges.ts';
import type { CheckpointStore, FileRow, Plan, RowChange } from './checkpointStore.ts';
import { textFrom } from './content.ts';
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

  const textOf = async (blob: string | null) =>
    blob === null ? '' : (textFrom((await repository.readBlob(blob)) ?? new Uint8Array()) ?? null);
  const identities = await identify(people, objects, known);
  const files = followFiles(rows, known);
  const versions: Version[] = [];
  const runsOf = new Map<string, { position: number; runs: Runs }>();
  for (const [i, object] of objects.entries()) {
    const parent = i > 0 ? objects[i - 1]!.oid : null;
    const position = i + 1;
    const changes = await repository.changedPaths(parent, object.oid);
    const listed: VersionFile[] = [];
    for (const file of files.follow(object.oid, changes)) listed.push(await describe(file, position));
    versions.push({ ...identities(object), parent, position, files: listed, ...sums(listed) });
  }

  async function describe(file: FollowedFile, position: number): Promise<VersionFile> {
    const [before, after] = [await textOf(file.blobBefore), await textOf(file.blob)];
    if (before === null || after === null) return { ...file, added: 0, removed: 0, binary: true };
    const runs = file.blobBefore === null ? [] : (runsOf.get(file.fileId)?.runs ?? []);
    const { added, removed, runs: next } = bringForward({ runs, before, after, position });
    runsOf.set(file.fileId, { position, runs: next });
    return { ...file, added, removed, binary: false };
  }

  const plan: Plan = { volumeId, at: now, versions, rows: [], marks: [], blames: [], searches: [] };
  const outside = await matchRows({
    plan,
    rows,
    files: head ? await repository.list(head) : [],
    followed: files.now(),
    textOf,
  });
  plan.blames = [...runsOf].map(([fileId, blame]) => ({ fileId, ...blame }));
  for (const change of outside) await mergeOutside(change);
  await store.replaceIndex(plan, async (blob) => (await textOf(blob)) ?? '');
}

type FollowedFile = Pick<VersionFile, 'fileId' | 'path' | 'pathBefore' | 'blob' | 'blobBefore'>;

/** Gives every path of every commit the id of its file: as the index knew it, else by the path, and the same blob elsewhere is a move. */
function followFiles(rows: FileRow[], known: Known) {
  const places = new Map<string, Place>();
  const usual = new Map<string, string>();
  // of several files that had a path, the one that is there now
  for (const row of rows.toSorted((a, b) => Number(b.deletedAt !== null) - Number(a.deletedAt !== null)))
    usual.set(row.path, row.id);

  function follow(oid: string, changes: ChangedPath[]): FollowedFile[] {
    const gone = changes.filter((change) => change.blob === null && places.has(change.path));
    const left = new Map(gone.map((change) => [change.path, places.get(change.path)!]));
    for (const { path } of gone) places.delete(path);
    const files: FollowedFile[] = [];
    for (const { path, blob, blobBefore } of changes) {
      if (blob === null) continue;
      const there = places.get(path);
      const moved = there
        ? undefined
        : ([...left].find(([, place]) => place.fileId === known.fileIds.get(`${oid}:${path}`)) ??
          (known.fileIds.has(`${oid}:${path}`) ? undefined : [...left].find(([, place]) => place.blob === blob)));
      if (moved) left.delete(moved[0]);
      const fileId =
        there?.fileId ??
        moved?.[1].fileId ??
        known.fileIds.get(`${oid}:${path}`) ??
        unused(usual.get(path)) ??
        crypto.randomUUID();
      places.set(path, { fileId, blob });
      if (!usual.has(path)) usual.set(path, fileId);
      files.push({ fileId, path, pathBefore: moved?.[0] ?? null, blob, blobBefore: moved?.[1].blob ?? blobBefore });
    }
    for (const [path, place] of left)
      files.push({ fileId: place.fileId, path, pathBefore: null, blob: null, blobBefore: place.blob });
    return files;
  }

  /** A file is at one path at a time. */
  function unused(fileId: string | undefined): string | undefined {
    return [...places.values()].some((place) => place.fileId === fileId) ? undefined : fileId;
  }

  return { follow, now: () => places };
}

/** The rows of `files` as git's head has them. What was never in git (held back, not committed yet) stays as it is. */
async function matchRows({
  plan,
  rows,
  files,
  followed,
  textOf,
}: {
  plan: Plan;
  rows: FileRow[];
  files: { path: string; oid: string; size: number }[];
  followed: Map<string, Place>;
  textOf: (blob: string | null) => Promise<string | null>;
}): Promise<OutsideChange[]> {
  const outside: OutsideChange[] = [];
  const byId = new Map(rows.map((row) => [row.id, row]));
  const there = new Set<string>();
  const deletes: RowChange[] = [];
  for (const { path, oid, size } of files) {
    const { fileId } = followed.get(path)!;
    there.add(fileId);
    const [row, text] = [byId.get(fileId), await textOf(oid)];
    if (text !== null) plan.searches.push({ fileId, path, blob: oid });
    if (row && row.deletedAt === null && row.path === path && row.blob === oid) continue;
    const fileKind = row?.kind ?? (text === null ? 'binary' : 'text');
    plan.rows.push({ act: 'put', fileId, path, fileKind, blob: oid, size, held: false });
    if (row?.kind === 'text' && row.blob !== oid && row.blob !== null)
      outside.push({ fileId, base: (await textOf(row.blob)) ?? '', theirs: text ?? '' });
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
