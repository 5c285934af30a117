import { notFound } from '#shared/errors.ts';
import type { HandlersOf } from '../../platform/http.ts';
import type { Versions } from '../versions/versions.ts';

export function historyRoutes({
  versions,
}: {
  versions: Versions;
}): HandlersOf<
  | 'GET /volumes/:volume/commits'
  | 'GET /volumes/:volume/commits/:oid'
  | 'GET /volumes/:volume/diff'
  | 'GET /volumes/:volume/blame/*path'
  | 'POST /volumes/:volume/checkpoint'
> {
  return {
    'GET /volumes/:volume/commits': ({ volume, query, actor }) =>
      versions.log({
        volumeId: volume.id,
        limit: query.limit,
        viewer: actor.personId,
        unreviewed: query.review === 'unreviewed',
        ...(query.path === undefined ? {} : { path: query.path }),
        ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
      }),
    'GET /volumes/:volume/commits/:oid': async ({ volume, params, actor }) => {
      const [commit] = await versions.commits({ volumeId: volume.id, oids: [params.oid], viewer: actor.personId });
      if (!commit) throw notFound('version with this id in the volume');
      return commit;
    },
    'GET /volumes/:volume/diff': async ({ volume, query }) => {
      const { from, to, path } = query;
      return { files: await versions.diff({ volumeId: volume.id, from, to, ...(path === undefined ? {} : { path }) }) };
    },
    'GET /volumes/:volume/blame/*path': ({ volume, params, query }) =>
      versions.blame({ volumeId: volume.id, path: params.path, ...(query.at === undefined ? {} : { at: query.at }) }),
    'POST /volumes/:volume/checkpoint': async ({ volume, body, actor }) => {
      const message = body.message?.trim();
      const made = await versions.checkpointNow({ volumeId: volume.id, kind: 'save', ...(message ? { message } : {}) });
      return { commits: await versions.describe(volume.id, made.versions, actor.personId) };
    },
  };
}
