// When a version is made (GI1): after some quiet in a volume, at the latest after some minutes of typing, and soon after the last
// person left a file. It knows only what is waiting; what a version is, others know.
import type { Clock } from '../../platform/clock.ts';

export type Times = {
  /** A version is made after this much quiet. */
  quietMs: number;
  /** ... and at the latest after this much typing. */
  latestMs: number;
  /** ... and this long after the last person left a file: a reload is not a departure. */
  leaveMs: number;
  /** ... and again after a failure. */
  retryMs: number;
  /** So long a sentence that somebody writes for a version puts it off, but not past `latestMs`. */
  putOffMs: number;
};

type Waiting = { since: number; people: string[]; leftAt: number | null; toldDue: number };
type VolumeState = {
  files: Map<string, Waiting>;
  first: number;
  last: number;
  /** In the order of their first edits. */
  order: (string | null)[];
  notBefore: number;
  timer: NodeJS.Timeout | null;
};
/** What a version takes out of the schedule; it gives it back if it fails. */
export type Taken = {
  volumeId: string;
  files: Map<string, Waiting>;
  order: (string | null)[];
  first: number;
  last: number;
};

export type Schedule = ReturnType<typeof openSchedule>;

/** How much a due time must move before it is told again. */
const worthTelling = 5000;

