// What people do with runs: start, look, say something, stop, go on, try again, branch. A run is private to its person or shared with all
// who may read its volume; whoever may run there may approve, steer and stop it (RU5).
import crypto from 'node:crypto';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import { readRun, type Limits, type Outcome, type RunEvent, type RunHead, type RunState } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import type { RunTarget, VolumeTarget } from '../platform/http.ts';
import type { Log } from '../platform/log.ts';
import { eventsBefore } from './branching.ts';
import { createEventLog, isStreamed, type OpenRun } from './eventLog.ts';
import { createFollowing } from './following.ts';
import { createGoing, type Going } from './going.ts';
import { Interrupted } from './loop.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { summaryOf, waitingCalls } from './summary.ts';
import type { Earlier, Lent, Plan, PlanRun, RunActor, RunBudget, RunRequest, WalkRun } from './walk.ts';

type ChildEnd = { run: string; agent: string; outcome: Outcome; reason: string; answer: string };
export type RunNews = {
  /** It began, changed its status or ended. `only`: nobody but this person may know of it. */
  changed(news: { volumeId: string; run: string; only: string | null }): void;
  /** It waits for a person now, and nobody looks at it. */
  waits(news: { row: RunRow; what: 'approval' | 'question' }): void;
};
export type RunAccess = {
  /** As this person sees it now. */
  volume(id: string, personId: string): Promise<VolumeTarget | null>;
  face(personId: string): Promise<Face | null>;
  /** Is the token with which it was started still good? A run outlives a sign-in, not a token. */
  isTokenGood(tokenId: string): Promise<boolean>;
};

export type Runs = Awaited<ReturnType<typeof openRuns>>;

/** At once, a person. */
const mostAtOnce = 3;
const interrupted = 'interrupted';
const earlierKept = 20;

