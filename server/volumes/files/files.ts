// What people do with files: make, rename, move, delete, put back, folders. Each is one commit, planned alone in the queue of its volume,
// so that two people who want the same name meet there and one of them is told (GI6, GI8). Living text is changed in merge.ts only.
import crypto from 'node:crypto';
import type { FileAddress } from '#shared/api.ts';
import { notFound, Problem } from '#shared/errors.ts';
import { pathKey } from '#shared/path.ts';
import type { Rooms } from '../../sync/types.ts';
import { longestText, textFrom } from '../content.ts';
import { addressOf } from './fileAddress.ts';
import type { FileRow, FileStore } from './fileStore.ts';
import type { Merges } from './merge.ts';
import { openNames, pathFrom, type Names } from './names.ts';
import type { CommitKind, Head, TreeChange, Versions } from '../versions/versions.ts';

/** Who does it, where. */
type Act = {
  volumeId: string;
  person: string;
  /** Of the commit: made from what changed where there is none. */
  message?: string;
  trailers?: [string, string][];
};

export type FolderNews = {
  /** Folders that hold nothing came or went; files are told with their versions. */
  folders(news: { volumeId: string }): void;
};

export type Files = ReturnType<typeof createFiles>;

export function createFiles({
  store,
  versions,
  rooms,
  merges,
  news,
}: {
  store: FileStore;
  versions: Versions;
  rooms: Pick<Rooms, 'epoch' | 'read'>;
  merges: Merges;
  news: FolderNews;
}) {
  async function commit(
    { volumeId, person, message, trailers }: Act,
    kind: CommitKind,
    plan: () => Promise<TreeChange[]>,
  ): Promise<Head | null> {
    const words = { ...(message === undefined ? {} : { message }), ...(trailers ? { trailers } : {}) };
    return (await versions.commitTree({ volumeId, author: person, kind, plan, ...words })).head;
  }
  async function address(id: string, head: Head | null): Promise<FileAddress> {
    const row = await store.byId(id);
    if (!row) throw notFound('such file');
    return addressOf({ rooms, row, head });
  }
  async function addresses(rows: FileRow[], head: Head | null): Promise<FileAddress[]> {
    const now = new Map((await store.byIds(rows.map(({ id }) => id))).map((row) => [row.id, row]));
    return Promise.all(rows.map((row) => addressOf({ rooms, row: now.get(row.id) ?? row, head })));
  }
  const namesOf = async (volumeId: string, without: ReadonlySet<string> = new Set()): Promise<Names> => {
    const [files, folders] = await Promise.all([store.paths(volumeId), store.folders(volumeId)]);
    return openNames({ files: files.filter(({ id }) => !without.has(id)).map(({ path }) => path), folders });
  };

  async function find(volumeId: string, given: string): Promise<FileRow> {
    const row = await store.byPath(volumeId, pathFrom(given));
    if (!row) throw notFound('such file');
    return row;
  }

  /** One commit: all of them, or none. */
  async function createAll({
    contents,
    kind,
    ...act
  }: Act & { contents: { path: string; content: string | Uint8Array }[]; kind: CommitKind }): Promise<FileAddress[]> {
    const made = contents.map(({ path, content }) => ({
      kind: 'put' as const,
      fileId: crypto.randomUUID(),
      path: pathFrom(path),
      fileKind: typeof content === 'string' ? ('text' as const) : ('binary' as const),
      content,
    }));
    const head = await commit(act, kind, async () => {
      const names = await namesOf(act.volumeId);
      for (const { path } of made) names.add(path);
      return made;
    });
    return Promise.all(made.map(({ fileId }) => address(fileId, head)));
  }
  async function create({
    path,
    content,
    ...act
  }: Act & { path: string; content: string | Uint8Array; kind: CommitKind }): Promise<FileAddress> {
    const [made] = await createAll({ ...act, contents: [{ path, content }] });
    return made!;
  }

  /** The last version of a file, after what is typed in it has become one. Null: the file is held back, and its words are in none. */
  async function settled(row: FileRow): Promise<{ head: Head; text: string } | null> {
    const { head } = await versions.checkpointNow({ volumeId: row.volumeId, fileIds: [row.id] });
    const text = head && (await versions.textAt({ volumeId: row.volumeId, at: head.oid, path: row.path }));
    if (head && text !== null && (await store.byId(row.id))?.heldAt === null) return { head, text };
    return null;
  }

  return {
    find,

    /** The text now. `oid`: a version that holds exactly this text, null while the file is held back. */
    async text({
      volumeId,
      path,
    }: {
      volumeId: string;
      path: string;
    }): Promise<{ text: string; oid: string | null; id: string }> {
      // between the checkpoint and the reading it may be renamed or typed in: then once more
      for (let attempt = 0; ; attempt++) {
        const row = await find(volumeId, path);
        if (row.kind === 'binary')
          throw new Problem('invalid', 'This file is no text. Its bytes are under /raw.', undefined, 415);
        const now = await settled(row);
        if (now) return { text: now.text, oid: now.head.oid, id: row.id };
        const held = (await store.byId(row.id))?.heldAt !== null;
        const text = held || attempt === 3 ? ((await rooms.read(row.id)) ?? (await versions.textOf(row.id))) : null;
        if (text !== null) return { text, oid: null, id: row.id };
        if (attempt === 3) throw notFound('such file');
      }
    },

    createText: (creation: Act & { path: string; text: string }) =>
      create({ ...creation, content: checkText(creation.text), kind: 'create' }),

    /** New files that belong together: one version of the volume has all of them, or nothing is made. */
    createTexts: ({ texts, ...act }: Act & { texts: { path: string; text: string }[] }) =>
      createAll({
        ...act,
        contents: texts.map(({ path, text }) => ({ path, content: checkText(text) })),
        kind: 'create',
      }),

    /** PUT: makes the file, or merges the text into it as an external change. `base`: the version that the sender's text started from. */
    async write({
      base,
      text,
      ...act
    }: Act & { path: string; text: string; base: string | null }): Promise<FileAddress & { created: boolean }> {
      checkText(text);
      const row = await store.byPath(act.volumeId, pathFrom(act.path));
      if (!row) {
        if (base !== null) throw new Problem('conflict', 'There is no such file any more.', undefined, 412);
        return { ...(await create({ ...act, content: text, kind: 'create' })), created: true };
      }
      if (row.kind === 'binary')
        throw new Problem('invalid', 'This file is no text. Upload its bytes.', undefined, 415);
      if (base === null)
        throw new Problem(
          'invalid',
          'The file exists. Send If-Match with the ETag of the text that yours started from.',
          undefined,
          428,
        );
      const place = await versions.fileAt({ fileId: row.id, at: base });
      const blob = place?.blob && (await versions.readBlob({ volumeId: act.volumeId, oid: place.blob }));
      if (!blob) throw new Problem('conflict', 'If-Match names no version that holds this file.', undefined, 412);
      await merges.merge({
        volumeId: act.volumeId,
        fileId: row.id,
        person: act.person,
        base: Buffer.from(blob).toString('utf8'),
        theirs: text,
        source: 'put',
      });
      const { head } = await versions.checkpointNow({
        volumeId: act.volumeId,
        fileIds: [row.id],
        kind: 'external',
        of: act.person,
      });
      return { ...(await address(row.id, head)), created: false };
    },

    /** Bytes that a person brings: text becomes a text file. `replace`: the file may be there; its text is merged, its bytes are exchanged. */
    async upload({
      bytes,
      replace,
      ...act
    }: Act & { path: string; bytes: Uint8Array; replace: boolean }): Promise<FileAddress> {
      const text = textFrom(bytes);
      const row = replace ? await store.byPath(act.volumeId, pathFrom(act.path)) : null;
      if (!row) return create({ ...act, content: text ?? bytes, kind: 'upload' });
      if (row.kind === 'binary') {
        const head = await commit(act, 'upload', async () => {
          const now = await store.byId(row.id);
          if (!now || now.deletedAt) throw notFound('such file');
          return [{ kind: 'put', fileId: row.id, path: now.path, fileKind: 'binary', content: bytes }];
        });
        return address(row.id, head);
      }
      if (text === null)
        throw new Problem('conflict', `“${row.path}” is a text file, and this is no text. Give it another name.`);
      // the person saw the file that is there: what they replace is its text now; what is typed meanwhile stays
      const base = (await settled(row))?.text ?? (await rooms.read(row.id)) ?? '';
      await merges.merge({
        volumeId: act.volumeId,
        fileId: row.id,
        person: act.person,
        base,
        theirs: text,
        source: 'upload',
      });
      const { head } = await versions.checkpointNow({
        volumeId: act.volumeId,
        fileIds: [row.id],
        kind: 'upload',
        of: act.person,
      });
      return address(row.id, head);
    },

    async rename({ path, to: given, ...act }: Act & { path: string; to: string }): Promise<FileAddress> {
      const to = pathFrom(given);
      const from = pathFrom(path);
      let id = '';
      const head = await commit(act, 'rename', async () => {
        id = (await find(act.volumeId, from)).id;
        if (to === from) return [];
        (await namesOf(act.volumeId, new Set([id]))).add(to);
        return [{ kind: 'move', fileId: id, path: to }];
      });
      return address(id, head);
    },

    async remove({ path, ...act }: Act & { path: string }): Promise<FileAddress> {
      let id = '';
      const head = await commit(act, 'delete', async () => {
        id = (await find(act.volumeId, path)).id;
        return [{ kind: 'delete', fileId: id }];
      });
      return address(id, head);
    },

    /** The same file again, with its id, its room and all that was typed in it; elsewhere if its name is taken meanwhile. */
    async putBack({
      fileId,
      path: given,
      ...act
    }: Act & { fileId: string; path?: string | undefined }): Promise<FileAddress> {
      const head = await commit(act, 'restore', async () => {
        const row = await store.byId(fileId);
        if (!row) throw notFound('such file');
        if (!row.deletedAt) throw new Problem('conflict', 'The file is not deleted.', { path: row.path });
        const path = given === undefined ? row.path : pathFrom(given);
        (await namesOf(act.volumeId)).add(path);
        const bytes = row.blob && (await versions.readBlob({ volumeId: act.volumeId, oid: row.blob }));
        const content =
          row.kind === 'text'
            ? bytes
              ? Buffer.from(bytes).toString('utf8')
              : ((await rooms.read(row.id)) ?? '')
            : bytes;
        if (content === null || (content === '' && row.kind === 'binary')) throw notFound('such file');
        return [{ kind: 'put', fileId, path, fileKind: row.kind, content }];
      });
      // what was typed between the last version and the deletion, or after it in a browser that had not heard
      const after = await versions.checkpointNow({ volumeId: act.volumeId, fileIds: [fileId] });
      return address(fileId, after.head ?? head);
    },

    async makeFolder({ path: given, volumeId, person }: Act & { path: string }): Promise<void> {
      const path = pathFrom(given);
      await commit({ volumeId, person }, 'create', async () => {
        (await namesOf(volumeId)).addFolder(path);
        await store.addFolders(volumeId, [path]);
        return [];
      });
      news.folders({ volumeId });
    },

    async renameFolder({
      path,
      to: given,
      ...act
    }: Act & { path: string; to: string }): Promise<{ files: FileAddress[] }> {
      const from = pathFrom(path);
      const to = pathFrom(given);
      if (pathKey(`${to}/`).startsWith(pathKey(`${from}/`)) && pathKey(to) !== pathKey(from))
        throw new Problem('invalid', 'A folder cannot move into itself.', undefined, 422);
      let moved: FileRow[] = [];
      const head = await commit(act, 'rename', async () => {
        moved = await store.under(act.volumeId, from);
        const empty = (await store.folders(act.volumeId)).filter(
          (folder) => folder === from || folder.startsWith(`${from}/`),
        );
        if (moved.length === 0 && empty.length === 0) throw notFound('such folder');
        if (to === from) return [];
        await checkMove({ volumeId: act.volumeId, from, to, moved, empty });
        return moved.map((row) => ({ kind: 'move', fileId: row.id, path: to + row.path.slice(from.length) }));
      });
      if (to !== from) await store.moveFolders({ volumeId: act.volumeId, from, to });
      news.folders({ volumeId: act.volumeId });
      return { files: await addresses(moved, head) };
    },

    async removeFolder({ path: given, ...act }: Act & { path: string }): Promise<{ files: FileAddress[] }> {
      const path = pathFrom(given);
      let gone: FileRow[] = [];
      const head = await commit(act, 'delete', async () => {
        gone = await store.under(act.volumeId, path);
        return gone.map((row) => ({ kind: 'delete', fileId: row.id }));
      });
      const removed = await store.removeFolders({ volumeId: act.volumeId, path });
      if (gone.length === 0 && removed === 0) throw notFound('such folder');
      news.folders({ volumeId: act.volumeId });
      return { files: await addresses(gone, head) };
    },
  };

  /** Every new path must be free, as long as a path, and no other folder may be spelled like the new one. */
  async function checkMove({
    volumeId,
    from,
    to,
    moved,
    empty,
  }: {
    volumeId: string;
    from: string;
    to: string;
    moved: FileRow[];
    empty: string[];
  }) {
    const going = new Set(moved.map(({ id }) => id));
    const [files, folders] = await Promise.all([store.paths(volumeId), store.folders(volumeId)]);
    const names = openNames({
      files: files.filter(({ id }) => !going.has(id)).map(({ path }) => path),
      folders: folders.filter((folder) => !empty.includes(folder)),
    });
    for (const folder of empty) names.addFolder(pathFrom(to + folder.slice(from.length)));
    for (const row of moved) names.add(pathFrom(to + row.path.slice(from.length)));
  }
}

function checkText(text: string): string {
  if (text.includes('\0')) throw new Problem('invalid', 'A text must not hold zero characters.', undefined, 422);
  if (Buffer.byteLength(text) > longestText) throw new Problem('too-large', 'A text may have at most 8 MiB.');
  return text;
}
