// The edge of boards over HTTP. What is live travels on the socket.
import { Problem } from '#shared/errors.ts';
import type { DeviceEvent } from '#shared/api/devices.ts';
import type { Face } from '#shared/live.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { Artifacts } from './artifacts.ts';
import type { DeviceStore } from './deviceStore.ts';
import type { BoardFiles, Inventory } from './inventory.ts';

export type DeviceRoutes = HandlersOf<
  | 'GET /devices'
  | 'POST /devices'
  | 'GET /devices/:id'
  | 'POST /devices/:id/stop'
  | 'POST /devices/:id/artifacts'
  | 'POST /devices/:id/artifacts/from-file'
  | 'GET /devices/:id/artifacts/:artifact'
  | 'GET /devices/:id/recordings'
  | 'POST /devices/:id/recordings'
  | 'POST /devices/:id/recordings/stop'
  | 'GET /devices/:id/recordings/:recording'
  | 'DELETE /devices/:id/recordings/:recording'
  | 'GET /devices/:id/audit'
>;

export function deviceRoutes({
  inventory,
  artifacts,
  store,
  files,
  faces,
}: {
  inventory: Inventory;
  artifacts: Artifacts;
  store: DeviceStore;
  files: Pick<BoardFiles, 'byPath' | 'bytes'>;
  faces: (ids: string[]) => Promise<Map<string, Face>>;
}): DeviceRoutes {
  return {
    'GET /devices': async ({ actor, query }) => ({ devices: await inventory.list({ actor, volume: query.volume }) }),
    'POST /devices': ({ actor, body }) => inventory.create({ actor, ...body }),
    'GET /devices/:id': ({ actor, volume, file }) =>
      inventory.describe({ actor, volume, id: file.id, path: file.path }),

    'POST /devices/:id/stop': () =>
      Promise.reject(new Problem('unavailable', 'No browser holds this board: there is nobody who could stop it.')),

    'POST /devices/:id/artifacts': ({ actor, file, query, body }) =>
      artifacts.keep({ fileId: file.id, personId: actor.personId, bytes: body as Uint8Array, ...query }),
    'POST /devices/:id/artifacts/from-file': async ({ actor, volume, file, body }) => {
      const from = await files.byPath(volume.id, body.from);
      const bytes = from && (await files.bytes({ volumeId: volume.id, fileId: from.id }));
      if (!bytes) throw new Problem('not-found', `There is no file “${body.from}” in this volume.`);
      return artifacts.keep({ fileId: file.id, personId: actor.personId, name: body.from.split('/').at(-1)!, bytes });
    },
    'GET /devices/:id/artifacts/:artifact': async ({ file, params }) => {
      const { artifact, bytes } = await artifacts.read({ id: params.artifact, fileId: file.id });
      return download({ name: artifact.name, type: 'application/octet-stream', bytes, more: { 'x-sha256': artifact.sha256 } }); // prettier-ignore
    },

    'GET /devices/:id/recordings': async () => ({ recordings: [] }),
    'POST /devices/:id/recordings': () => Promise.reject(notOnline()),
    'POST /devices/:id/recordings/stop': () => Promise.reject(notOnline()),
    'GET /devices/:id/recordings/:recording': () => Promise.reject(new Problem('not-found', 'There is no such recording.')), // prettier-ignore
    'DELETE /devices/:id/recordings/:recording': () => Promise.reject(new Problem('not-found', 'There is no such recording.')), // prettier-ignore

    'GET /devices/:id/audit': async ({ file, query: { cursor, limit } }) => {
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
        throw new Problem('invalid', 'This cursor did not come from this list.', { field: 'cursor' });
      const before = cursor === undefined ? null : Number(cursor);
      const rows = await store.events({ fileId: file.id, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const known = await faces([...new Set(page.flatMap(({ personId }) => personId ?? []))]);
      const events = page.map((row): DeviceEvent => ({
        id: String(row.id),
        at: row.at.toISOString(),
        kind: row.kind,
        by: (row.personId && known.get(row.personId)) || null,
        run: row.runId,
        text: row.text,
        bytes: row.bytes,
      }));
      return { events, cursor: rows.length > limit ? String(page.at(-1)!.id) : null };
    },
  };
}

const notOnline = () => new Problem('conflict', 'The board is not online: there is nothing to record.');

/** Bytes that a browser saves and never shows. */
function download({
  name,
  type,
  bytes,
  more = {},
}: {
  name: string;
  type: string;
  bytes: Uint8Array;
  more?: Record<string, string>;
}): Response {
  // prettier-ignore
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      'content-security-policy': "default-src 'none'; sandbox",
      ...more,
    },
  });
}
