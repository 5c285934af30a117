// Looking back: the list of versions, one version, what differs, who wrote which line (GI7). Everything comes from the tables; git is
// asked only for the texts.
import type { BlameRun, Commit, DiffFile } from '#shared/api.ts';
import { countChangedLines } from '#shared/diff.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Rooms } from '../../sync/types.ts';
import { textFrom } from '../content.ts';
import { backwards, changeOf, describeFile, withCounts, type ChangedFile } from './changedFiles.ts';
import type { HistoryStore } from './historyStore.ts';
import { walkBlame } from '../versions/lineBlame.ts';
import type { Head, People, Version } from '../versions/versions.ts';

/** What people said about commits that landed. */
export type ReviewStates = (query: {
  volumeId: string;
  oids: string[];
}) => Promise<Map<string, { verdict: 'approved' | 'reverted'; by: string; at: Date; approvedBy: string[] }>>;

export type HistoryNeeds = {
  store: HistoryStore;
  people: Pick<People, 'faces'>;
  reviews: ReviewStates;
  rooms: Pick<Rooms, 'read' | 'pending'>;
  head: (volumeId: string) => Promise<Head | null>;
  readBlob: (blob: { volumeId: string; oid: string }) => Promise<Uint8Array | null>;
};

export type History = ReturnType<typeof createHistory>;

