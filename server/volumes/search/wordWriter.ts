// Writes the words by which files are found. A version only stores its texts, because finding words in 2,000 files takes longer than all
// else of an import; here they follow a few files at a time. Which files wait is in the table itself: a kill forgets nothing, and what
// is lost of the last moment is written again.
import type { Log } from '../../platform/log.ts';
import type { SearchStore } from './searchStore.ts';

const filesAtOnce = 20;
/** How the next files are tried: all at once; then one, all of it; then only its beginning, of a text with too many different words. */
const tries = [
  { files: filesAtOnce, characters: 150_000 },
  { files: 1, characters: 150_000 },
  { files: 1, characters: 10_000 },
];

export type WordWriter = ReturnType<typeof openWordWriter>;

export function openWordWriter({
  store,
  log,
  pause = 5000,
}: {
  store: Pick<SearchStore, 'writeWords'>;
  log: Log;
  /** ms after a failure. */
  pause?: number;
}) {
  let closed = false;
  let again = false;
  let working: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function writeSome(): Promise<number> {
    let failure: unknown;
    for (const { files, characters } of tries)
      try {
        return await store.writeWords({ files, characters });
      } catch (error) {
        failure = error;
      }
    throw failure;
  }

  async function work(): Promise<void> {
    try {
      while (again && !closed) {
        again = false;
        while (!closed && (await writeSome()) > 0);
      }
    } catch (err) {
      if (closed) return;
      log.error({ err }, 'search.failed');
      timer = setTimeout(written, pause).unref();
    } finally {
      working = null; // in the same breath as the last look at `again`
    }
  }

  /** Texts may have come that nobody wrote the words of. */
  function written(): void {
    again = true;
    if (closed || working) return;
    clearTimeout(timer);
    working = work();
  }

  written(); // what an earlier process left

  return {
    written,
    /** Everything that was there when it was asked has its words. */
    async settled(): Promise<void> {
      written();
      await working;
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await working;
    },
  };
}
