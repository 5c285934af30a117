// A run goes on where it was: after an interruption, a stop, or a limit. What it may spend from then on is what kernel and file allow now,
// less what was asked for when it began or goes on (RU6).
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Limits } from '#shared/run.ts';
import { limitsOf } from './budget.ts';
import type { Going } from './going.ts';
import { actorOf, lostRight, type RunAccess } from './rights.ts';
import type { RunRow, RunStore } from './runStore.ts';
import type { OtherBudget, RunAllowance, RunBudget } from './walk.ts';

/** What somebody pays for: of these only the run's person gives more than they wanted to when it began. */
const paid = ['tokens', 'money'] as const;

export function createResuming({
  store,
  allowance,
  access,
  takePlace,
  walkOn,
  faceOf,
}: {
  store: RunStore;
  allowance: RunAllowance;
  access: RunAccess;
  takePlace: (personId: string) => () => void;
  walkOn: (one: Going) => Promise<void>;
  faceOf: (actor: Actor) => Promise<Face>;
}) {
  /** What this person may let it go on with. */
  async function mostOf({ head, request, personId, ...row }: RunRow, actor: Actor): Promise<Limits> {
    const most = await allowance({ head, actor: actorOf({ ...row, head, request, personId }) });
    if (actor.personId === personId) return most;
    return limitsOf(most, Object.fromEntries(paid.map((key) => [key, request.budget[key]])));
  }

  return {
    async limits({ one: { row, log }, actor }: { one: Going; actor: Actor }): Promise<{ now: Limits; most: Limits }> {
      return { now: log.state.head?.limits ?? row.head.limits, most: await mostOf(row, actor) };
    },

    async resume({ one, actor, budget }: { one: Going; actor: Actor; budget: OtherBudget }): Promise<void> {
      const { status } = one.log.state;
      if (one.row.parentId !== null) throw new Problem('conflict', 'A sub-agent goes on with the run above it.');
      if (one.resuming || (status !== 'failed' && status !== 'stopped'))
        throw new Problem('conflict', status === 'done' ? 'This run is done.' : 'This run is going on.');
      const givePlaceBack = takePlace(one.row.personId);
      one.resuming = true;
      try {
        const lost = await lostRight({ row: one.row, access });
        if (lost) throw new Problem('forbidden', lost);
        const most = await mostOf(one.row, actor);
        const { request } = one.row;
        const wanted: RunBudget = { ...request.budget };
        for (const key of Object.keys(budget) as (keyof RunBudget)[]) {
          const limit = Math.min(budget[key] ?? Infinity, most[key] ?? Infinity);
          if (limit === Infinity) delete wanted[key];
          else wanted[key] = limit;
        }
        one.row = { ...one.row, request: { ...request, budget: wanted } };
        await store.ask({ id: one.row.id, request: one.row.request });
        await one.log.emit({ type: 'resumed', by: await faceOf(actor), limits: limitsOf(most, wanted) });
        await walkOn(one);
      } finally {
        one.resuming = false;
        givePlaceBack();
      }
    },
  };
}
