// What people do with runs: start, look, say something, stop, go on, try again, branch. A run is private to its person or shared with all
// who may read its volume; whoever may run there may approve, steer and stop it (RU5).
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { RunEvent, RunState } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import type { RunTarget, VolumeTarget } from '../platform/http.ts';
import type { Log } from '../platform/log.ts';
import { eventsBefore } from './branching.ts';
import { createEventLog, isStreamed, type OpenRun } from './eventLog.ts';
import { createChildren } from './children.ts';
import { createFollowing } from './following.ts';
import { createGoing, type Going, type WriteTrace } from './going.ts';
import { recoverRuns, traceWhatEnded } from './recovery.ts';
import { actorOf, lostRight, mayLend, type RunAccess } from './rights.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { createResuming } from './resuming.ts';
import { createStarting } from './starting.ts';
import { summaryOf, waitingCalls } from './summary.ts';
import type { Earlier, Lent, OtherBudget, PlanRun, RunAllowance, WalkRun } from './walk.ts';

export type RunNews = {
  /** It began, changed its status or ended. `only`: nobody but this person may know of it. */
  changed(news: { volumeId: string; run: string; only: string | null }): void;
  /** It waits for a person now, and nobody looks at it. */
  waits(news: { row: RunRow; what: 'approval' | 'question' }): void;
};
export type Runs = Awaited<ReturnType<typeof openRuns>>;

const earlierKept = 20;

