// The edge of volumes, files and folders: what an address and a body mean, and what goes back. The verbs are in files.ts.
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { HandlersOf } from '../../platform/http.ts';
import type { Rooms } from '../../sync/types.ts';
import { rawHeaders } from '../content.ts';
import { detailOf, entryOf } from './fileAddress.ts';
import type { Files } from './files.ts';
import type { FileRow, FileStore } from './fileStore.ts';
import type { Merges } from './merge.ts';
import { pathFrom } from './names.ts';
import { searchVolume } from '../search/search.ts';
import type { SearchStore } from '../search/searchStore.ts';
import { looksSecret } from '#shared/secrets.ts';
import type { Versions } from '../versions/versions.ts';
import type { Volumes } from '../volumes.ts';

type FileRoutes = HandlersOf<
  | 'GET /volumes'
  | 'GET /volumes/:volume'
  | 'GET /volumes/:volume/tree'
  | 'GET /volumes/:volume/files/*path'
  | 'PUT /volumes/:volume/files/*path'
  | 'PATCH /volumes/:volume/files/*path'
  | 'DELETE /volumes/:volume/files/*path'
  | 'GET /volumes/:volume/raw/*path'
  | 'POST /volumes/:volume/upload/*path'
  | 'POST /volumes/:volume/folders'
  | 'PATCH /volumes/:volume/folders/*path'
  | 'DELETE /volumes/:volume/folders/*path'
  | 'GET /volumes/:volume/search'
  | 'GET /files/:id'
  | 'POST /files/:id/put-back'
  | 'POST /files/:id/not-a-secret'
  | 'GET /files/:id/conflicts'
  | 'POST /files/:id/conflicts/:conflict'
>;

