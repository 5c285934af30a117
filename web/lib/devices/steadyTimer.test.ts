import { afterEach, expect, test, vi } from 'vitest';

/** A page that is hidden, whose own timers never ring, and a worker whose timers do. */
async function hiddenPage(work: 'works' | 'cannot be fetched') {
  vi.resetModules();
  const real = globalThis.setTimeout;
  const asked: { id: number; ms: number | null }[] = [];
  class TestWorker {
    onmessage: ((event: { data: number }) => void) | null = null;
    onerror: (() => void) | null = null;
    postMessage(message: { id: number; ms: number | null }): void {
      asked.push(message);
      if (work === 'works') real(() => this.onmessage?.({ data: message.id }), 1);
      else real(() => this.onerror?.(), 1);
    }
  }
  vi.stubGlobal('Worker', TestWorker);
  vi.stubGlobal('document', { visibilityState: 'hidden' });
  const { after, pause } = await import('./steadyTimer.ts');
  return { after, pause, asked };
}
afterEach(() => void vi.unstubAllGlobals());

test('in a hidden tab a timer is a worker’s; one that was called off does not ring', async () => {
  const { after, pause, asked } = await hiddenPage('works');
  const sleepy = vi.spyOn(globalThis, 'setTimeout');
  const rings = vi.fn();
  after(5, rings)();
  await pause(100);
  expect(rings).not.toHaveBeenCalled();
  expect(asked).toEqual([{ id: 1, ms: 5 }, { id: 1, ms: null }, { id: 2, ms: 100 }]); // prettier-ignore
  expect(sleepy.mock.calls.filter(([, ms]) => ms === 100)).toEqual([]);
  sleepy.mockRestore();
});

test('where the worker cannot be fetched it rings all the same, and the page’s own timers do it from then on', async () => {
  const { pause, asked } = await hiddenPage('cannot be fetched');
  await pause(50);
  await pause(5);
  expect(asked).toHaveLength(1);
});

test('in a tab that is seen it is the page’s own', async () => {
  const { pause, asked } = await hiddenPage('works');
  vi.stubGlobal('document', { visibilityState: 'visible' });
  await pause(2);
  expect(asked).toEqual([]);
});
