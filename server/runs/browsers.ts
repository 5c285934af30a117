// Tools that act in a browser (Python, applets, devices): a run asks a tab of the person who lends it theirs, and waits. What comes back
// is untrusted text, taken from that person only. No tab, a tab that closes, no answer in time: a result that says so.
import crypto from 'node:crypto';
import { Problem } from '#shared/errors.ts';
import type { BrowserAnswer, BrowserTool, ToBrowser } from '#shared/live.ts';
import type { BrowserCall, BrowserResult } from './types.ts';

export type BrowserTab = {
  id: string;
  personId: string;
  tools: ReadonlySet<BrowserTool>;
  /** It shows this run, or its volume, now. */
  shows: (where: { run: string; volume: string }) => boolean;
  send: (message: ToBrowser) => void;
};

type Open = { tab: BrowserTab; output: (text: string) => void; settle: (result: BrowserResult) => void };

export type Browsers = ReturnType<typeof createBrowsers>;

const names: Record<BrowserTool, string> = { python: 'Python', applet: 'an applet', device: 'a device' };

export function createBrowsers() {
  /** The one that was used last comes last. */
  const tabs = new Map<string, BrowserTab>();
  const open = new Map<string, Open>();

  function choose({ personId, tool, run, volume }: BrowserCall): BrowserTab | null {
    const able = [...tabs.values()].filter((tab) => tab.personId === personId && tab.tools.has(tool));
    return able.findLast((tab) => tab.shows({ run, volume })) ?? able.at(-1) ?? null;
  }

  return {
    /** A tab says what it can do; the last one to say so is asked first. */
    able(tab: BrowserTab): void {
      tabs.delete(tab.id);
      if (tab.tools.size > 0) tabs.set(tab.id, tab);
    },
    left(tabId: string): void {
      tabs.delete(tabId);
      for (const call of open.values())
        if (call.tab.id === tabId) call.settle({ unavailable: 'The browser tab that ran it was closed.' });
    },
    output({ id, tab, text }: { id: string; tab: string; text: string }): void {
      const call = open.get(id);
      if (call?.tab.id === tab) call.output(text);
    },
    isAble: ({ personId, tool }: { personId: string; tool: BrowserTool }): boolean =>
      [...tabs.values()].some((tab) => tab.personId === personId && tab.tools.has(tool)),

    /** Only whose browser was asked may answer, once. */
    answered({ id, personId, answer }: { id: string; personId: string; answer: BrowserAnswer }): void {
      const call = open.get(id);
      if (!call || call.tab.personId !== personId)
        throw new Problem('not-found', 'Nobody waits for this answer any more.');
      call.settle(answer);
    },

    /** Never throws: a browser that does not do it is a result. */
    async call(asked: BrowserCall): Promise<BrowserResult> {
      const { run, call, tool, args, volume, paths, ms, signal, output } = asked;
      if (signal.aborted) return { unavailable: 'It was stopped before it began.' };
      const tab = choose(asked);
      if (!tab)
        return {
          unavailable: `No browser that can run ${names[tool]} is open. Somebody who may run here can open this run and choose “Use my browser”.`,
        };
      const id = crypto.randomUUID();
      const { promise, resolve } = Promise.withResolvers<BrowserResult>();
      const cancel = (why: string) => {
        tab.send({ type: 'browser-cancel', id });
        resolve({ unavailable: why });
      };
      const timer = setTimeout(() => cancel(`It did not end within ${Math.round(ms / 1000)} s and was stopped.`), ms);
      const onAbort = () => cancel('It was stopped.');
      signal.addEventListener('abort', onAbort, { once: true });
      open.set(id, { tab, output, settle: resolve });
      tab.send({ type: 'browser-call', id, run, call, tool, args, volume, paths });
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        open.delete(id);
      }
    },
  };
}