export function createHistory({ store, people, reviews, rooms, head, readBlob }: HistoryNeeds) {
  /** Null: bytes that are no text. */
  const textOf = async (volumeId: string, blob: string | null): Promise<string | null> =>
    blob === null ? '' : textFrom((await readBlob({ volumeId, oid: blob })) ?? new Uint8Array());

  async function describe(volumeId: string, versions: Version[], viewer: string | null = null): Promise<Commit[]> {
    const states = await reviews({ volumeId, oids: versions.map((version) => version.oid) });
    const said = [...states.values()].flatMap((state) => [state.by, ...state.approvedBy]);
    const ids = versions.flatMap((version) => [version.author, ...version.coAuthors]).filter((id) => id !== null);
    const faces = await people.faces([...new Set([...ids, ...said])]);
    return versions.map((version) => {
      const state = states.get(version.oid);
      const author = (version.author && faces.get(version.author)) || stranger(version);
      const own = viewer !== null && version.author === viewer;
      return {
        oid: version.oid,
        parent: version.parent,
        message: version.message,
        kind: version.kind,
        author,
        coAuthors: version.coAuthors.map((id) => faces.get(id)).filter((face) => face !== undefined),
        at: version.at.toISOString(),
        group: version.group,
        files: version.files.map(describeFile),
        added: version.added,
        removed: version.removed,
        review: {
          state: state?.verdict ?? (own ? 'own' : 'unreviewed'),
          by: (state && faces.get(state.by)) ?? null,
          at: state?.at.toISOString() ?? null,
          approvedBy: (state?.approvedBy ?? []).map((id) => faces.get(id)).filter((face) => face !== undefined),
        },
      };
    });
  }

  async function positionOf(volumeId: string, oid: string): Promise<number> {
    const position = await store.position(volumeId, oid);
    if (position === null) throw notFound('version with this id in the volume');
    return position;
  }

  /** The words that are in no version yet: what is typed against the last version of each file. */
  async function liveFiles(
    volumeId: string,
    path: string | undefined,
  ): Promise<{ fileId: string; path: string; blob: string | null; text: string }[]> {
    const files = (await store.filesNow(volumeId)).filter(
      (file) => file.kind === 'text' && (path === undefined || file.path === path),
    );
    const pending = path === undefined ? new Set((await rooms.pending()).map((waiting) => waiting.fileId)) : null;
    const live: { fileId: string; path: string; blob: string | null; text: string }[] = [];
    for (const { id, path: name, blob } of files) {
      if (pending && !pending.has(id)) continue;
      const text = await rooms.read(id);
      if (text !== null) live.push({ fileId: id, path: name, blob, text });
    }
    return live;
  }

  async function diffOfOne({
    volumeId,
    file,
    texts,
  }: {
    volumeId: string;
    file: ChangedFile;
    texts: boolean;
  }): Promise<DiffFile> {
    const { path, blob, blobBefore } = file;
    const shown = { path, pathBefore: file.pathBefore === path ? null : file.pathBefore, change: changeOf(file) };
    if (file.counts && !texts) return { ...shown, ...file.counts, binary: file.binary, before: null, after: null };
    const before = await textOf(volumeId, blobBefore);
    const after = file.live ?? (await textOf(volumeId, blob));
    if (before === null || after === null)
      return { ...shown, binary: true, added: 0, removed: 0, before: null, after: null };
    const sides = {
      before: blobBefore === null ? null : before,
      after: blob === null && file.live === undefined ? null : after,
    };
    return {
      ...shown,
      binary: false,
      ...(file.counts ?? countChangedLines(before, after)),
      ...(texts ? sides : { before: null, after: null }),
    };
  }

  return {
    describe,
    async log({
      volumeId,
      path,
      fileId,
      cursor,
      limit,
      unreviewed,
      viewer = null,
    }: {
      volumeId: string;
      path?: string;
      fileId?: string;
      cursor?: string;
      limit: number;
      unreviewed?: boolean;
      viewer?: string | null;
    }) {
      if (cursor !== undefined && !/^\d{1,9}$/.test(cursor))
        throw new Problem('invalid', 'This cursor is not one of ours.');
      await head(volumeId);
      const file = fileId ?? (path === undefined ? undefined : (await store.fileAtPath(volumeId, path))?.id);
      if (path !== undefined && !file) throw notFound('file at this path');
      const which = {
        volumeId,
        limit,
        ...(file ? { fileId: file } : {}),
        ...(cursor ? { before: Number(cursor) } : {}),
      };
      const { versions, total } = await store.page({ ...which, ...(unreviewed ? { unreviewedBy: viewer } : {}) });
      const last = versions.length === limit ? versions.at(-1) : undefined;
      return {
        commits: await describe(volumeId, versions, viewer),
        total,
        cursor: last && last.position > 1 ? String(last.position) : null,
      };
    },
    async commits({
      volumeId,
      oids,
      viewer = null,
    }: {
      volumeId: string;
      oids: string[];
      viewer?: string | null;
    }): Promise<Commit[]> {
      return describe(volumeId, await store.byOids(volumeId, oids), viewer);
    },

    async diff({
      volumeId,
      from,
      to,
      path,
    }: {
      volumeId: string;
      from: string;
      to: string;
      path?: string;
    }): Promise<DiffFile[]> {
      const last = (await head(volumeId))?.position ?? 0;
      const start = from === 'none' ? 0 : await positionOf(volumeId, from);
      const end = to === 'live' ? last : await positionOf(volumeId, to);
      const range = {
        volumeId,
        from: Math.min(start, end),
        to: Math.max(start, end),
        ...(path === undefined ? {} : { path }),
      };
      const net = await store.net(range);
      const changed = new Map(net.map((file) => [file.fileId, withCounts(start <= end ? file : backwards(file))]));
      if (to === 'live')
        for (const { fileId, path: name, blob, text } of await liveFiles(volumeId, path)) {
          const known = changed.get(fileId) ?? {
            fileId,
            path: name,
            pathBefore: name,
            blob,
            blobBefore: blob,
            binary: false,
          };
          if ((await textOf(volumeId, known.blobBefore)) === text && known.blobBefore !== null) changed.delete(fileId);
          else changed.set(fileId, { ...known, live: text, counts: undefined });
        }
      const wanted = [...changed.values()].filter(
        (file) => path === undefined || file.path === path || file.pathBefore === path,
      );
      wanted.sort((a, b) => (a.path < b.path ? -1 : 1));
      const found: DiffFile[] = [];
      for (const file of wanted) found.push(await diffOfOne({ volumeId, file, texts: path !== undefined }));
      return found;
    },

    async blame({
      volumeId,
      path,
      at,
    }: {
      volumeId: string;
      path: string;
      at?: string;
    }): Promise<{ oid: string | null; runs: BlameRun[] }> {
      const last = await head(volumeId);
      const position = at === undefined ? (last?.position ?? 0) : await positionOf(volumeId, at);
      const fileId =
        at === undefined
          ? (await store.fileAtPath(volumeId, path))?.id
          : await store.fileIdAt({ volumeId, path, position });
      if (!fileId) throw notFound('file at this path');
      const place = await store.fileAt({ fileId, position });
      if (!place || place.blob === null) return { oid: null, runs: [] };
      if ((await textOf(volumeId, place.blob)) === null) throw new Problem('invalid', 'This file has no lines.');
      const kept = await store.blame(fileId);
      const walked = async () =>
        walkBlame({
          versions: await store.versionsOfFile(fileId, position),
          textOf: async (blob) => (await textOf(volumeId, blob)) ?? '',
        });
      const runs = kept?.position === place.position ? kept.runs : await walked();
      const positions = [...new Set([place.position, ...runs.map(([, by]) => by)])];
      const rows = new Map((await store.byPositions(volumeId, positions)).map((row) => [row.position, row]));
      const faces = await people.faces([
        ...new Set([...rows.values()].map((row) => row.author).filter((id) => id !== null)),
      ]);
      return {
        oid: rows.get(place.position)?.oid ?? null,
        runs: runs.map(([lines, by]) => {
          const row = rows.get(by);
          const author = row ? (row.author && faces.get(row.author)) || stranger(row) : null;
          return {
            lines,
            oid: row?.oid ?? null,
            author,
            at: row?.at.toISOString() ?? null,
            message: row?.message.split('\n')[0] ?? '',
          };
        }),
      };
    },
  };
}

/** Who is no person here: a program of ours, or somebody whose commit came from elsewhere. */
const stranger = ({ authorName, authorEmail }: { authorName: string; authorEmail: string }): Face => ({
  id: '',
  login: authorEmail,
  name: authorName,
  colour: 0,
});
