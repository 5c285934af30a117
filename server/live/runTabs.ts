// What a tab has to do with runs: which it follows, and what it can do for those of its person. Followers get what is durable, in order,
// as fast as they read (server/runs/following.ts).
import type { BrowserTool, FromBrowser, ToBrowser } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { RunEvent } from '#shared/run.ts';
import type { LiveConnection } from './connection.ts';

export type LiveRuns = {
  /** Null: there is none that this person may read. */
  find(run: string, actor: Actor): Promise<{ volume: string } | null>;
  follow(who: {
    run: string;
    personId: string;
    after: number;
    send: (batch: { run: string; events: RunEvent[]; through: number; text: () => string }) => Promise<void>;
  }): () => void;
  able(tab: {
    id: string;
    personId: string;
    tools: ReadonlySet<BrowserTool>;
    shows: (where: { run: string; volume: string }) => boolean;
    send: (message: ToBrowser) => void;
  }): void;
  output(said: { id: string; tab: string; text: string }): void;
  left(tab: string): void;
};
type FromRunTab = Extract<FromBrowser, { type: 'follow' | 'unfollow' | 'able' | 'browser-output' }>;

/** At once, a tab. */
export const mostFollowed = 32;

export type RunTab = ReturnType<typeof openRunTab>;

export function openRunTab({
  runs,
  connection,
  watches,
}: {
  runs: LiveRuns;
  connection: LiveConnection;
  /** Does the tab show this volume? */
  watches: (volume: string) => boolean;
}) {
  const followed = new Map<string, () => void>();
  const { actor, tab: id } = connection;
  let able = false;

  function unfollow(run: string): void {
    followed.get(run)?.();
    followed.delete(run);
  }

  async function follow({ run, after }: { run: string; after: number }): Promise<void> {
    unfollow(run); // once more, from elsewhere
    if (followed.size >= mostFollowed)
      return connection.end('rate-limited', `More than ${mostFollowed} runs at once are too many.`);
    if (!(await runs.find(run, actor))) return connection.send({ type: 'run-refused', run, code: 'not-found' });
    const stop = runs.follow({
      run,
      after,
      personId: actor.personId,
      send: ({ text }) => connection.deliver(text()),
    });
    followed.set(run, stop);
  }

  return {
    async hear(message: FromRunTab): Promise<void> {
      if (message.type === 'follow') return follow(message);
      if (message.type === 'unfollow') return unfollow(message.run);
      if (message.type === 'browser-output') return runs.output({ id: message.id, tab: id, text: message.text });
      able = true;
      runs.able({
        id,
        personId: actor.personId,
        tools: new Set(message.tools),
        shows: ({ run, volume }) => followed.has(run) || watches(volume),
        send: (told) => connection.send(told),
      });
    },
    /** May everything that is followed still be read? */
    async recheck(): Promise<void> {
      for (const run of [...followed.keys()]) {
        if (await runs.find(run, actor)) continue;
        unfollow(run);
        connection.send({ type: 'run-refused', run, code: 'not-found' });
      }
    },
    leave(): void {
      for (const run of [...followed.keys()]) unfollow(run);
      if (able) runs.left(id);
    },
  };
}
