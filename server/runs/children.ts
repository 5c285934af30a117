// Another agent does a call of a run: it acts for the same person, with the same rights, in the same volume, and is seen by the same people.
import crypto from 'node:crypto';
import type { Outcome, RunHead } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import { interrupted, Interrupted } from './endings.ts';
import type { Going, GoingRuns } from './going.ts';
import type { RunStore } from './runStore.ts';
import type { Starting } from './starting.ts';
import type { Lent, Plan } from './walk.ts';

type ChildEnd = { run: string; agent: string; outcome: Outcome; reason: string; answer: string };

export function createChildren({
  store,
  going,
  find,
  add,
  walkOn,
  clock,
  failed,
}: {
  store: RunStore;
  going: GoingRuns;
  find: (id: string) => Promise<Going>;
  add: Starting['add'];
  walkOn: (one: Going, lent: Lent) => Promise<void>;
  clock: Clock;
  failed: (error: unknown) => void;
}) {
  function addChild(
    { row: above }: Going,
    { call, goal, found }: { call: string; goal: string; found: Plan },
  ): Promise<Going> {
    const id = crypto.randomUUID();
    const { head } = above;
    const child: RunHead = {
      ...head, id, goal, agent: found.agent, model: found.model, limits: found.limits, versions: found.versions,
      parent: { run: above.id, call }, branchOf: null, depth: head.depth + 1,
    }; // prettier-ignore
    const { volumeId, personId, actor, conversationId, rootId, browserOf } = above;
    const request = { agent: found.agent?.name ?? null, skills: [], paths: [], model: found.model, budget: {} };
    return add({
      row: {
        id, volumeId, personId, actor, conversationId, rootId, browserOf, request, head: child, private: above.private,
        parentId: above.id, parentCall: call, previousId: null, createdAt: new Date(clock.now()),
      },
    }); // prettier-ignore
  }

  /** One that a restart left goes on. */
  return async function child({
    parent,
    call,
    goal,
    plan: found,
    lent,
    signal,
  }: {
    parent: RunHead;
    call: string;
    goal: string;
    plan: Plan;
    lent: Lent;
    signal: AbortSignal;
  }): Promise<{ run: string; isNew: boolean; over: Promise<ChildEnd> }> {
    const above = await find(parent.id);
    const left = await store.childOf({ parent: parent.id, call });
    const one = left ? await find(left.id) : await addChild(above, { call, goal, found });
    const endOf = (): ChildEnd => {
      const { status, reason, answer } = one.log.state;
      const outcome = status === 'done' || status === 'stopped' ? status : 'failed';
      const agent = one.row.head.agent?.name ?? '';
      return { run: one.row.id, agent, outcome, reason: reason ?? '', answer: answer ?? '' };
    };
    const isNew = left === null;
    if (one.log.state.endedAt !== null && one.log.state.reason !== interrupted) {
      going.release(one);
      return { run: one.row.id, isNew, over: Promise.resolve(endOf()) };
    }
    if (one.log.state.endedAt !== null) await one.log.emit({ type: 'resumed', by: null });
    const stop = () => {
      if (!(signal.reason instanceof Interrupted)) going.stop(one, String(signal.reason)).catch(failed);
    };
    signal.addEventListener('abort', stop, { once: true });
    await walkOn(one, lent);
    if (signal.aborted) stop();
    const over = (one.walk?.over ?? Promise.resolve()).then(() => {
      signal.removeEventListener('abort', stop);
      return endOf();
    });
    return { run: one.row.id, isNew, over };
  };
}