export async function openRuns({
  store,
  conversationOf,
  walk,
  plan,
  allowance,
  trace,
  access,
  news,
  clock,
  log,
  limited = true,
}: {
  store: RunStore;
  conversationOf: Parameters<typeof createStarting>[0]['conversationOf'];
  walk: WalkRun;
  plan: PlanRun;
  allowance: RunAllowance;
  trace: WriteTrace;
  access: RunAccess;
  news: RunNews;
  clock: Clock;
  log: Log;
  limited?: boolean;
}) {
  const failed = (error: unknown) => log.error({ err: error }, 'runs.failed');
  const following = createFollowing({
    read: ({ run, after, limit }) => store.events(run, after, limit),
    openRun: (run) => going.get(run)?.log ?? null,
    failed,
  });
  const events = createEventLog({
    writer: store.writer,
    clock,
    log,
    told({ run, events: told, before }) {
      following.told(run.id);
      const row = going.get(run.id)?.row;
      if (row && !told.every(isStreamed)) tellChange(row, run, before);
    },
  });
  const going = createGoing({ store, events, walk, trace, clock, log });
  function tellChange(row: RunRow, { state }: OpenRun, before: RunState): void {
    const waiting = waitingCalls(state);
    const waited = waitingCalls(before);
    const isNew = waiting.filter(({ id }) => !waited.some((call) => call.id === id));
    if (before.status !== state.status || waiting.length !== waited.length || before.trace !== state.trace)
      tellRow(row);
    if (isNew.length > 0 && !following.isFollowed(row.id) && !following.isFollowed(row.rootId))
      news.waits({ row, what: isNew[0]!.question?.answer === null ? 'question' : 'approval' });
  }
  const tellRow = ({ id, volumeId, private: isPrivate, personId }: RunRow) =>
    news.changed({ volumeId, run: id, only: isPrivate ? personId : null });

  const earlierOf = async (row: RunRow): Promise<Earlier[]> => {
    if (row.conversationId === null || row.parentId !== null) return [];
    const before = await store.earlier({ conversation: row.conversationId, limit: earlierKept + 1 });
    const at = before.findIndex(({ run }) => run === row.id);
    return at < 0 ? before : before.slice(0, at);
  };

  async function walkOn(one: Going, lent: Lent | null = null): Promise<void> {
    const earlier = await earlierOf(one.row);
    const history = await store.events(one.row.id);
    going.go(one, { actor: actorOf(one.row), history, earlier, lent });
  }

  const { begin, add, takePlace } = createStarting({
    store, events, going, plan, conversationOf, access, changed: tellRow, walkOn, clock, limited,
  }); // prettier-ignore

  /** The row as it is now, of what is in memory. */
  const rowOf = ({ row, log: open }: Going): RunRow => ({
    ...row,
    ...summaryOf(row.id, open.state),
    tracePath: open.state.trace?.path ?? row.tracePath,
  });
  async function find(id: string): Promise<Going> {
    const one = await going.load(id);
    if (!one) throw notFound('such run');
    return one;
  }
  async function faceOf(actor: Actor): Promise<Face> {
    const face = await access.face(actor.personId);
    if (!face) throw notFound('such person');
    return face;
  }
  /** Somebody answered a run that nobody walks through: it was waiting when the server stopped. A sub-agent is reached from above. */
  async function wake(one: Going): Promise<void> {
    const top = one.row.rootId === one.row.id ? one : await going.load(one.row.rootId);
    if (top && !top.walk && top.log.state.endedAt === null) await walkOn(top);
  }
  const letGo = <T>(one: Going, work: Promise<T>) => work.finally(() => going.release(one));

  const resuming = createResuming({ store, allowance, access, takePlace, walkOn, faceOf });

  const runs = {
    store,
    following,

    /** For the gatekeeper. Null: there is none, or it is somebody else's own. */
    async target(id: string, actor: Actor): Promise<RunTarget | null> {
      const row = going.get(id)?.row ?? (await store.byId(id));
      if (!row || (row.private && row.personId !== actor.personId)) return null;
      const volume = await access.volume(row.volumeId, actor.personId);
      return volume && { id, personId: row.personId, private: row.private, volume };
    },
    /** As it is now. */
    async row(id: string): Promise<RunRow> {
      const there = going.get(id);
      const row = there ? rowOf(there) : await store.byId(id);
      if (!row) throw notFound('such run');
      return row;
    },

    async start(start: Parameters<typeof begin>[0]): Promise<RunRow> {
      return rowOf(await begin(start));
    },
    child: createChildren({ store, going, find, add, walkOn, clock, failed }),

    async stop({ id, actor }: { id: string; actor: Actor }): Promise<void> {
      const one = await find(id);
      if (one.log.state.endedAt !== null) return letGo(one, Promise.resolve());
      const { name } = await faceOf(actor);
      await going.stop(one, `${name} stopped it.`);
      for (const child of await store.children(id))
        if (child.endedAt === null) await runs.stop({ id: child.id, actor });
    },
    async steer({ id, actor, text }: { id: string; actor: Actor; text: string }): Promise<void> {
      const one = await find(id);
      if (one.log.state.endedAt !== null || one.ending)
        return letGo(
          one,
          Promise.reject(new Problem('conflict', 'This run has ended. Start another one, or branch it.')),
        );
      await one.asking.steer({ by: await faceOf(actor), text });
    },
    async approve({
      id,
      actor,
      ...decision
    }: {
      id: string;
      actor: Actor;
      call: string;
      verdict: 'approved' | 'refused';
      hash: string;
      note?: string | undefined;
    }): Promise<void> {
      const one = await find(id);
      if (one.log.state.endedAt !== null)
        return letGo(one, Promise.reject(new Problem('conflict', 'This run has ended.')));
      await one.asking.decide({ ...decision, by: await faceOf(actor), wake: () => wake(one) });
    },
    async answer({ id, actor, call, text }: { id: string; actor: Actor; call: string; text: string }): Promise<void> {
      const one = await find(id);
      if (one.log.state.endedAt !== null)
        return letGo(one, Promise.reject(new Problem('conflict', 'This run has ended.')));
      await one.asking.answer({ call, text, by: await faceOf(actor), wake: () => wake(one) });
    },

    /** Of one that may go on: as they are, and as far as this person may raise them. */
    async limits({ id, actor }: { id: string; actor: Actor }) {
      const one = await find(id);
      return letGo(one, resuming.limits({ one, actor }));
    },
    async resume({ id, actor, budget }: { id: string; actor: Actor; budget: OtherBudget }): Promise<RunRow> {
      const one = await find(id);
      await letGo(one, resuming.resume({ one, actor, budget }));
      return rowOf(one);
    },

    async retry({ id, actor, volume }: { id: string; actor: Actor; volume: VolumeTarget }): Promise<RunRow> {
      const row = await runs.row(id);
      const { request, head, conversationId: conversation, private: isPrivate } = row;
      const own = conversation && row.private && row.personId !== actor.personId ? null : conversation;
      return runs.start({ actor, volume, goal: head.goal, request, conversation: own, isPrivate, previous: id });
    },

    /** From before this step, at the versions that the run saw. */
    async branch({
      id,
      actor,
      volume,
      step,
      text,
    }: {
      id: string;
      actor: Actor;
      volume: VolumeTarget;
      step: number;
      text?: string | undefined;
    }): Promise<RunRow> {
      const row = await runs.row(id);
      const before = eventsBefore({ events: await store.events(id), step });
      if (!before) throw new Problem('invalid', `This run has no step ${step}.`, undefined, 422);
      const by = await faceOf(actor);
      const at = new Date(clock.now()).toISOString();
      const copied: RunEvent[] = text ? [...before, { type: 'steer', by, text, seq: 0, at }] : before;
      return runs.start({
        actor,
        volume,
        goal: row.head.goal,
        request: { ...row.request, agent: row.head.agent?.path ?? row.request.agent },
        conversation: null,
        isPrivate: row.private,
        previous: id,
        branchOf: { run: id, step },
        at: row.head.versions,
        copied,
      });
    },

    /** From now on the browser of this person acts for the run and its sub-agents. */
    async takeOver({ id, actor }: { id: string; actor: Actor }): Promise<void> {
      const { row } = await find(id);
      await store.lendBrowser({ id: row.rootId, personId: actor.personId });
      for (const one of going.all.values()) if (one.row.rootId === row.rootId) one.row.browserOf = actor.personId;
      const { name } = await faceOf(actor);
      const one = going.get(id);
      if (one && one.log.state.endedAt === null)
        await one.log.emit({ type: 'notice', level: 'info', text: `${name} lends this run their browser.` });
      if (one) going.release(one);
    },
    /** Of what is in memory; the rows are changed. */
    shared({ id, isPrivate }: { id: string; isPrivate: boolean }): void {
      for (const one of going.all.values()) if (one.row.conversationId === id) one.row.private = isPrivate;
    },
    /** Who lends theirs does so for as long as they may run something here. */
    async browserOf(id: string): Promise<string> {
      const row = await runs.row(id);
      const { browserOf: lender, personId } = row;
      if (lender === personId) return personId;
      return (await mayLend({ row, lender, access })) ? lender : personId;
    },

    /** Somebody's rights changed: what runs in their name and may no longer, stops. */
    async recheck(personId: string): Promise<void> {
      for (const one of [...going.all.values()].filter(({ row }) => row.personId === personId)) {
        if (one.log.state.endedAt !== null || one.row.parentId !== null) continue;
        const lost = await lostRight({ row: one.row, access });
        if (lost) await going.stop(one, lost);
      }
    },

    /** What a killed server left is told in traces too. */
    traced: () => tracing,
    async close(): Promise<void> {
      await going.close();
      await tracing;
    },
  };

  await recoverRuns({ store, going, wake, failed, log });
  const tracing = traceWhatEnded({ store, going, trace }).catch(failed);
  return runs;
}
