import { expect, test, vi } from 'vitest';
import { Replay } from './replay.svelte.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
function replayed() {
  const replay = new Replay({ id: 'r', startedAt: '2026-11-20T10:00:00Z', ms: 1000 }, [
    { ms: 0, kind: 'output', bytes: bytes('a') },
    { ms: 500, kind: 'mark', text: 'lease' },
    { ms: 500, kind: 'output', bytes: bytes('b') },
    { ms: 1000, kind: 'output', bytes: bytes('c') },
  ]);
  let text = '';
  replay.scrollback.read({
    entry: (entry) => (text += entry.kind === 'bytes' ? new TextDecoder().decode(entry.bytes) : `[${entry.mark.text}]`),
    restart: () => (text = ''),
  });
  return { replay, text: () => text };
}

test('a recording goes to any place, forward and back, and ends with all of it', () => {
  const { replay, text } = replayed();
  replay.seek(600);
  expect(text()).toBe('a[lease]b');
  replay.seek(10);
  expect(text()).toBe('a');
  replay.seek(5000);
  expect([text(), replay.at]).toEqual(['a[lease]bc', 1000]);
});

test('it plays at the speed that was chosen', () => {
  vi.useFakeTimers();
  try {
    const { replay, text } = replayed();
    replay.speed = 20;
    replay.play();
    vi.advanceTimersByTime(40);
    expect([text(), replay.playing]).toEqual(['a[lease]b', true]);
    vi.advanceTimersByTime(40);
    expect([text(), replay.playing]).toEqual(['a[lease]bc', false]);
  } finally {
    vi.useRealTimers();
  }
});
