// Many files at once, from an archive, a folder, another repository, a sample: one commit. What is new is added; a text that is there
// is merged with what came, never overwritten (GI5).
import crypto from 'node:crypto';
import type { ChangeResult } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import { safePath } from '#shared/path.ts';
import type { AnchoredOverlap, Rooms } from '../../sync/types.ts';
import { textFrom } from '../content.ts';
import type { FileStore } from '../files/fileStore.ts';
import { commonText, type Merges } from '../files/merge.ts';
import { openNames, pathFrom } from '../files/names.ts';
import type { CommitKind, TreeChange, VersionFile, Versions } from '../versions/versions.ts';

export type IncomingFile = { path: string; content: Uint8Array };
export type Importing = ReturnType<typeof createImporting>;

type Merge = { fileId: string; path: string; theirs: string };

export function createImporting({
  store,
  versions,
  rooms,
  merges,
}: {
  store: FileStore;
  versions: Versions;
  rooms: Pick<Rooms, 'here' | 'read'>;
  merges: Merges;
}) {
  /** What the tree must become, and which texts meet texts that are there. Throws before anything is changed. */
  async function plan(volumeId: string, incoming: IncomingFile[]): Promise<{ tree: TreeChange[]; meets: Merge[] }> {
    const [rows, folders] = await Promise.all([store.paths(volumeId), store.folders(volumeId)]);
    const names = openNames({ files: rows.map((row) => row.path), folders });
    const there = new Map(rows.map((row) => [row.path, row]));
    const tree: TreeChange[] = [];
    const meets: Merge[] = [];
    for (const { path, content } of incoming) {
      const row = there.get(path);
      const text = textFrom(content);
      if (!row) {
        names.add(path);
        tree.push({
          kind: 'put',
          fileId: crypto.randomUUID(),
          path,
          fileKind: text === null ? 'binary' : 'text',
          content: text ?? content,
        });
      } else if (row.kind === 'binary') {
        tree.push({ kind: 'put', fileId: row.id, path, fileKind: 'binary', content });
      } else if (text !== null) {
        meets.push({ fileId: row.id, path, theirs: text });
      } else {
        throw new Problem('conflict', `“${path}” is a text file here, and what came is no text. Rename one of them.`, {
          path,
        });
      }
    }
    return { tree, meets };
  }

  /**
   * What both sides had: the file as it first came from outside (what came later is in it only mixed with what people wrote). Of a
   * file that was made here, only what both have now, so that nothing is taken away.
   */
  async function baseOf({
    volumeId,
    fileId,
    ours,
    theirs,
  }: {
    volumeId: string;
    fileId: string;
    ours: string;
    theirs: string;
  }): Promise<string> {
    const head = await versions.head(volumeId);
    const [first] = head ? await versions.between({ volumeId, from: 1, to: head.position, fileId }) : [];
    const came = first?.kind === 'import' || first?.kind === 'sample';
    const blob = came ? first.files.find((file) => file.fileId === fileId)?.blob : null;
    const bytes = blob && (await versions.readBlob({ volumeId, oid: blob }));
    return bytes ? Buffer.from(bytes).toString('utf8') : commonText(ours, theirs);
  }

  return {
    /** `into`: a folder. `skipped`: what the source left out already. Paths that cannot be are skipped too if `lenient`, else refused. */
    async importFiles({
      volumeId,
      person,
      files,
      into = '',
      kind = 'import',
      message,
      skipped = [],
      lenient = false,
    }: {
      volumeId: string;
      person: string | null;
      files: IncomingFile[];
      into?: string | undefined;
      kind?: CommitKind;
      message?: string;
      skipped?: { path: string; why: string }[];
      lenient?: boolean;
    }): Promise<ChangeResult> {
      const folder = into === '' ? '' : `${pathFrom(into)}/`;
      const left = [...skipped];
      const incoming: IncomingFile[] = [];
      for (const { path: given, content } of files) {
        const { path, problem } = safePath(folder + given);
        if (problem === null) incoming.push({ path, content });
        else if (lenient) left.push({ path: given, why: problem });
        else
          throw new Problem(
            'invalid',
            `“${given.slice(0, 200)}” cannot be imported. ${problem}`,
            { path: given.slice(0, 300) },
            422,
          );
      }
      let meets = (await plan(volumeId, incoming)).meets; // refuses before anybody's text is touched
      const overlaps: (AnchoredOverlap & { path: string })[] = [];
      const { versions: made, held } = await versions.commitTree({
        volumeId,
        author: person,
        kind,
        ...(message ? { message } : {}),
        include: meets.map(({ fileId }) => fileId),
        plan: async () => {
          const now = await plan(volumeId, incoming);
          meets = now.meets;
          for (const { fileId, path, theirs } of meets) {
            const ours = (await rooms.read(fileId)) ?? (await versions.textOf(fileId)) ?? '';
            if (ours === theirs) continue;
            const base = await baseOf({ volumeId, fileId, ours, theirs });
            const result = await merges.merge({
              volumeId,
              fileId,
              person,
              base,
              theirs,
              source: kind === 'upgrade' ? 'upgrade' : 'import',
            });
            overlaps.push(...result.overlaps.map((overlap) => ({ ...overlap, path })));
          }
          return now.tree;
        },
      });
      const open = new Map(meets.flatMap(({ fileId }) => rooms.here(fileId)).map((face) => [face.id, face]));
      const rows = await store.byIds(held);
      return {
        commits: await versions.describe(volumeId, made),
        files: made.flatMap((version) => version.files.map(changeOf)),
        conflicts: overlaps.map(({ path, base, ours, theirs }) => ({ path, base, ours, theirs })),
        skipped: [
          ...left,
          ...rows.map(({ path }) => ({
            path,
            why: 'It seems to hold a key: it is here, but in no version until somebody looked at it.',
          })),
        ],
        kept: 0,
        open: [...open.values()],
      };
    },
  };
}

function changeOf({
  path,
  pathBefore,
  blob,
  blobBefore,
  added,
  removed,
  binary,
}: VersionFile): ChangeResult['files'][number] {
  const change =
    blob === null
      ? 'deleted'
      : blobBefore === null
        ? 'created'
        : pathBefore !== null && pathBefore !== path
          ? 'renamed'
          : 'edited';
  return { path, change, before: null, after: null, added, removed, binary };
}