export function fileRoutes({
  volumes,
  files,
  store,
  merges,
  versions,
  rooms,
  search,
  people,
  originOf,
}: {
  volumes: Volumes;
  files: Files;
  store: FileStore;
  merges: Merges;
  versions: Versions;
  rooms: Pick<Rooms, 'epoch' | 'pending' | 'read'>;
  search: SearchStore;
  people: { faces(ids: string[]): Promise<Map<string, Face>> };
  originOf: (request: Request) => string;
}): FileRoutes {
  const pendingIds = async () => new Set((await rooms.pending()).map(({ fileId }) => fileId));
  const livingText = async (row: FileRow) => (await rooms.read(row.id)) ?? (await versions.textOf(row.id)) ?? '';
  async function rowOf(id: string): Promise<FileRow> {
    const row = await store.byId(id);
    if (!row) throw notFound('such file');
    return row;
  }

  return {
    'GET /volumes': async ({ actor }) => ({ volumes: await volumes.list(actor) }),
    'GET /volumes/:volume': ({ actor, volume }) => volumes.one(volume, actor),
    'GET /volumes/:volume/tree': async ({ volume }) => {
      const [rows, folders, pending, head] = await Promise.all([
        store.list(volume.id),
        store.folders(volume.id),
        pendingIds(),
        versions.head(volume.id),
      ]);
      return { files: rows.map((row) => entryOf(row, pending)), folders, head: head?.oid ?? null };
    },

    'GET /volumes/:volume/files/*path': async ({ volume, params, query, request, answer }) => {
      const { text, oid } = query.at
        ? { text: await textAt(volume.id, query.at, params.path), oid: query.at }
        : await files.text({ volumeId: volume.id, path: params.path });
      if (oid) {
        answer.set('etag', `"${oid}"`);
        answer.set('cache-control', 'private, no-cache');
        if (request.headers.get('if-none-match') === `"${oid}"`) return new Response(null, { status: 304 });
      }
      return text;
    },
    'PUT /volumes/:volume/files/*path': async ({ actor, volume, params, body, request, answer }) => {
      const base = baseOf(request);
      const { created, ...address } = await files.write({
        volumeId: volume.id,
        person: actor.personId,
        path: params.path,
        text: body,
        base,
      });
      if (address.oid) answer.set('etag', `"${address.oid}"`);
      const conflicts = created ? [] : await merges.open(address.id);
      return Response.json({ ...address, conflicts }, { status: created ? 201 : 200 });
    },
    'PATCH /volumes/:volume/files/*path': ({ actor, volume, params, body }) =>
      files.rename({ volumeId: volume.id, person: actor.personId, path: params.path, to: body.rename_to }),
    'DELETE /volumes/:volume/files/*path': ({ actor, volume, params }) =>
      files.remove({ volumeId: volume.id, person: actor.personId, path: params.path }),

    'GET /volumes/:volume/raw/*path': async ({ volume, params, query, request }) => {
      const path = pathFrom(params.path);
      const row = query.at ? null : await files.find(volume.id, path);
      if (row?.kind === 'text') await versions.checkpointNow({ volumeId: volume.id, fileIds: [row.id] });
      const bytes = query.at
        ? await versions.blobAt({ volumeId: volume.id, at: query.at, path })
        : row!.heldAt
          ? Buffer.from(await livingText(row!))
          : await versions.bytesOf(row!.id);
      if (!bytes) throw notFound('such file');
      const headers = new Headers(rawHeaders({ path, text: row?.kind === 'text', download: query.download === '1' }));
      // a version never changes, but who may see it does: a browser asks each time, also for whoever signs in after somebody else
      headers.set('cache-control', 'private, no-cache');
      if (query.at) headers.set('etag', `"${query.at}"`);
      if (query.at && request.headers.get('if-none-match') === `"${query.at}"`)
        return new Response(null, { status: 304, headers });
      headers.set('content-length', String(bytes.length));
      return new Response(Buffer.from(bytes), { headers });
    },
    'POST /volumes/:volume/upload/*path': ({ actor, volume, params, query, body }) =>
      files.upload({
        volumeId: volume.id,
        person: actor.personId,
        path: params.path,
        bytes: body as Uint8Array,
        replace: query.replace === '1',
      }),

    'POST /volumes/:volume/folders': async ({ actor, volume, body }) => {
      await files.makeFolder({ volumeId: volume.id, person: actor.personId, path: body.path });
      return {};
    },
    'PATCH /volumes/:volume/folders/*path': ({ actor, volume, params, body }) =>
      files.renameFolder({ volumeId: volume.id, person: actor.personId, path: params.path, to: body.rename_to }),
    'DELETE /volumes/:volume/folders/*path': ({ actor, volume, params }) =>
      files.removeFolder({ volumeId: volume.id, person: actor.personId, path: params.path }),

    'GET /volumes/:volume/search': ({ volume, query }) =>
      searchVolume({ store: search, volumeId: volume.id, q: query.q, limit: query.limit }),

    'GET /files/:id': async ({ file, request }) => {
      const row = await rowOf(file.id);
      const [head, faces] = await Promise.all([
        versions.head(row.volumeId),
        people.faces(row.deletedBy ? [row.deletedBy] : []),
      ]);
      const secret = row.heldAt && row.kind === 'text' ? looksSecret(row.path, await livingText(row)) : null;
      return detailOf({
        target: file,
        row,
        head,
        rooms,
        origin: originOf(request),
        deletedBy: (row.deletedBy && faces.get(row.deletedBy)) || null,
        held: secret && { line: secret.line, what: secret.what },
      });
    },
    'POST /files/:id/put-back': ({ actor, file, body }) =>
      files.putBack({ volumeId: file.volume.id, person: actor.personId, fileId: file.id, path: body.path }),
    'POST /files/:id/not-a-secret': async ({ actor, file }) => {
      const row = await rowOf(file.id);
      const secret = looksSecret(row.path, await livingText(row));
      if (secret) await store.notSecret({ fileId: row.id, hash: secret.hash });
      await versions.checkpointNow({ volumeId: row.volumeId, fileIds: [row.id], of: actor.personId });
      return {};
    },
    'GET /files/:id/conflicts': async ({ file }) => ({ conflicts: await merges.open(file.id) }),
    'POST /files/:id/conflicts/:conflict': async ({ actor, file, params, body }) => {
      if (!/^[0-9a-f-]{36}$/i.test(params.conflict)) throw notFound('such conflict');
      await merges.settle({
        volumeId: file.volume.id,
        fileId: file.id,
        conflict: params.conflict,
        person: actor.personId,
        ...body,
      });
      return {};
    },
  };

  async function textAt(volumeId: string, at: string, given: string): Promise<string> {
    const path = pathFrom(given);
    const text = await versions.textAt({ volumeId, at, path });
    if (text === null) throw notFound('such version of a file');
    return text;
  }
}

/** The version of `If-Match: "<commit>"`. Null: there is no such header, or it says only that the file must be there. */
function baseOf(request: Request): string | null {
  const header = request.headers.get('if-match')?.trim();
  if (!header || header === '*') return null;
  const oid = /^(?:W\/)?"([0-9a-f]{40})"$/.exec(header)?.[1];
  if (!oid) throw new Problem('invalid', 'If-Match must be the ETag of a text that was read here.', undefined, 412);
  return oid;
}
