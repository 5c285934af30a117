// What concerns a person: kept until read, and pushed to whoever is there. Other slices call `notify`.
import type { Notification } from '#shared/api.ts';
import { Problem } from '#shared/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Faces } from './faces.ts';
import * as store from './notificationStore.ts';
import { isUuid } from './secrets.ts';

const pageSize = 50;
const keptReadMs = 90 * 24 * 60 * 60 * 1000;

/** `kind` e.g. `review.reverted`; `text` is a whole sentence; `by` is who did it, and never notified of their own act. */
export type News = {
  to: readonly string[];
  kind: string;
  text: string;
  volume?: string | null;
  path?: string | null;
  oid?: string | null;
  run?: string | null;
  by?: string | null;
};
export type Notifications = ReturnType<typeof createNotifications>;

export function createNotifications({ database, clock, faces }: { database: Database; clock: Clock; faces: Faces }) {
  const listeners = new Set<(news: { personId: string; notification: Notification }) => void>();

  async function describe(rows: store.NotificationRow[]): Promise<Notification[]> {
    const people = await faces.faces(rows.flatMap((row) => row.by ?? []));
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      text: row.text,
      volume: row.volume,
      path: row.path,
      oid: row.oid,
      run: row.run,
      by: (row.by && people.get(row.by)) || null,
      at: row.at.toISOString(),
      read: row.readAt !== null,
    }));
  }

  return {
    async notify({
      to,
      kind,
      text,
      volume = null,
      path = null,
      oid = null,
      run = null,
      by = null,
    }: News): Promise<void> {
      const people = [...new Set(to)].filter((personId) => personId !== by);
      if (people.length === 0) return;
      const at = new Date(clock.now());
      const rows = await store.addNotifications(
        database,
        people.map((personId) => ({ personId, kind, text, volume, path, oid, run, by, at })),
      );
      const described = await describe(rows);
      rows.forEach((row, i) =>
        listeners.forEach((listener) => listener({ personId: row.personId, notification: described[i]! })),
      );
    },

    /** For the live channel. Returns how to stop listening. */
    onNotified(listener: (news: { personId: string; notification: Notification }) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    /** `onlyVolume`: what concerns this volume. */
    async list({
      personId,
      cursor,
      onlyVolume = null,
    }: {
      personId: string;
      cursor: string | undefined;
      onlyVolume?: string | null;
    }) {
      const rows = await store.listNotifications(database, {
        personId,
        onlyVolume,
        before: readCursor(cursor),
        limit: pageSize + 1,
      });
      const page = rows.slice(0, pageSize);
      const last = rows.length > pageSize ? page.at(-1)! : null;
      return {
        notifications: await describe(page),
        unread: await store.countUnread(database, { personId, onlyVolume }),
        cursor: last && `${last.at.getTime()}_${last.id}`,
      };
    },

    async markRead({
      personId,
      ids,
      onlyVolume = null,
    }: {
      personId: string;
      ids: string[] | undefined;
      onlyVolume?: string | null;
    }): Promise<void> {
      const at = new Date(clock.now());
      await store.markRead(database, { personId, onlyVolume, ids: ids ? ids.filter(isUuid) : null, at });
    },

    async removeOld(): Promise<void> {
      await store.removeReadNotifications(database, new Date(clock.now() - keptReadMs));
    },
  };
}

function readCursor(cursor: string | undefined): { at: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [, at, id] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(cursor) ?? [];
  if (!at || !id || !isUuid(id))
    throw new Problem('invalid', 'This cursor did not come from this list.', { field: 'cursor' });
  return { at: new Date(Number(at)), id };
}
