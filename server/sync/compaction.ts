// Folding a room's log into its blob, in the worker, one room at a time. Only what is in a version is folded: the rows since say
// who typed what, and attribution needs them (GI3).
import type { Documents } from './documents.ts';
import type { Limits } from './limits.ts';
import type { ReadStore } from './readStore.ts';
import type { Registry } from './registry.ts';
import { readFoldable } from './roomStore.ts';

export type Compaction = {
  /** Looks at these files soon; after the transaction that marks their rows as committed has ended. */
  consider(fileIds: string[]): void;
  settled(): Promise<void>;
};

const soon = 1000;

export function createCompaction({
  store,
  documents,
  registry,
  limits,
  compacted,
  failed,
}: {
  store: ReadStore;
  documents: Documents;
  registry: Registry;
  limits: Limits;
  compacted: () => void;
  failed: (error: unknown) => void;
}): Compaction {
  const due = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();

  async function run() {
    const fileIds = [...due];
    due.clear();
    for (const { no, fileId } of await readFoldable({
      store,
      fileIds,
      rows: limits.compactRows,
      bytes: limits.compactBytes,
    })) {
      const room = registry.find(fileId);
      if (room) room.compacting = true;
      try {
        const done = await documents.compact(no);
        if (done && room?.no === no) room.compacted(done);
        if (done) compacted();
      } finally {
        if (room) room.compacting = false;
      }
    }
  }

  return {
    consider(fileIds) {
      for (const fileId of fileIds) due.add(fileId);
      timer ??= setTimeout(() => {
        timer = null;
        running = running.then(run).catch(failed);
      }, soon).unref();
    },
    settled: () => running,
  };
}
