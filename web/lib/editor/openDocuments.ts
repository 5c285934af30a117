// The documents of this tab, each open once however many panes show it. A document that is let go stays a while, so that going
// back to it is instant, and as long as it holds words that the server has not confirmed: switching a tab must not strand them.
import { isProblem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';
import { LiveDocument, type LiveFile } from './liveDocument.ts';
import { forgetCopies, listUnsentFiles } from './offlineCopies.ts';

/** How long a document without panes stays. */
const grace = 20_000;

type Entry = { live: LiveDocument; uses: number; timer: ReturnType<typeof setTimeout> | undefined };
const entries = new Map<string, Entry>();

/** Gives the document and a way to let it go. */
export function useDocument({ file, me }: { file: LiveFile; me: Face }): { live: LiveDocument; release: () => void } {
  const key = `${me.id}:${file.id}:${file.epoch}`;
  let entry = entries.get(key);
  if (!entry || entry.live.ending) {
    entry?.live.close();
    const live = new LiveDocument({ file, me, origin: location.origin });
    entry = { live, uses: 0, timer: undefined };
    entries.set(key, entry);
    void live.open();
  }
  const mine = entry;
  mine.uses += 1;
  clearTimeout(mine.timer);
  mine.live.present(true);
  let released = false;
  return {
    live: mine.live,
    release() {
      if (released) return;
      released = true;
      mine.uses -= 1;
      if (mine.uses === 0) mine.live.present(false);
      letGo(key, mine);
    },
  };
}

function letGo(key: string, entry: Entry): void {
  clearTimeout(entry.timer);
  if (entry.uses > 0) return;
  entry.timer = setTimeout(() => {
    if (entry.uses > 0) return;
    if (entry.live.unsent > 0 && !entry.live.ending) return letGo(key, entry);
    entries.delete(key);
    entry.live.close();
  }, grace);
}

/** At sign-out: ends everything at once and takes what is safe on the server out of this browser. */
export async function leaveDocuments({ personId }: { personId: string }): Promise<void> {
  for (const { live, timer } of entries.values()) {
    clearTimeout(timer);
    live.close();
  }
  entries.clear();
  await forgetCopies({ of: personId });
}

/** When the workspace opens: nothing of another account stays here, and what this one typed offline is sent, whichever file comes first. */
export async function enterDocuments({ api, me }: { api: Api; me: Face }): Promise<void> {
  await forgetCopies({ notOf: me.id });
  await sendWaitingWords({ api, me });
}

/** Words typed offline in a tab that was closed go to the server when the workspace opens again, whichever file comes first (SY8). */
async function sendWaitingWords({ api, me }: { api: Api; me: Face }): Promise<void> {
  for (const { fileId, epoch } of await listUnsentFiles({ personId: me.id })) {
    try {
      const file = await api('GET /files/:id', { params: { id: fileId } });
      // Another epoch, or no right to write any more: shown when the person opens the file.
      if (!file.sync || file.epoch !== epoch || file.role === 'viewer') continue;
      useDocument({ file: { ...file, sync: file.sync }, me }).release();
    } catch (error) {
      if (!isProblem(error)) throw error;
    }
  }
}
