// Rows as the API shows them.
import type { Conversation, RunSummary } from '#shared/api/runs.ts';
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { ConversationRow } from './conversationStore.ts';
import type { RunRow } from './runStore.ts';

export const describeRun = (row: RunRow): RunSummary => ({
  id: row.id,
  volume: row.head.volume,
  goal: row.head.goal,
  agent: row.head.agent?.name ?? null,
  by: row.head.by,
  status: row.status,
  reason: row.reason,
  private: row.private,
  conversation: row.conversationId,
  parent: row.parentId,
  branchOf: row.head.branchOf,
  model: row.head.model,
  steps: row.steps,
  calls: row.calls,
  tokens: row.tokens,
  money: row.money,
  waiting: row.waiting,
  tainted: row.tainted,
  createdAt: row.createdAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});

export function describeConversation(
  row: ConversationRow,
  volume: string,
  by: Face,
  { running, waiting } = { running: 0, waiting: 0 },
): Conversation {
  const { id, title, private: isPrivate, createdAt, updatedAt } = row;
  return {
    id,
    volume,
    title,
    by,
    private: isPrivate,
    running,
    waiting,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text);

/** A place in a list that is ordered by time and id. */
export type Place = { at: Date; id: string };
export const writeCursor = ({ at, id }: Place): string => `${at.getTime()}_${id}`;
export function readCursor(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const [, at, id] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(cursor) ?? [];
  if (!at || !id || !isUuid(id))
    throw new Problem('invalid', 'This cursor did not come from this list.', { field: 'cursor' });
  return { at: new Date(Number(at)), id };
}

/** A page of `limit` and where the next one begins. */
export function pageOf<T>(rows: T[], limit: number, place: (row: T) => Place): { page: T[]; cursor: string | null } {
  const page = rows.slice(0, limit);
  return { page, cursor: rows.length > limit ? writeCursor(place(page.at(-1)!)) : null };
}
