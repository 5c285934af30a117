// Conversations: a row of runs, private to their person or shared with all who may read the volume. Each run begins with what was
// answered before.
import type { Conversation } from '#shared/api/runs.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { VolumeTarget } from '../platform/http.ts';
import type { ConversationRow, ConversationStore } from './conversationStore.ts';
import { describeConversation, isUuid, pageOf, readCursor } from './describe.ts';

const pageSize = 50;
const longestTitle = 80;

export type Conversations = ReturnType<typeof createConversations>;

export function createConversations({
  store,
  faces,
  volumeName,
  shared,
  clock,
}: {
  store: ConversationStore;
  faces: (ids: string[]) => Promise<Map<string, Face>>;
  volumeName: (volumeId: string) => Promise<string | null>;
  /** It, and the runs in it, are seen by others now, or no longer. */
  shared: (conversation: { id: string; isPrivate: boolean }) => void;
  clock: Clock;
}) {
  async function describe(rows: ConversationRow[], volume: string): Promise<Conversation[]> {
    const [people, open] = await Promise.all([
      faces(rows.map(({ personId }) => personId)),
      store.countOpen(rows.map(({ id }) => id)),
    ]);
    return rows.flatMap((row) => {
      const by = people.get(row.personId);
      return by ? [describeConversation(row, volume, by, open.get(row.id))] : [];
    });
  }
  async function mine(id: string, actor: Actor): Promise<ConversationRow> {
    const row = isUuid(id) ? await store.byId(id) : null;
    if (!row || row.deletedAt || row.personId !== actor.personId) throw notFound('such conversation');
    return row;
  }
  const one = async (row: ConversationRow) => (await describe([row], (await volumeName(row.volumeId)) ?? 'system'))[0]!;

  return {
    async list({ actor, volume, cursor }: { actor: Actor; volume: VolumeTarget; cursor: string | undefined }) {
      const before = readCursor(cursor);
      const rows = await store.list({ volumeId: volume.id, personId: actor.personId, before, limit: pageSize });
      const { page, cursor: next } = pageOf(rows, pageSize, ({ id, updatedAt }) => ({ id, at: updatedAt }));
      return { conversations: await describe(page, volume.name), cursor: next };
    },
    async begin({
      actor,
      volume,
      title = '',
      isPrivate,
    }: {
      actor: Actor;
      volume: VolumeTarget;
      title?: string | undefined;
      isPrivate: boolean;
    }): Promise<Conversation> {
      const at = new Date(clock.now());
      const { personId } = actor;
      const row = { volumeId: volume.id, personId, title, private: isPrivate, createdAt: at, updatedAt: at };
      return one(await store.add(row));
    },
    async change({
      id,
      actor,
      title,
      isPrivate,
    }: {
      id: string;
      actor: Actor;
      title?: string | undefined;
      isPrivate?: boolean | undefined;
    }): Promise<Conversation> {
      const row = await mine(id, actor);
      if (title === undefined && isPrivate === undefined) return one(row);
      const changed = await store.change(id, {
        ...(title === undefined ? {} : { title }),
        ...(isPrivate === undefined ? {} : { private: isPrivate }),
      });
      if (isPrivate !== undefined && isPrivate !== row.private) {
        await store.shareRuns({ id, isPrivate });
        shared({ id, isPrivate });
      }
      return one(changed);
    },
    async remove({ id, actor }: { id: string; actor: Actor }): Promise<void> {
      await mine(id, actor);
      await store.change(id, { deletedAt: new Date(clock.now()) });
    },
    /** For a run in it; `touch` is what its person says. An untitled one is called so. */
    async join({ id, volumeId, actor, touch }: { id: string; volumeId: string; actor: Actor; touch: string }) {
      const row = await store.byId(id);
      if (!row || row.deletedAt || (row.private && row.personId !== actor.personId))
        throw notFound('such conversation');
      if (row.volumeId !== volumeId) throw new Problem('conflict', 'This conversation belongs to another volume.');
      const title = row.title || titleOf(touch);
      await store.change(id, { updatedAt: new Date(clock.now()), title });
      return { private: row.private };
    },
  };
}

function titleOf(goal: string): string {
  const line = goal.trim().split('\n', 1)[0]!.trim();
  return line.length <= longestTitle ? line : `${line.slice(0, longestTitle - 1).trimEnd()}…`;
}
