// Runs act in this tab: the server asks (`browser-call`), a part of the page does it, what it says streams back, and the whole answer
// goes by the API because it may be large. Untrusted both ways: the code is an agent's, the answer is read as a browser's.
import { isProblem } from '#shared/errors.ts';
import type { BrowserAnswer, BrowserTool, FromBrowser, ToBrowser } from '#shared/live.ts';
import { isOffline, type Api } from '#lib/api.ts';

export type BrowserCall = Extract<ToBrowser, { type: 'browser-call' }>;
/** Never rejects for what the code did wrong: that is an answer. */
export type Perform = (
  call: BrowserCall,
  context: { output: (text: string) => void; signal: AbortSignal },
) => Promise<BrowserAnswer>;

/** Output is gathered for so long before it is sent, in milliseconds. */
const pause = 80;
const tries = [0, 1000, 4000];

/** Says what this tab can do whenever the socket opens, and answers calls. Gives a way to stop. */
export function openBrowserCalls({
  api,
  send,
  listen,
  tools,
  wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}: {
  api: Api;
  send: (message: FromBrowser) => void;
  listen: (listener: (message: ToBrowser) => void) => () => void;
  tools: Partial<Record<BrowserTool, Perform>>;
  wait?: (ms: number) => Promise<void>;
}): () => void {
  const open = new Map<string, AbortController>();
  const able = () => send({ type: 'able', tools: Object.keys(tools) as BrowserTool[] });

  async function act(call: BrowserCall): Promise<void> {
    const perform = tools[call.tool];
    const controller = new AbortController();
    open.set(call.id, controller);
    const stream = streamOf((text) => send({ type: 'browser-output', id: call.id, text }));
    let answer: BrowserAnswer;
    try {
      if (!perform) throw new Error(`This tab cannot run ${call.tool}.`);
      answer = await perform(call, { output: stream.put, signal: controller.signal });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      answer = { ok: false, text, parts: [], files: [] };
    }
    stream.end();
    open.delete(call.id);
    if (!controller.signal.aborted) await tell(call, answer);
  }

  /** A broken network is tried again; a call that nobody waits for any more is not. */
  async function tell(call: BrowserCall, answer: BrowserAnswer): Promise<void> {
    for (const ms of tries) {
      if (ms > 0) await wait(ms);
      try {
        await api('POST /browser-calls/:call', { params: { call: call.id }, body: answer });
        return;
      } catch (error) {
        if (isProblem(error) && error.code === 'too-large' && answer.parts.length + answer.files.length > 0)
          return tell(call, {
            ...answer,
            ok: false,
            parts: [],
            files: [],
            text: `${answer.text}\n\nIts plots, tables and files were too large to keep.`,
          });
        if (!isOffline(error)) return;
      }
    }
  }

  const stop = listen((message) => {
    if (message.type === 'hello') able();
    else if (message.type === 'browser-call') void act(message);
    else if (message.type === 'browser-cancel') open.get(message.id)?.abort();
  });
  able();
  return () => {
    stop();
    send({ type: 'able', tools: [] });
    for (const controller of open.values()) controller.abort();
  };
}

/** Many small pieces become few messages. */
function streamOf(send: (text: string) => void): { put: (text: string) => void; end: () => void } {
  let gathered = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered) send(gathered);
    gathered = '';
  };
  return {
    put: (text) => {
      gathered += text;
      if (gathered.length > 16_384) flush();
      else timer ??= setTimeout(flush, pause);
    },
    end: flush,
  };
}
