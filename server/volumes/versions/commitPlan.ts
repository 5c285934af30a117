// What the tables will say about a stack of commits: made when its objects are durable and before the branch moves.
import crypto from 'node:crypto';
import { splitLines } from '#shared/diff.ts';
import type { Repository, WrittenCommit } from '../../platform/repository.ts';
import type { CheckpointStore, FileRow, Plan, RowChange } from './checkpointStore.ts';
import type { Draft, Entry, TypedFile } from './composition.ts';
import { bringForward, countRuns, walkBlame, type Runs } from './lineBlame.ts';
import type { Signatures } from './signatures.ts';
import type { Head, Version, VersionFile } from './versions.ts';

type Needs = {
  repository: Repository;
  store: Pick<CheckpointStore, 'blamesOf' | 'versionsOfFile'>;
  volumeId: string;
  at: number;
  head: Head | null;
  drafts: Draft[];
  typed: TypedFile[];
  rows: Map<string, FileRow>;
  extraRows: RowChange[];
  signatures: Signatures;
  /** One for each draft; null where it changed nothing. */
  written: WrittenCommit[];
};

export async function planTables(needs: Needs): Promise<Plan> {
  const { volumeId, at, head, drafts, typed, rows, extraRows, signatures, written } = needs;
  const texts = openTexts(needs);
  const lines = await openLines(needs);
  const versions: Version[] = [];
  const changes = new Map<string, RowChange>();
  const searches = new Map<string, Plan['searches'][0]>();
  for (const [i, draft] of drafts.entries()) {
    const commit = written[i]!;
    const position = (head?.position ?? 0) + versions.length + 1;
    const files: VersionFile[] = [];
    for (const entry of draft.entries) {
      const blobs = commit && blobsOf(entry, commit);
      if (blobs) files.push(await describe(entry, blobs, position));
      for (const change of rowChanges(entry, draft, blobs, rows.get(entry.fileId)))
        changes.set(`${change.act === 'commit' ? 'commit' : 'tree'} ${change.fileId}`, change);
    }
    if (!commit || files.length === 0) continue;
    const author = signatures.of(draft.person);
    versions.push({
      oid: commit.oid, parent: commit.parent, position, author: draft.person, authorName: author.name, authorEmail: author.email,
      coAuthors: draft.coAuthors, message: draft.message, kind: draft.kind, group: draft.group, undoes: draft.undoes, at: new Date(at),
      added: sum(files.map((file) => file.added)), removed: sum(files.map((file) => file.removed)), files,
    }); // prettier-ignore
  }
  return {
    volumeId,
    at,
    versions,
    rows: [...changes.values(), ...extraRows],
    marks: typed.map(({ fileId, upto }) => ({ fileId, upto })),
    blames: lines.kept(),
    searches: [...searches.values()],
  };

  async function describe(entry: Entry, { blob, blobBefore }: Blobs, position: number): Promise<VersionFile> {
    const { fileId, path, pathBefore } = entry;
    const file = { fileId, path, pathBefore, blob, blobBefore, binary: entry.fileKind === 'binary' };
    if (file.binary) return { ...file, added: 0, removed: 0 };
    if (blob === blobBefore) {
      lines.keep(fileId, position);
      return { ...file, added: 0, removed: 0 };
    }
    if (blob) searches.set(fileId, { fileId, path, blob });
    else searches.delete(fileId);
    const [before, after] = [await texts.of(blobBefore), await texts.of(blob)];
    const change = blobBefore === null ? 'comes' : blob === null ? 'goes' : 'stays';
    return { ...file, ...(await lines.bring({ fileId, before, after, position, change })) };
  }
}

type Blobs = { blob: string | null; blobBefore: string | null };

/** Null: the commit did not change this file. */
function blobsOf(entry: Entry, commit: NonNullable<WrittenCommit>): Blobs | null {
  const to = commit.changed.find((changed) => changed.path === entry.path);
  const from = entry.pathBefore === null ? to : commit.changed.find((changed) => changed.path === entry.pathBefore);
  if (!to && !from) return null;
  return { blob: to?.blob ?? null, blobBefore: from?.blobBefore ?? null };
}

