import type { HandlersOf } from '../../platform/http.ts';
import type { Rollback } from './rollback.ts';

export function rollbackRoutes(
  rollback: Rollback,
): HandlersOf<'POST /volumes/:volume/restore' | 'POST /volumes/:volume/revert'> {
  return {
    'POST /volumes/:volume/restore': ({ actor, volume, body, query }) =>
      rollback.restore({
        volumeId: volume.id,
        person: actor.personId,
        preview: query.dry_run === '1',
        to: body.to,
        ...(body.path === undefined ? {} : { path: body.path }),
      }),
    'POST /volumes/:volume/revert': ({ actor, volume, body, query }) =>
      rollback.revert({ volumeId: volume.id, person: actor.personId, preview: query.dry_run === '1', oid: body.oid }),
  };
}
