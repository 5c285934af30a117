// Who did what with which board: kept a second, then written together. What one driver types up to the end of a line, however slowly, is one
// entry with its bytes and how they begin; lines that come faster than one a second share one. Bounded per board.
import type { Clock } from '../platform/clock.ts';
import type { DeviceStore, NewEvent } from './deviceStore.ts';

export const auditLimits = {
  rows: 20_000,
  days: 90,
  flushMs: 1000,
  /** Whoever types nothing for so long has stopped in the middle of a line. */
  pauseMs: 5000,
  /** A line that goes on and on; a server that is killed has lost no more than this. */
  lineMs: 30_000,
  shown: 200,
  waiting: 5000,
  pruneEvery: 1000,
};

type Who = { personId: string | null; runId: string | null };
type Input = Who & { fileId: string; at: number; last: number; bytes: number; shown: Buffer; lineEnded: boolean };
export type Audit = ReturnType<typeof createAudit>;

export function createAudit({
  store,
  clock,
  failed,
}: {
  store: DeviceStore;
  clock: Clock;
  failed: (error: unknown) => void;
}) {
  let waiting: NewEvent[] = [];
  let lost = 0;
  const inputs = new Map<string, Input>();
  const since = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();

  function add({
    fileId,
    kind,
    text,
    bytes = null,
    at = clock.now(),
    personId,
    runId,
  }: Who & { fileId: string; kind: string; text: string; bytes?: number | null; at?: number }) {
    // prettier-ignore
    if (waiting.length >= auditLimits.waiting) return lost++;
    waiting.push({ fileId, at: new Date(at), kind, personId, runId, text: text.replaceAll('\0', '\uFFFD').slice(0, 500), bytes }); // prettier-ignore
    return waiting.length;
  }
  function settle(isOver: (input: Input) => boolean): void {
    for (const [key, input] of inputs) {
      if (!isOver(input)) continue;
      inputs.delete(key);
      const { fileId, personId, runId, at, bytes, shown } = input;
      const text = readable(shown) + (bytes > shown.length ? '…' : '');
      add({ fileId, personId, runId, at, kind: 'input', bytes, text });
    }
  }
  const isPast = ({ at, last, lineEnded }: Input): boolean => {
    const now = clock.now();
    const { flushMs, pauseMs, lineMs } = auditLimits;
    return (lineEnded && now - at >= flushMs) || now - last >= pauseMs || now - at >= lineMs;
  };
  async function write(): Promise<void> {
    if (lost > 0) failed(new Error(`${lost} lines of the audit of boards were lost: the database does not take them`));
    lost = 0;
    const rows = waiting;
    waiting = [];
    try {
      await store.addEvents(rows);
    } catch (error) {
      waiting = [...rows, ...waiting].slice(0, auditLimits.waiting);
      throw error;
    }
    for (const { fileId } of rows) {
      const count = (since.get(fileId) ?? 0) + 1;
      since.set(fileId, count % auditLimits.pruneEvery);
      if (count >= auditLimits.pruneEvery)
        await store.pruneEvents({ fileId, most: auditLimits.rows, since: new Date(clock.now() - auditLimits.days * 86_400_000) }); // prettier-ignore
    }
  }
  const flush = (): Promise<void> => {
    if (waiting.length > 0) writing = writing.then(write).catch(failed);
    return writing;
  };
  /** Also what is in the middle of a line. */
  const flushAll = (): Promise<void> => {
    settle(() => true);
    return flush();
  };
  const timer = setInterval(() => {
    settle(isPast);
    void flush();
  }, auditLimits.flushMs);
  timer.unref();

  return {
    /** What was typed before stands before it. */
    add(event: Who & { fileId: string; kind: string; text: string }): void {
      settle(({ fileId }) => fileId === event.fileId);
      add(event);
    },
    input({ fileId, bytes, ...who }: Who & { fileId: string; bytes: Uint8Array }): void {
      if (bytes.length === 0) return;
      const key = `${fileId} ${who.personId} ${who.runId}`;
      const now = clock.now();
      const before = inputs.get(key);
      if (before && isPast(before)) settle((input) => input === before);
      const input = inputs.get(key) ?? { fileId, ...who, at: now, last: now, bytes: 0, shown: Buffer.alloc(0), lineEnded: false }; // prettier-ignore
      input.last = now;
      input.bytes += bytes.length;
      input.lineEnded = lineEnds.has(bytes.at(-1)!);
      const room = auditLimits.shown - input.shown.length;
      if (room > 0) input.shown = Buffer.concat([input.shown, bytes.subarray(0, room)]);
      inputs.set(key, input);
    },
    /** For whoever reads it now: all but lines in the middle of which somebody is. */
    async flush(): Promise<void> {
      settle((input) => input.lineEnded || isPast(input));
      await flush();
    },
    flushAll,
    async close(): Promise<void> {
      clearInterval(timer);
      await flushAll();
    },
  };
}

/** Enter, Ctrl-C, Ctrl-D. */
const lineEnds = new Set([0x0d, 0x0a, 0x03, 0x04]);

/** As people read it: control characters by their names on the keyboard, what is no text as hex. */
function readable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (c) =>
    c === '\n' ? '\\n' : c === '\r' ? '\\r' : c === '\t' ? '\\t' : c < ' ' ? `^${String.fromCharCode(c.charCodeAt(0) + 64)}` : `\\x${c.charCodeAt(0).toString(16)}`, // prettier-ignore
  );
}
