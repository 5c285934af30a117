import { expect, test } from 'vitest';
import type { RunEvent } from '#shared/run.ts';
import type { BrowserTool, ToBrowser } from '#shared/live.ts';
import type { LiveConnection } from './connection.ts';
import { readMessage } from './messages.ts';
import { mostFollowed, openRunTab, type LiveRuns } from './runTabs.ts';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function openTab({ visible = () => true }: { visible?: (run: string) => boolean } = {}) {
  const sent: ToBrowser[] = [];
  const ends: string[] = [];
  const following = new Map<string, number>();
  const able: { tools: ReadonlySet<BrowserTool>; shows: (where: { run: string; volume: string }) => boolean }[] = [];
  const left: string[] = [];
  const runs: LiveRuns = {
    find: async (run) => (visible(run) ? { volume: 'team/lab' } : null),
    follow({ run, after }) {
      following.set(run, after);
      return () => void following.delete(run);
    },
    able: (tab) => void able.push(tab),
    output: () => undefined,
    left: (tab) => void left.push(tab),
  };
  const connection = {
    tab: 'tab',
    actor: { personId: 'ada' },
    send: (message: ToBrowser) => sent.push(message),
    end: (code: string) => ends.push(code),
    deliver: async () => undefined,
  } as unknown as LiveConnection;
  return {
    tab: openRunTab({ runs, connection, watches: (volume) => volume === 'team/lab' }),
    sent,
    ends,
    following,
    able,
    left,
  };
}

test('[AC2] a run that one may not see is refused, also later, and does not differ from one that does not exist', async () => {
  const seen = new Set([id(1)]);
  const { tab, sent, following } = openTab({ visible: (run) => seen.has(run) });
  await tab.hear({ type: 'follow', run: id(1), after: 3 });
  await tab.hear({ type: 'follow', run: id(2), after: 0 });
  expect([...following]).toEqual([[id(1), 3]]);
  expect(sent).toEqual([{ type: 'run-refused', run: id(2), code: 'not-found' }]);
  seen.clear();
  await tab.recheck();
  expect(following.size).toBe(0);
  expect(sent.at(-1)).toEqual({ type: 'run-refused', run: id(1), code: 'not-found' });
});

test('a tab follows a bounded number of runs, once each, and lets go of all when it leaves', async () => {
  const { tab, ends, following, left } = openTab();
  for (let n = 0; n < mostFollowed; n++) await tab.hear({ type: 'follow', run: id(n), after: 0 });
  await tab.hear({ type: 'follow', run: id(0), after: 9 });
  expect(ends).toEqual([]);
  await tab.hear({ type: 'follow', run: id(999), after: 0 });
  expect(ends).toEqual(['rate-limited']);
  await tab.hear({ type: 'unfollow', run: id(0) });
  expect(following.size).toBe(mostFollowed - 1);
  await tab.hear({ type: 'able', tools: ['python'] });
  tab.leave();
  expect([following.size, left]).toEqual([0, ['tab']]);
});

test('a tab that shows the run or its volume says so', async () => {
  const { tab, able } = openTab();
  await tab.hear({ type: 'able', tools: ['python', 'applet'] });
  expect([...able[0]!.tools]).toEqual(['python', 'applet']);
  expect(able[0]!.shows({ run: id(1), volume: 'team/lab' })).toBe(true);
  expect(able[0]!.shows({ run: id(1), volume: 'team/other' })).toBe(false);
  await tab.hear({ type: 'follow', run: id(1), after: 0 });
  expect(able[0]!.shows({ run: id(1), volume: 'team/other' })).toBe(true);
});

test('[SY13] what a browser says about runs is checked', () => {
  const good: unknown[] = [
    { type: 'follow', run: id(1), after: 0 },
    { type: 'unfollow', run: id(1) },
    { type: 'able', tools: [] },
    { type: 'able', tools: ['python', 'applet', 'device'] },
    { type: 'browser-output', id: id(1), text: 'x' },
  ];
  for (const message of good) expect(readMessage(JSON.stringify({ ...(message as object), more: 1 }))).toEqual(message);
  const bad: unknown[] = [
    { type: 'follow', run: '../x', after: 0 },
    { type: 'follow', run: id(1), after: -1 },
    { type: 'follow', run: id(1), after: 1.5 },
    { type: 'follow', run: id(1) },
    { type: 'able', tools: ['shell'] },
    { type: 'able', tools: 'python' },
    { type: 'able', tools: ['python', 'python', 'python', 'python'] },
    { type: 'browser-output', id: id(1), text: 7 },
    { type: 'browser-call', id: id(1) },
    { type: 'run', run: id(1), events: [] satisfies RunEvent[], through: 0 },
  ];
  for (const message of bad) expect(readMessage(JSON.stringify(message)), JSON.stringify(message)).toBeNull();
});