export function openSchedule({
  clock,
  times,
  makeVersion,
  pending,
}: {
  clock: Clock;
  times: Times;
  /** Never throws. */
  makeVersion: (volumeId: string, fileIds: string[]) => Promise<void>;
  pending: (news: { volumeId: string; fileId: string; people: string[]; due: number }) => void;
}) {
  const volumes = new Map<string, VolumeState>();
  /** By volume, until when each. */
  const putOffs = new Map<string, Set<{ until: number }>>();
  let closed = false;

  /** `wanted`, or later while somebody writes a sentence. */
  function notTooSoon(volumeId: string, state: VolumeState, wanted: number): number {
    const until = Math.max(...[...(putOffs.get(volumeId) ?? [])].map((putOff) => putOff.until));
    return Math.min(Math.max(wanted, Math.min(until, clock.now() + times.putOffMs)), state.first + times.latestMs);
  }
  const dueOf = (volumeId: string, state: VolumeState) => notTooSoon(volumeId, state, state.last + times.quietMs);
  const leftDue = (volumeId: string, state: VolumeState, { leftAt }: Waiting) =>
    leftAt === null ? Infinity : notTooSoon(volumeId, state, leftAt + times.leaveMs);

  function plan(volumeId: string, state: VolumeState): void {
    if (state.timer) clearTimeout(state.timer);
    state.timer = null;
    if (state.files.size === 0) {
      volumes.delete(volumeId);
      return;
    }
    if (closed) return;
    noLaterThan(clock.now(), state);
    const due = Math.min(
      dueOf(volumeId, state),
      ...[...state.files.values()].map((waiting) => leftDue(volumeId, state, waiting)),
    );
    const wait = Math.max(due, state.notBefore) - clock.now();
    state.timer = setTimeout(() => void wake(volumeId), Math.max(0, wait));
  }

  /** The clock was set back: what was typed was typed before now, however late it said it was. */
  function noLaterThan(now: number, state: VolumeState): void {
    const back = state.last - now;
    if (back > 0) {
      state.first -= back;
      state.last = now;
      for (const waiting of state.files.values()) {
        waiting.since -= back;
        if (waiting.leftAt !== null) waiting.leftAt -= back;
      }
    }
    state.notBefore = Math.min(state.notBefore, now + times.retryMs);
  }

  async function wake(volumeId: string): Promise<void> {
    const state = volumes.get(volumeId);
    if (!state) return;
    const now = clock.now();
    const all = dueOf(volumeId, state) <= now;
    const isDue = (waiting: Waiting) => all || leftDue(volumeId, state, waiting) <= now;
    const due = [...state.files].filter(([, waiting]) => isDue(waiting)).map(([fileId]) => fileId);
    if (due.length > 0 && state.notBefore <= now) await makeVersion(volumeId, due);
    else plan(volumeId, state); // the clock and the timer do not agree to the millisecond
  }

  function edited({ volumeId, fileId, person }: { volumeId: string; fileId: string; person: string | null }): void {
    const now = clock.now();
    let state = volumes.get(volumeId);
    if (!state) {
      state = { files: new Map(), first: now, last: now, order: [], notBefore: 0, timer: null };
      volumes.set(volumeId, state);
    }
    state.last = now;
    if (!state.order.includes(person)) state.order.push(person);
    const waiting = state.files.get(fileId) ?? { since: now, people: [], leftAt: null, toldDue: 0 };
    state.files.set(fileId, waiting);
    const isNew = person !== null && !waiting.people.includes(person);
    if (isNew) waiting.people.push(person);
    waiting.leftAt = null; // whoever types is there
    tell({ volumeId, fileId, state, waiting, isNew });
    plan(volumeId, state);
  }

  function tell(news: {
    volumeId: string;
    fileId: string;
    state: VolumeState;
    waiting: Waiting;
    isNew?: boolean;
  }): void {
    const { volumeId, fileId, state, waiting, isNew } = news;
    const due = dueOf(volumeId, state);
    if (!isNew && Math.abs(due - waiting.toldDue) < worthTelling) return;
    waiting.toldDue = due;
    pending({ volumeId, fileId, people: waiting.people, due });
  }

  /** What is due when is different now. */
  function planAgain(volumeId: string): void {
    const state = volumes.get(volumeId);
    if (!state) return;
    for (const [fileId, waiting] of state.files) tell({ volumeId, fileId, state, waiting });
    plan(volumeId, state);
  }

  return {
    edited,
    left({ volumeId, fileId }: { volumeId: string; fileId: string }): void {
      const state = volumes.get(volumeId);
      const waiting = state?.files.get(fileId);
      if (!state || !waiting) return;
      waiting.leftAt = clock.now();
      plan(volumeId, state);
    },
    /** Somebody writes the sentence of a version: no pause is to be quicker, until what this answers is called. */
    putOff(volumeId: string): () => void {
      const putOff = { until: clock.now() + times.putOffMs };
      putOffs.set(volumeId, (putOffs.get(volumeId) ?? new Set()).add(putOff));
      planAgain(volumeId);
      return () => {
        const all = putOffs.get(volumeId);
        if (!all?.delete(putOff)) return;
        if (all.size === 0) putOffs.delete(volumeId);
        planAgain(volumeId);
      };
    },
    waiting: (volumeId: string): string[] => [...(volumes.get(volumeId)?.files.keys() ?? [])],
    volumes: (): string[] => [...volumes.keys()],
    peopleOf: (volumeId: string, fileId: string): string[] => volumes.get(volumeId)?.files.get(fileId)?.people ?? [],
    /** What is typed from now on waits for the next version. */
    take(volumeId: string, fileIds: string[]): Taken {
      const state = volumes.get(volumeId);
      const files = new Map<string, Waiting>();
      if (!state) return { volumeId, files, order: [], first: 0, last: 0 };
      const taken = { volumeId, files, order: [...state.order], first: state.first, last: state.last };
      for (const fileId of fileIds) {
        const waiting = state.files.get(fileId);
        if (!waiting) continue;
        files.set(fileId, waiting);
        state.files.delete(fileId);
      }
      state.first = Math.min(...[...state.files.values()].map((waiting) => waiting.since));
      plan(volumeId, state);
      return taken;
    },
    giveBack({ volumeId, files, order, first, last }: Taken): void {
      if (files.size === 0) return;
      const now = clock.now();
      const state = volumes.get(volumeId) ?? {
        files: new Map<string, Waiting>(),
        first,
        last,
        order: [],
        notBefore: 0,
        timer: null,
      };
      volumes.set(volumeId, state);
      state.first = Math.min(first, state.first);
      state.order = [...new Set([...order, ...state.order])];
      for (const [fileId, waiting] of files) {
        const newer = state.files.get(fileId);
        const people = [...new Set([...waiting.people, ...(newer?.people ?? [])])];
        state.files.set(fileId, { ...waiting, people, leftAt: newer ? newer.leftAt : waiting.leftAt });
      }
      state.notBefore = now + times.retryMs;
      plan(volumeId, state);
    },
    close(): void {
      closed = true;
      for (const state of volumes.values()) if (state.timer) clearTimeout(state.timer);
    },
  };
}
