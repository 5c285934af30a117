// A run that wrote an applet tries it in this tab: it is painted out of sight, and what goes wrong in its first moments is the answer.
import type { BrowserAnswer, ToBrowser } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';
import { Applet, errorWords } from './applet.svelte.ts';
import type { Outside } from './capabilities.ts';

type Call = Pick<Extract<ToBrowser, { type: 'browser-call' }>, 'args' | 'volume'>;

/** So long it may take to be painted, and so long faults are waited for after that. */
const times = { paint: 10_000, after: 700 };
/** Nobody is asked while a run only tries whether it is painted. */
const nothing: Outside = { list: async () => [], read: async () => '', python: null, device: null };
const noGrants = { has: () => false, allow: () => undefined };

/** Never rejects: what goes wrong is an answer. */
export function createAppletPerform({ api }: { api: Api }) {
  return async ({ args, volume }: Call, { signal }: { signal: AbortSignal }): Promise<BrowserAnswer> => {
    const path = typeof args['path'] === 'string' ? args['path'] : '';
    const of = typeof args['volume'] === 'string' ? args['volume'] : volume;
    let text: string;
    try {
      text = await api('GET /volumes/:volume/files/*path', { params: { volume: of, path }, signal });
    } catch (error) {
      return answer(false, `The applet could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    const into = document.createElement('div');
    // Not to be seen, yet inside of the window: browsers draw no frames of what is outside of it, and then nothing is ever painted.
    into.style.cssText =
      'position:fixed;left:0;top:0;width:800px;height:600px;max-width:100vw;max-height:100vh;opacity:0;z-index:-1;pointer-events:none';
    into.inert = true;
    document.body.append(into);
    const applet = new Applet({ into, volume: of, path, dark: false, grants: noGrants, outside: nothing });
    try {
      await applet.run(text);
      const until = performance.now() + times.paint;
      while (isStarting(applet) && performance.now() < until && !signal.aborted) await pause(50);
      if (applet.state === 'painted') await pause(times.after);
      applet.asking?.answer(false);
      const faults = applet.errors.map(
        ({ kind, message, line, stack }) =>
          `${errorWords[kind]}${line ? ` (line ${line})` : ''}: ${message}${stack ? `\n${stack.split('\n').slice(0, 4).join('\n')}` : ''}`,
      );
      if (faults.length > 0) return answer(false, faults.join('\n'));
      if (applet.state !== 'painted') return answer(false, `It was not painted within ${times.paint / 1000} s.`);
      return answer(true, `It was painted in ${applet.times.paint} ms.`);
    } finally {
      applet.close();
      into.remove();
    }
  };
}

const isStarting = ({ state }: Applet) => state === 'starting' || state === 'compiling' || state === 'running';
const answer = (ok: boolean, text: string): BrowserAnswer => ({ ok, text, parts: [], files: [] });
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
