// A file whose text looks as if it held a secret stays out of versions, alone and visibly, because git never forgets (GI1).
import { looksSecret } from '#shared/secrets.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Rooms } from '../../sync/types.ts';
import type { CheckpointStore, FileRow, RowChange } from './checkpointStore.ts';
import type { TreeChange, Version, VersionNews } from './versions.ts';

export type Held = { fileId: string; people: string[] };
export type HoldingNeeds = {
  store: CheckpointStore;
  rooms: Pick<Rooms, 'seed'>;
  news: Pick<VersionNews, 'committed' | 'held'>;
  clock: Clock;
};
type Rows = Map<string, FileRow>;

export function createHolding({ store, rooms, news, clock }: HoldingNeeds) {
  return {
    /** A new text that looks like a secret gets a room, so that nothing is lost, but no version. Answers the ids of such files. */
    async keepOut({
      tree,
      rows,
      person,
    }: {
      tree: TreeChange[];
      rows: Rows;
      person: string | null;
    }): Promise<string[]> {
      const refused: string[] = [];
      for (const change of tree) {
        if (change.kind !== 'put' || change.fileKind !== 'text') continue;
        const text = typeof change.content === 'string' ? change.content : Buffer.from(change.content).toString();
        const row = rows.get(change.fileId);
        if (!holdsSecret({ path: change.path, text, notSecret: row?.notSecret ?? null })) continue;
        if (!row) await rooms.seed({ fileId: change.fileId, text, person });
        refused.push(change.fileId);
      }
      return refused;
    },

    /** Says it once, when it begins. */
    async hold(what: {
      volumeId: string;
      held: Held[];
      rows: Rows;
      pathOf: (fileId: string) => string;
    }): Promise<void> {
      const { volumeId, held, rows, pathOf } = what;
      const fresh = held.filter(({ fileId }) => !rows.get(fileId)?.heldAt);
      if (fresh.length === 0) return;
      await store.hold(fresh.map(({ fileId }) => fileId), new Date(clock.now())); // prettier-ignore
      for (const { fileId, people } of fresh) news.held({ volumeId, fileId, path: pathOf(fileId), people });
    },

    /** What looked like a secret was taken out again, and nothing else is new: no version says so. */
    async letGo(what: { volumeId: string; fileIds: string[]; rows: Rows; made: Version[] }): Promise<void> {
      const { volumeId, fileIds, rows, made } = what;
      const inVersion = new Set(made.flatMap((version) => version.files.map((file) => file.fileId)));
      const free = fileIds.filter((fileId) => rows.get(fileId)?.heldAt && !inVersion.has(fileId));
      if (free.length === 0) return;
      await store.release(free);
      news.committed({ volumeId, versions: [], fileIds: free });
    },
  };
}

/** A person may have said that it is none. */
export function holdsSecret({ path, text, notSecret }: { path: string; text: string; notSecret: string | null }) {
  const secret = looksSecret(path, text);
  return secret !== null && secret.hash !== notSecret;
}

export const heldRows = (tree: TreeChange[], refused: string[]): RowChange[] =>
  tree.flatMap((change): RowChange[] => {
    if (change.kind !== 'put' || !refused.includes(change.fileId)) return [];
    const { fileId, path, fileKind, content } = change;
    return [{ act: 'put', fileId, path, fileKind, blob: null, size: Buffer.byteLength(content), held: true }];
  });
