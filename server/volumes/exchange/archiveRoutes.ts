// The edge of imports and exports.
import { Readable } from 'node:stream';
import type { HandlersOf } from '../../platform/http.ts';
import type { GitClone } from '../../platform/gitClone.ts';
import { readArchive } from './archive.ts';
import { exportVolume } from './exporting.ts';
import type { Importing } from './importing.ts';
import type { Versions } from '../versions/versions.ts';

type ArchiveRoutes = HandlersOf<
  'POST /volumes/:volume/import' | 'POST /volumes/:volume/import-archive' | 'GET /volumes/:volume/export'
>;

export function archiveRoutes({
  importing,
  versions,
  gitClone,
}: {
  importing: Importing;
  versions: Versions;
  gitClone: GitClone;
}): ArchiveRoutes {
  return {
    'POST /volumes/:volume/import': async ({ actor, volume, body }) => {
      const { files, skipped, oid } = await gitClone({ url: body.git });
      const message = `Import ${body.git}\n\nIts version ${oid}.`;
      return importing.importFiles({
        volumeId: volume.id,
        person: actor.personId,
        files,
        skipped,
        message,
        lenient: true,
      });
    },
    'POST /volumes/:volume/import-archive': async ({ actor, volume, body, query }) => {
      const { buffer, byteOffset, byteLength } = body as Uint8Array;
      const files = await readArchive({ bytes: Buffer.from(buffer, byteOffset, byteLength) });
      return importing.importFiles({ volumeId: volume.id, person: actor.personId, files, into: query.into });
    },
    'GET /volumes/:volume/export': async ({ volume, query }) => {
      const { stream, name, type } = await exportVolume({ versions, volume, format: query.format, at: query.at });
      return new Response(Readable.toWeb(stream) as ReadableStream, {
        headers: {
          'content-type': type,
          'content-disposition': `attachment; filename="${name}"`,
          'x-content-type-options': 'nosniff',
        },
      });
    },
  };
}
