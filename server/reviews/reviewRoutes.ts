import type { HandlersOf } from '../platform/http.ts';
import type { Reviews } from './reviews.ts';

export function reviewRoutes(reviews: Reviews): HandlersOf<'GET /reviews' | 'POST /volumes/:volume/reviews'> {
  return {
    'GET /reviews': ({ actor, query }) => reviews.inbox({ actor, unseen: query.unseen, cursor: query.cursor ?? null }),
    'POST /volumes/:volume/reviews': async ({ actor, volume, body }) => {
      const said = { volumeId: volume.id, oids: body.oids, personId: actor.personId };
      await (body.verdict === 'approved' ? reviews.approve(said) : reviews.withdraw(said));
      return {};
    },
  };
}
