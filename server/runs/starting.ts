// How a run comes to be: it gets one of its person's places, is planned, written down with its first event, and set going.
import crypto from 'node:crypto';
import { notFound, Problem } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import { readRun, type RunEvent, type RunHead } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';
import { limitsOf } from './budget.ts';
import type { EventLog } from './eventLog.ts';
import type { Going, GoingRuns } from './going.ts';
import type { RunAccess } from './rights.ts';
import type { RunRow, RunStore } from './runStore.ts';
import { summaryOf, type RunSummaryRow } from './summary.ts';
import type { PlanRun, RunActor, RunRequest } from './walk.ts';

/** At once, a person. */
const mostAtOnce = 3;

/** A row as it is before anything happened. */
type FirstRow = Omit<RunRow, keyof RunSummaryRow | 'dependsOn' | 'tracePath'> & { id: string };

export type Starting = ReturnType<typeof createStarting>;

export function createStarting({
  store,
  events,
  going,
  plan,
  conversationOf,
  access,
  changed,
  walkOn,
  clock,
  limited,
}: {
  store: RunStore;
  events: EventLog;
  going: GoingRuns;
  plan: PlanRun;
  /** Of this volume, as the person sees it. Throws when there is none. `touch` says that something was said in it. */
  conversationOf: (question: {
    id: string;
    volumeId: string;
    actor: Actor;
    touch: string;
  }) => Promise<{ private: boolean }>;
  access: RunAccess;
  changed: (row: RunRow) => void;
  walkOn: (one: Going) => Promise<void>;
  clock: Clock;
  limited: boolean;
}) {
  /** Person -> how many are started and not yet in memory. */
  const starting = new Map<string, number>();

  async function add({
    row,
    copied = [],
  }: {
    row: FirstRow;
    /** Events of another run that this one begins with. */
    copied?: RunEvent[];
  }): Promise<Going> {
    const at = row.createdAt.toISOString();
    const first: RunEvent = { type: 'started', head: row.head, seq: 1, at };
    const told = [first, ...copied.map((event, i): RunEvent => ({ ...event, seq: i + 2 }))];
    const state = readRun(told);
    const summary = summaryOf(row.id, state);
    await store.add({ row, events: told, summary });
    const full: RunRow = { ...row, ...summary, dependsOn: [], tracePath: null };
    const one = going.add(full, events.open({ id: row.id, state, recent: told }));
    changed(full);
    return one;
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
  }): Promise<Going> {
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
        branchOf: start.branchOf ?? null, agent: found.agent, model: found.model, limits: limitsOf(found.limits, request.budget),
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
      return one;
    } finally {
      givePlaceBack();
    }
  }

  return { begin, add, takePlace };
}