function rowChanges(entry: Entry, draft: Draft, blobs: Blobs | null, row: FileRow | undefined): RowChange[] {
  const { fileId, path, fileKind, content } = entry;
  const size = content === null ? 0 : Buffer.byteLength(content);
  if (entry.change === 'deleted') return [{ act: 'delete', fileId, by: draft.person }];
  const changes: RowChange[] = [];
  if (entry.change === 'created')
    changes.push({ act: 'put', fileId, path, fileKind, blob: blobs?.blob ?? row?.blob ?? null, size, held: false });
  if (entry.change === 'renamed') changes.push({ act: 'move', fileId, path });
  if (entry.change !== 'created' && content !== null && blobs?.blob)
    changes.push({ act: 'commit', fileId, blob: blobs.blob, size });
  return changes;
}

/** Texts of blobs; those that were written or typed just now are known already. */
function openTexts({ repository, drafts, typed, written }: Needs) {
  const known = new Map<string, string>();
  for (const [i, draft] of drafts.entries())
    for (const { path, content } of draft.entries) {
      const blob = written[i]?.changed.find((changed) => changed.path === path)?.blob;
      if (blob && content !== null)
        known.set(blob, typeof content === 'string' ? content : Buffer.from(content).toString());
    }
  for (const { before } of typed) known.set(blobName(before), before);
  return {
    async of(blob: string | null): Promise<string> {
      if (blob === null) return '';
      const text = known.get(blob) ?? (await repository.readBlob(blob))?.toString() ?? '';
      known.set(blob, text);
      return text;
    },
  };
}

/** What git calls these bytes. */
function blobName(text: string): string {
  const bytes = Buffer.from(text);
  return crypto.createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

type Brought = { fileId: string; before: string; after: string; position: number; change: 'comes' | 'stays' | 'goes' };

/** Blames of the files, brought forward commit by commit. */
async function openLines({ store, repository, drafts }: Needs) {
  const ids = [...new Set(drafts.flatMap((draft) => draft.entries.map((entry) => entry.fileId)))];
  const blames: Map<string, { position: number; runs: Runs }> = await store.blamesOf(ids);
  const touched = new Set<string>();
  const gone = new Map<string, string>();

  const textOf = async (blob: string) => (await repository.readBlob(blob))?.toString() ?? '';
  /** A blame that is missing or does not fit (never seen, but it would be wrong for ever) is made again from the versions. */
  async function runsFor(fileId: string, before: string): Promise<Runs> {
    const runs = blames.get(fileId)?.runs;
    if (runs && countRuns(runs) === splitLines(before).length) return runs;
    return walkBlame({ versions: await store.versionsOfFile(fileId), textOf });
  }

  /** Null: there never was one. */
  async function textBeforeItWent(fileId: string): Promise<string | null> {
    if (!blames.has(fileId)) return null; // spares an import the question for each of its files
    const here = gone.get(fileId);
    if (here !== undefined) return here;
    const last = (await store.versionsOfFile(fileId)).findLast(({ blob }) => blob !== null)?.blob;
    return last ? await textOf(last) : null;
  }

  return {
    /** Of a file that moved as it was. */
    keep(fileId: string, position: number): void {
      const known = blames.get(fileId);
      if (!known) return;
      blames.set(fileId, { ...known, position });
      touched.add(fileId);
    },
    /** Of a file that goes, whose lines they were is kept: put back, they are theirs again. */
    async bring(version: Brought) {
      const { fileId, before, after, position, change } = version;
      const was = change === 'comes' ? await textBeforeItWent(fileId) : before;
      const known = was === null ? [] : await runsFor(fileId, was);
      const brought = bringForward({ runs: known, before: was ?? '', after, position });
      blames.set(fileId, { position, runs: change === 'goes' ? known : brought.runs });
      touched.add(fileId);
      if (change === 'goes') gone.set(fileId, before);
      return change === 'comes'
        ? { added: splitLines(after).length, removed: 0 }
        : { added: brought.added, removed: brought.removed };
    },
    kept: () => [...touched].map((fileId) => ({ fileId, ...blames.get(fileId)! })),
  };
}

const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);
