import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAudit } from './audit.ts';
import type { NewEvent } from './deviceStore.ts';

const [board, other] = ['b1', 'b2'];
const ben = { personId: 'ben', runId: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openTestAudit() {
  const rows: NewEvent[] = [];
  const store = {
    addEvents: async (events: NewEvent[]) => void rows.push(...events),
    pruneEvents: async () => undefined,
  };
  const audit = createAudit({
    store: store as unknown as Parameters<typeof createAudit>[0]['store'],
    clock: { now: () => Date.now() },
    failed(error) {
      throw error;
    },
  });
  return {
    audit,
    texts: () => rows.map(({ text }) => text),
    rows,
    async type(
      text: string,
      { each = 0, fileId = board, who = ben }: { each?: number; fileId?: string; who?: typeof ben } = {},
    ) {
      for (const letter of text) {
        audit.input({ fileId, bytes: Buffer.from(letter), ...who });
        await vi.advanceTimersByTimeAsync(each);
      }
    },
  };
}

test('a line that is typed slowly is one entry, from when it was begun, and the next line is another', async () => {
  const { type, texts, rows } = openTestAudit();
  const begun = Date.now();
  await type('print(1)\rled.on()\r', { each: 700 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(texts()).toEqual(['print(1)\\r', 'led.on()\\r']);
  expect(rows[0]).toMatchObject({ bytes: 9, kind: 'input' });
  expect(rows[0]!.at.getTime()).toBe(begun);
});

test('lines that are pasted, or come many a second, share one entry', async () => {
  const { type, texts } = openTestAudit();
  await type('a\rb\rc\r', { each: 20 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(texts()).toEqual(['a\\rb\\rc\\r']);
});

test('whoever stops in the middle of a line has said so much; a line that never ends is told in parts', async () => {
  const { type, texts } = openTestAudit();
  await type('pri', { each: 300 });
  expect(texts()).toEqual([]);
  await vi.advanceTimersByTimeAsync(6000);
  expect(texts()).toEqual(['pri']);
  await type('x'.repeat(50), { each: 1000 });
  expect(texts().length).toBeGreaterThan(1);
});

test('what happened after it was typed stands after it, and two drivers or boards do not mix', async () => {
  const { audit, type, texts, rows } = openTestAudit();
  await type('one', { each: 10 });
  await type('two', { each: 10, who: { personId: 'ada', runId: null } });
  await type('three', { fileId: other });
  audit.add({ fileId: board, kind: 'reset', text: 'BEN: soft reset', ...ben });
  await vi.advanceTimersByTimeAsync(1100);
  expect(texts()).toEqual(['one', 'two', 'BEN: soft reset']);
  await audit.close();
  expect(texts()).toEqual(['one', 'two', 'BEN: soft reset', 'three']);
  expect(rows.map(({ personId }) => personId)).toEqual(['ben', 'ada', 'ben', 'ben']);
});

test('reading shows lines that have ended at once, and does not cut the one that is being typed', async () => {
  const { audit, type, texts } = openTestAudit();
  await type('led.on()\r', { each: 10 });
  await audit.flush();
  await type('led.o', { each: 10 });
  await audit.flush();
  expect(texts()).toEqual(['led.on()\\r']);
  await type('ff()\r', { each: 10 });
  await audit.flush();
  expect(texts()).toEqual(['led.on()\\r', 'led.off()\\r']);
});
