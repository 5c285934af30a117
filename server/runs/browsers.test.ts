import { expect, test } from 'vitest';
import type { BrowserTool, ToBrowser } from '#shared/live.ts';
import { createBrowsers } from './browsers.ts';
import type { BrowserCall } from './types.ts';

const answer = { ok: true, text: '4', parts: [], files: [] };
function openTab(id: string, personId: string, tools: BrowserTool[], shows = false) {
  const heard: ToBrowser[] = [];
  return { id, personId, tools: new Set(tools), shows: () => shows, send: (message: ToBrowser) => void heard.push(message), heard };
} // prettier-ignore
const asked = (more: Partial<BrowserCall> = {}): BrowserCall => ({
  run: 'r', call: 'c', personId: 'ada', tool: 'python', args: { code: '2+2' }, volume: 'team/lab', paths: [], ms: 5000,
  signal: new AbortController().signal, output: () => undefined, ...more,
}); // prettier-ignore
const callOf = (tab: { heard: ToBrowser[] }) => tab.heard.find((message) => message.type === 'browser-call')!;

test('[RU4] only the tab of the person who lends it is asked, and only that person may answer, once', async () => {
  const browsers = createBrowsers();
  const [ada, ben] = [openTab('1', 'ada', ['python']), openTab('2', 'ben', ['python'])];
  browsers.able(ada);
  browsers.able(ben);
  const words: string[] = [];
  const working = browsers.call(asked({ output: (text) => words.push(text) }));
  const { id, args, volume } = callOf(ada);
  expect([args, volume, ben.heard]).toEqual([{ code: '2+2' }, 'team/lab', []]);
  browsers.output({ id, tab: '2', text: 'forged' });
  browsers.output({ id, tab: '1', text: 'so far' });
  expect(words).toEqual(['so far']);
  expect(() => browsers.answered({ id, personId: 'ben', answer })).toThrow('Nobody waits');
  browsers.answered({ id, personId: 'ada', answer });
  expect(await working).toEqual(answer);
  expect(() => browsers.answered({ id, personId: 'ada', answer })).toThrow('Nobody waits');
});

test('the tab that shows the run comes before the one that was used last', async () => {
  const browsers = createBrowsers();
  const [shows, last] = [openTab('1', 'ada', ['python'], true), openTab('2', 'ada', ['python', 'applet'])];
  browsers.able(shows);
  browsers.able(last);
  void browsers.call(asked());
  void browsers.call(asked({ tool: 'applet' }));
  expect([shows.heard.length, last.heard.length]).toEqual([1, 1]);
});

test('[RU3] no tab, a tab that closes or cannot any more, a time that is up, a stop: each is a result that says so', async () => {
  const browsers = createBrowsers();
  expect(await browsers.call(asked())).toEqual({
    unavailable: expect.stringContaining('No browser that can run Python is open'),
  });
  const tab = openTab('1', 'ada', ['python']);
  browsers.able(tab);
  const closing = browsers.call(asked());
  browsers.left('1');
  expect(await closing).toEqual({ unavailable: 'The browser tab that ran it was closed.' });
  browsers.able(tab);
  expect(await browsers.call(asked({ ms: 20 }))).toEqual({
    unavailable: expect.stringContaining('did not end within'),
  });
  expect(tab.heard.at(-1)!.type).toBe('browser-cancel');
  const stop = new AbortController();
  const stopped = browsers.call(asked({ signal: stop.signal }));
  stop.abort();
  expect(await stopped).toEqual({ unavailable: 'It was stopped.' });
  expect(await browsers.call(asked({ signal: stop.signal }))).toEqual({
    unavailable: 'It was stopped before it began.',
  });
  browsers.able({ ...tab, tools: new Set<BrowserTool>() });
  expect(browsers.isAble({ personId: 'ada', tool: 'python' })).toBe(false);
});