export async function openRuns({
  store,
  conversationOf,
  walk,
  plan,
  trace,
  access,
  news,
  clock,
  log,
  limited = true,
}: {
  store: RunStore;
  /** Of this volume, as the person sees it. Throws when there is none. `touch` says that something was said in it. */
  conversationOf: (question: {
    id: string;
    volumeId: string;
    actor: Actor;
    touch: string;
  }) => Promise<{ private: boolean }>;
  walk: WalkRun;
  plan: PlanRun;
  trace: Parameters<typeof createGoing>[0]['trace'];
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
  /** Started and not yet in memory. */
  const starting = new Map<string, number>();

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

  const actorOf = ({ personId, actor: { login, scopes, onlyVolume, tokenId } }: RunRow): Actor => ({
    personId, login, scopes, onlyVolume, tokenId, isAdmin: false, sessionId: null,
  }); // prettier-ignore
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

  /** May this run still act as its person, here and now? Says why not. */
  async function lostRight(row: RunRow): Promise<string | null> {
    const volume = await access.volume(row.volumeId, row.personId);
    const { name, kind, role } = volume ?? { name: row.head.volume, kind: 'team' as const, role: null };
    const resource = { kind: 'volume', name, volumeKind: kind, role } as const;
    const token = row.actor.tokenId;
    if (token && !(await access.isTokenGood(token))) return 'The access token that started it is no longer good.';
    if (decide({ actor: actorOf(row), verb: 'volume.run', resource }) !== 'allow')
      return `${row.head.by.name} may no longer run anything in ${row.head.volume}.`;
    return null;
  }

  async function add({
    row,
    copied = [],
  }: {
    row: Omit<
      RunRow,
      | 'status'
      | 'reason'
      | 'answer'
      | 'said'
      | 'dependsOn'
      | 'steps'
      | 'calls'
      | 'tokens'
      | 'money'
      | 'waiting'
      | 'tainted'
      | 'tracePath'
      | 'endedAt'
      | 'used'
    >;
    /** Events of another run that this one begins with. */
    copied?: RunEvent[];
  }): Promise<Going> {
    const at = row.createdAt.toISOString();
    const first: RunEvent = { type: 'started', head: row.head, seq: 1, at };
    const told = [first, ...copied.map((event, i): RunEvent => ({ ...event, seq: i + 2 }))];
    const state = readRun(told);
    const summary = summaryOf(row.id, state);
    await store.add({ row, events: told, summary });
    const full: RunRow = { ...row, ...summary, said: [], dependsOn: [], tracePath: null };
    const one = going.add(full, events.open({ id: row.id, state, recent: told }));
    tellRow(full);
    return one;
  }

  /** A sub-agent acts for the same person, with the same rights, in the same volume, and is seen by the same people. */
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

  /** Takes one of the places that a person has; give it back when the run is in memory. */
  function takePlace(personId: string): () => void {
    const taken = starting.get(personId) ?? 0;
    if (limited && going.working(personId) + taken >= mostAtOnce)
      throw new Problem('rate-limited', `${mostAtOnce} of your runs are going on. Wait for one of them, or stop one.`, {
        retryAfter: 10,
      });
    starting.set(personId, taken + 1);
    return () => void starting.set(personId, (starting.get(personId) ?? 1) - 1);
  }

  async function begin(start: {
    actor: Actor;
    volume: { id: string; name: string; teamId: string | null };
    goal: string;
    request: RunRequest;
    conversation: string | null;
    isPrivate: boolean;
    previous?: string | null;
    branchOf?: RunHead['branchOf'];
    at?: Record<string, string>;
    copied?: RunEvent[];
  }): Promise<RunRow> {
    const { actor, volume, goal, request, conversation, at, copied = [] } = start;
    if (going.isClosing()) throw new Problem('unavailable', 'The server is about to stop. Try again in a moment.');
    const givePlaceBack = takePlace(actor.personId);
    try {
      const by = await access.face(actor.personId);
      if (!by) throw notFound('such person');
      const isPrivate = conversation
        ? (await conversationOf({ id: conversation, volumeId: volume.id, actor, touch: goal })).private
        : start.isPrivate;
      const found = await plan({ actor, volume, goal, request, ...(at ? { at } : {}) });
      const id = crypto.randomUUID();
      const head: RunHead = {
        id, volume: volume.name, goal, by, conversation, private: isPrivate, parent: null, depth: 0,
        branchOf: start.branchOf ?? null, agent: found.agent, model: found.model, limits: lower(found.limits, request.budget),
        versions: at ?? found.versions,
      }; // prettier-ignore
      const { login, scopes, onlyVolume, tokenId } = actor;
      const acts: RunActor = { login, scopes, onlyVolume, tokenId };
      const one = await add({
        row: {
          id, volumeId: volume.id, personId: actor.personId, actor: acts, request, head, private: isPrivate,
          conversationId: conversation, parentId: null, parentCall: null, rootId: id, previousId: start.previous ?? null,
          browserOf: actor.personId, createdAt: new Date(clock.now()),
        },
        copied,
      }); // prettier-ignore
      await walkOn(one);
      return rowOf(one);
    } finally {
      givePlaceBack();
    }
  }

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

    start: begin,

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
      if (one.log.state.endedAt !== null)
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

    /** Goes on where it was: after an interruption, a stop, or a limit that `budget` raises within what kernel and file allow. */
    async resume({ id, actor, budget }: { id: string; actor: Actor; budget: RunBudget }): Promise<RunRow> {
      const one = await find(id);
      const { state } = one.log;
      const givePlaceBack = takePlace(one.row.personId);
      try {
        if (one.row.parentId !== null) throw new Problem('conflict', 'A sub-agent goes on with the run above it.');
        if (state.status !== 'failed' && state.status !== 'stopped')
          throw new Problem('conflict', state.status === 'done' ? 'This run is done.' : 'This run is going on.');
        const lost = await lostRight(one.row);
        if (lost) throw new Problem('forbidden', lost);
        one.row = { ...one.row, request: { ...one.row.request, budget: { ...one.row.request.budget, ...budget } } };
        await one.log.emit({ type: 'resumed', by: await faceOf(actor) });
        await walkOn(one);
        return rowOf(one);
      } finally {
        givePlaceBack();
        going.release(one);
      }
    },

    /** Another agent does a call of this run. One that a restart left goes on. */
    async child({
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
      if (one.log.state.endedAt !== null && one.log.state.reason !== interrupted)
        return letGo(one, Promise.resolve({ run: one.row.id, isNew, over: Promise.resolve(endOf()) }));
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
    },

    async retry({ id, actor, volume }: { id: string; actor: Actor; volume: VolumeTarget }): Promise<RunRow> {
      const row = await runs.row(id);
      const { request, head, conversationId: conversation, private: isPrivate } = row;
      const own = conversation && row.private && row.personId !== actor.personId ? null : conversation;
      return begin({ actor, volume, goal: head.goal, request, conversation: own, isPrivate, previous: id });
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
      return begin({
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
    browserOf: async (id: string): Promise<string> => (await runs.row(id)).browserOf,

    /** Somebody's rights changed: what runs in their name and may no longer, stops. */
    async recheck(personId: string): Promise<void> {
      for (const one of [...going.all.values()].filter(({ row }) => row.personId === personId)) {
        if (one.log.state.endedAt !== null || one.row.parentId !== null) continue;
        const lost = await lostRight(one.row);
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

  await recover();
  const tracing = traceWhatEnded().catch(failed);
  return runs;

  /** After a restart: what waits for a person goes on waiting, whatever else was going on is interrupted (RU1). */
  async function recover(): Promise<void> {
    const left = await Promise.all((await store.going()).map(({ id }) => going.load(id)));
    const found = left.filter((one) => one !== null);
    const waiting = found.filter(({ log: { state } }) => waitingCalls(state).length > 0);
    const unended = new Set(found.map(({ row }) => row.id));
    const roots = new Set(waiting.map(({ row }) => row.rootId).filter((root) => unended.has(root)));
    for (const one of found) {
      if (!roots.has(one.row.rootId)) {
        // its trace follows when the port is open
        await one.log.emit({ type: 'ended', outcome: 'failed', reason: interrupted, answer: '' });
        going.release(one);
        continue;
      }
      for (const { id, approval } of waitingCalls(one.log.state))
        if (approval && approval.verdict === null)
          one.asking.watch({ call: id, expiresAt: approval.expiresAt, expired: () => void wake(one).catch(failed) });
    }
    if (found.length > 0)
      log.info({ interrupted: found.length - waiting.length, waiting: waiting.length }, 'runs.recovered');
  }

  /** Runs that ended when nobody could write their trace. */
  async function traceWhatEnded(): Promise<void> {
    for (const { id } of await store.untraced()) {
      const one = going.isClosing() ? null : await going.load(id);
      if (!one || one.walk || one.log.state.endedAt === null) continue;
      const written = await trace({ row: one.row, log: one.log, ended: null });
      if (written) await one.log.emit({ type: 'trace', ...written });
      going.release(one);
    }
  }
}

/** A request may lower limits, never raise them. */
function lower(limits: Limits, budget: RunBudget): Limits {
  const least = (limit: number | null, wish: number | undefined) =>
    wish === undefined ? limit : limit === null ? wish : Math.min(limit, wish);
  return {
    ...limits,
    iterations: least(limits.iterations, budget.iterations)!,
    toolCalls: least(limits.toolCalls, budget.toolCalls)!,
    minutes: least(limits.minutes, budget.minutes)!,
    tokens: least(limits.tokens, budget.tokens),
    money: least(limits.money, budget.money),
  };
}
