import { expect, test } from 'vitest';
import { Toasts } from './toasts.svelte.ts';

function fakeClock() {
  const armed = new Set<() => void>();
  return {
    clock: {
      start: (_after: number, run: () => void) => {
        armed.add(run);
        return () => armed.delete(run);
      },
    },
    pass: () => {
      for (const run of [...armed]) run();
      armed.clear();
    },
  };
}

test('a toast goes after its time, not while somebody points at it', () => {
  const { clock, pass } = fakeClock();
  const toasts = new Toasts(clock);
  toasts.show({ text: 'Deleted a.md' });
  toasts.pause();
  pass();
  expect(toasts.shown.map((toast) => toast.text)).toEqual(['Deleted a.md']);
  toasts.resume();
  pass();
  expect(toasts.shown).toEqual([]);
});

test('work under way stays until it is over', () => {
  const { clock, pass } = fakeClock();
  const toasts = new Toasts(clock);
  const work = toasts.show({ text: 'Uploading 1 of 3 files', progress: 0.3 });
  pass();
  expect(toasts.shown).toHaveLength(1);
  work.change({ text: 'Uploaded 3 files', kind: 'ok' });
  pass();
  expect(toasts.shown).toEqual([]);
});

test('a pile is cut to the five newest', () => {
  const toasts = new Toasts(fakeClock().clock);
  for (let n = 1; n <= 7; n++) toasts.show({ text: `${n}` });
  expect(toasts.shown.map((toast) => toast.text)).toEqual(['3', '4', '5', '6', '7']);
});
