// Whoever looks at a run gets its events in order and without gaps, from where they were; a screen that reads slowly gets larger
// batches, never a longer queue. What is told was durable before (RU1).
import type { RunEvent } from '#shared/run.ts';
import type { OpenRun } from './eventLog.ts';

export type Batch = {
  run: string;
  events: RunEvent[];
  /** The last that exists now. */
  through: number;
  /** The batch as a message on /live, put into words once for all who get the same one. */
  text: () => string;
};

type Follower = {
  run: string;
  personId: string;
  seq: number;
  greeted: boolean;
  busy: boolean;
  again: boolean;
  over: boolean;
  /** Resolves when the other side has taken it. */
  send: (batch: Batch) => Promise<void>;
};

export type Following = ReturnType<typeof createFollowing>;

const mostEvents = 500;
/** Characters of one batch, unless a single event has more. */
const largest = 256 * 1024;
const textsKept = 64;

export function createFollowing({
  read,
  openRun,
  failed,
}: {
  read: (question: { run: string; after: number; limit: number }) => Promise<RunEvent[]>;
  openRun: (run: string) => OpenRun | null;
  failed: (error: unknown) => void;
}) {
  const followers = new Map<string, Set<Follower>>();
  const texts = new Map<string, string>();

  async function next(follower: Follower): Promise<{ events: RunEvent[]; through: number }> {
    const { run, seq: after } = follower;
    const open = openRun(run);
    if (open && after >= open.state.seq) return { events: [], through: open.state.seq };
    const kept = open?.recent[0] && open.recent[0].seq <= after + 1;
    const found = kept ? after + 1 - open.recent[0]!.seq : 0;
    const events = kept ? open.recent.slice(found, found + mostEvents) : await read({ run, after, limit: mostEvents });
    const batch = upTo(events, largest);
    const last = events.at(-1)?.seq ?? after;
    return { events: batch, through: Math.max(openRun(run)?.state.seq ?? 0, last) };
  }

  async function pump(follower: Follower): Promise<void> {
    if (follower.busy) {
      follower.again = true;
      return;
    }
    follower.busy = true;
    try {
      do {
        follower.again = false;
        const { events, through } = await next(follower);
        if (follower.over) return;
        if (events.length === 0 && follower.greeted) continue;
        follower.greeted = true;
        const { run, seq } = follower;
        follower.seq = events.at(-1)?.seq ?? seq;
        if (follower.seq < through) follower.again = true;
        await follower.send({ run, events, through, text: () => textOf({ run, from: seq, events, through }) });
      } while (follower.again && !follower.over);
    } finally {
      follower.busy = false;
    }
  }

  function textOf({ run, from, events, through }: { run: string; from: number; events: RunEvent[]; through: number }) {
    const key = `${run} ${from} ${events.length} ${through}`;
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify({ type: 'run', run, events, through });
    texts.set(key, text);
    if (texts.size > textsKept) texts.delete(texts.keys().next().value!);
    return text;
  }

  return {
    /** Returns how to stop. Who follows may see the run: that was found out before. */
    follow(who: { run: string; personId: string; after: number; send: (batch: Batch) => Promise<void> }): () => void {
      const { run, personId, after, send } = who;
      const follower: Follower = {
        run, personId, send, seq: after, greeted: false, busy: false, again: false, over: false,
      }; // prettier-ignore
      followers.set(run, (followers.get(run) ?? new Set()).add(follower));
      pump(follower).catch(failed);
      return () => {
        follower.over = true;
        const all = followers.get(run);
        all?.delete(follower);
        if (all?.size === 0) followers.delete(run);
      };
    },
    /** More of it is durable. */
    told(run: string): void {
      for (const follower of followers.get(run) ?? []) pump(follower).catch(failed);
    },
    /** Does somebody look at it? */
    isFollowed: (run: string): boolean => followers.has(run),
  };
}

function upTo(events: RunEvent[], size: number): RunEvent[] {
  if (events.length < 2) return events;
  let sum = 0;
  for (const [i, event] of events.entries()) {
    sum += sizeOf(event);
    if (sum > size && i > 0) return events.slice(0, i);
  }
  return events;
}

/** About as many characters as it has as JSON; only what may be large is counted. */
function sizeOf(event: RunEvent): number {
  if (event.type === 'text' || event.type === 'thinking' || event.type === 'output') return 120 + event.text.length;
  if (event.type === 'result' || event.type === 'call' || event.type === 'started') return JSON.stringify(event).length;
  return 300;
}
