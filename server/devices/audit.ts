// Who did what with which board: kept a second, then written together. What one driver types within a second is one line with its bytes
// and how they begin. Bounded per board.
import type { Clock } from '../platform/clock.ts';
import type { DeviceStore, NewEvent } from './deviceStore.ts';

export const auditLimits = { rows: 20_000, days: 90, flushMs: 1000, shown: 200, waiting: 5000, pruneEvery: 1000 };

type Who = { personId: string | null; runId: string | null };
type Input = Who & { fileId: string; at: number; bytes: number; shown: Buffer };
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
  function settle(now: number): void {
    for (const [key, { shown, bytes, ...input }] of inputs) {
      if (now - input.at < auditLimits.flushMs) continue;
      inputs.delete(key);
      add({ ...input, kind: 'input', bytes, text: readable(shown) + (bytes > shown.length ? '…' : '') });
    }
  }
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
  const timer = setInterval(() => {
    settle(clock.now());
    void flush();
  }, auditLimits.flushMs);
  timer.unref();

  return {
    add: (event: Who & { fileId: string; kind: string; text: string }) => void add(event),
    input({ fileId, bytes, ...who }: Who & { fileId: string; bytes: Uint8Array }): void {
      const key = `${fileId} ${who.personId} ${who.runId}`;
      const input = inputs.get(key) ?? { fileId, ...who, at: clock.now(), bytes: 0, shown: Buffer.alloc(0) };
      input.bytes += bytes.length;
      const room = auditLimits.shown - input.shown.length;
      if (room > 0) input.shown = Buffer.concat([input.shown, bytes.subarray(0, room)]);
      inputs.set(key, input);
    },
    /** All of it now. */
    async flush(): Promise<void> {
      settle(Infinity);
      await flush();
    },
    async close(): Promise<void> {
      clearInterval(timer);
      settle(Infinity);
      await flush();
    },
  };
}

/** As people read it: control characters by their names on the keyboard, what is no text as hex. */
function readable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (c) =>
    c === '\n' ? '\\n' : c === '\r' ? '\\r' : c === '\t' ? '\\t' : c < ' ' ? `^${String.fromCharCode(c.charCodeAt(0) + 64)}` : `\\x${c.charCodeAt(0).toString(16)}`, // prettier-ignore
  );
}
