// The events of a run on their way out, one after the other, and the state that they make (RU2): what the loop knows of the past is
// what the reducer makes of them, so a run that is resumed goes on from the very same words. Streamed text is joined while the piece
// before is being written, so that a fast model does not cost a row of the database for each token.
import { hideSecrets } from '#shared/secrets.ts';
import { emptyRun, reduceRun, type RunAct, type RunState } from '#shared/run.ts';
import type { Emit } from './types.ts';

export type Telling = {
  readonly state: RunState;
  /**
   * Resolves when it and all before it are durable. Rejects when it cannot be, and so does each that comes after: whoever waits for the
   * last waits for all.
   */
  tell(act: RunAct): Promise<void>;
  /** When `state` has all that was told. */
  settled(): Promise<void>;
  /** A stream of text that becomes events as it comes. */
  stream(act: (text: string) => RunAct, options?: { most?: number; hide?: boolean }): Stream;
};
/** `end` gives the rest away and waits for nothing. */
export type Stream = { add(text: string): void; end(): void };

/** A word that is longer than this is not waited for. */
const longestWord = 4096;

/**
 * Between two pieces of a stream, in milliseconds: often enough to read along. All runs keep this beat, so that what they say goes into one
 * statement; the first words of a stream do not wait for it.
 */
const beat = 100;
/** The next beat, unless it is so near that hardly anything would have come. */
const untilBeat = () => beat - (performance.now() % beat) + (performance.now() % beat > beat / 2 ? beat : 0);

export function openTelling({ emit, past }: { emit: Emit; past: RunState | null }): Telling {
  let state = past ?? emptyRun();
  let last: Promise<void> = Promise.resolve();

  let broken: { error: unknown } | null = null;

  /** Handed over at once, in order: whoever writes them down may write several together. */
  function tell(act: RunAct): Promise<void> {
    const written = broken ? Promise.reject<never>(broken.error) : emit(act);
    const told = Promise.all([written, last]).then(
      ([event]) => {
        state = reduceRun(state, event);
      },
      (error: unknown) => {
        broken ??= { error };
        throw error;
      },
    );
    last = told;
    told.catch(() => undefined); // whoever waits for it hears of it, and so does each that comes after
    return told;
  }

  return {
    get state() {
      return state;
    },
    tell,
    settled: () => last,
    /** `most`: characters, then it is cut. `hide`: it may hold secrets; a word is told when it is whole. */
    stream(act, { most = Infinity, hide = false } = {}) {
      let [waiting, total] = ['', 0];
      let timer: NodeJS.Timeout | null = null;
      let planned: NodeJS.Immediate | null = null;
      let flight: Promise<void> | null = null;
      let ended = false;

      function take(): string {
        const whole = ended || !hide || waiting.length > longestWord ? waiting.length : endOfWords(waiting);
        const text = waiting.slice(0, whole);
        waiting = waiting.slice(whole);
        return hide ? hideSecrets(text) : text;
      }
      function flush(): void {
        timer = planned = null;
        if (flight) return;
        const text = take();
        if (text === '') return;
        flight = tell(act(text)).finally(() => {
          flight = null;
          if (waiting !== '' && !ended) timer ??= setTimeout(flush, untilBeat());
        });
        flight.catch(() => undefined);
      }
      return {
        add(text) {
          if (ended || total >= most || text === '') return;
          total += text.length;
          waiting += total > most ? `${text.slice(0, text.length - (total - most))}\n…` : text;
          if (flight) return;
          if (total === text.length) planned = setImmediate(flush);
          else if (!planned) timer ??= setTimeout(flush, untilBeat());
        },
        end() {
          ended = true;
          if (timer) clearTimeout(timer);
          if (planned) clearImmediate(planned);
          const rest = take();
          if (rest !== '') tell(act(rest)).catch(() => undefined); // the next that is told fails, too
        },
      };
    },
  };
}

/** Where the last word begins, which may not be whole yet. */
function endOfWords(text: string): number {
  let at = text.length;
  while (at > 0 && !/\s/.test(text[at - 1]!)) at--;
  return at;
}
