// The edge of boards over HTTP. What is live travels on the socket.
import { Problem } from '#shared/errors.ts';
import type { DeviceEvent } from '#shared/api/devices.ts';
import type { Face } from '#shared/live.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Artifacts } from './artifacts.ts';
import type { Audit } from './audit.ts';
import type { Board } from './board.ts';
import type { DeviceStore } from './deviceStore.ts';
import type { BoardFiles, Inventory } from './inventory.ts';
import { describeRecording, type Recordings } from './recordings.ts';
import { castOf, rawOf } from './recordingText.ts';

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
  recordings,
  store,
  audit,
  files,
  people,
  boardOf,
}: {
  inventory: Inventory;
  artifacts: Artifacts;
  recordings: Recordings;
  store: DeviceStore;
  audit: Pick<Audit, 'flush'>;
  files: Pick<BoardFiles, 'bytesAt'>;
  people: { face: (id: string) => Promise<Face | null>; faces: (ids: string[]) => Promise<Map<string, Face>> };
  boardOf: (id: string) => Promise<Board>;
}): DeviceRoutes {
  const me = async (actor: Actor): Promise<Face> => {
    const face = await people.face(actor.personId);
    if (!face) throw new Error('a signed-in person without a face');
    return face;
  };

  return {
    'GET /devices': async ({ actor, query }) => ({ devices: await inventory.list({ actor, volume: query.volume }) }),
    'POST /devices': ({ actor, body }) => inventory.create({ actor, ...body }),
    'GET /devices/:id': ({ actor, volume, file }) =>
      inventory.describe({ actor, volume, id: file.id, path: file.path }),

    'POST /devices/:id/stop': async ({ actor, file }) => {
      (await boardOf(file.id)).acts.stop(await me(actor));
      return {};
    },

    'POST /devices/:id/artifacts': ({ actor, file, query, body }) =>
      artifacts.keep({ fileId: file.id, personId: actor.personId, bytes: body as Uint8Array, ...query }),
    'POST /devices/:id/artifacts/from-file': async ({ actor, volume, file, body }) => {
      const bytes = await files.bytesAt({ volumeId: volume.id, path: body.from });
      if (!bytes) throw new Problem('not-found', `There is no file “${body.from}” in this volume.`);
      return artifacts.keep({ fileId: file.id, personId: actor.personId, name: body.from.split('/').at(-1)!, bytes });
    },
    'GET /devices/:id/artifacts/:artifact': async ({ file, params }) => {
      const { artifact, bytes } = await artifacts.read({ id: params.artifact, fileId: file.id });
      return download({ name: artifact.name, type: 'application/octet-stream', bytes, more: { 'x-sha256': artifact.sha256 } }); // prettier-ignore
    },

    'GET /devices/:id/recordings': async ({ file }) => {
      const rows = await recordings.list(file.id);
      const known = await people.faces([...new Set(rows.map(({ personId }) => personId))]);
      return { recordings: rows.map((row) => describeRecording(row, known.get(row.personId) ?? null)) };
    },
    'POST /devices/:id/recordings': async ({ actor, file }) => {
      const by = await me(actor);
      return describeRecording((await (await boardOf(file.id)).acts.record({ on: true, by })).row, by);
    },
    'POST /devices/:id/recordings/stop': async ({ actor, file }) => {
      const { row, by } = await (await boardOf(file.id)).acts.record({ on: false, by: await me(actor) });
      return describeRecording(row, by);
    },
    'GET /devices/:id/recordings/:recording': async ({ file, params, query }) => {
      const { row, text } = await recordings.read({ id: params.recording, fileId: file.id });
      const name = `${file.path.split('/').at(-1)!.replace(/\.md$/i, '')}-${row.startedAt.toISOString().slice(0, 19).replaceAll(':', '')}`;
      if (query.format === 'raw')
        return download({ name: `${name}.bin`, type: 'application/octet-stream', bytes: rawOf(text) });
      if (query.format === 'cast') {
        const cast = castOf({ text, title: file.path, startedAt: row.startedAt });
        return download({ name: `${name}.cast`, type: 'application/x-asciicast', bytes: Buffer.from(cast) });
      }
      return download({ name: `${name}.jsonl`, type: 'application/x-ndjson', bytes: Buffer.from(text) });
    },
    'DELETE /devices/:id/recordings/:recording': async ({ file, params }) => {
      if (!(await recordings.remove({ id: params.recording, fileId: file.id })))
        throw new Problem('conflict', 'It is being recorded. Stop it first.');
      return {};
    },

    'GET /devices/:id/audit': async ({ file, query: { cursor, limit } }) => {
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
        throw new Problem('invalid', 'This cursor did not come from this list.', { field: 'cursor' });
      if (cursor === undefined) await audit.flush(); // what happened a moment ago is in it
      const before = cursor === undefined ? null : Number(cursor);
      const rows = await store.events({ fileId: file.id, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const known = await people.faces([...new Set(page.flatMap(({ personId }) => personId ?? []))]);
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
