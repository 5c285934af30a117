// Rows of runs and their events.
import { and, asc, desc, eq, gt, inArray, isNull, lt, or, sql } from 'drizzle-orm';
import { emptyRun, type RunEvent, type RunStatus } from '#shared/run.ts';
import type { Database } from '../platform/database.ts';
import type { EventLine, EventWriter } from './eventLog.ts';
import type { UseRow } from './figures.ts';
import { summaryOf, type RunSummaryRow } from './summary.ts';
import { isUuid } from './describe.ts';
import { runCommits, runEvents, runs } from './tables.ts';
import type { Earlier } from './walk.ts';

export type RunRow = typeof runs.$inferSelect;
export type NewRun = typeof runs.$inferInsert;
export type RunFilter = {
  /** Volumes that the asker may read. */
  volumeIds: string[];
  personId: string;
  conversation?: string | undefined;
  parent?: string | undefined;
  status?: RunStatus | undefined;
  before: { at: Date; id: string } | null;
  limit: number;
};

type UsesQuery = { /** That the asker may read. */ volumeIds: string[]; personId: string; since: Date; limit: number };

export type RunStore = ReturnType<typeof createRunStore>;

/** Whatever a summary says has its column. */
const summaryColumns = (Object.keys(summaryOf('', emptyRun())) as (keyof RunSummaryRow)[]).map((key) => {
  const column = runs[key];
  return { key, name: column.name, type: column.getSQLType() };
});

/** Prepared once a connection. `$2`: what the rows of these runs say from now on. */
const appendEvents = `with told as (
  insert into run_events (run_id, seq, at, act)
  select run, seq, at, act from jsonb_to_recordset($1) as line (run uuid, seq int, at timestamptz, act jsonb)
)
update runs set ${summaryColumns.flatMap(({ key, name }) => (key === 'id' ? [] : `${name} = now."${key}"`)).join(', ')}
from jsonb_to_recordset($2) as now (${summaryColumns.map(({ key, type }) => `"${key}" ${type}`).join(', ')})
where runs.id = now.id`;

const lineOf = ({ run, event: { seq, at, ...act } }: EventLine) => ({ run, seq, at, act });
const asEvent = ({ seq, at, act }: typeof runEvents.$inferSelect): RunEvent => ({ ...act, seq, at: at.toISOString() });

export function createRunStore(database: Database) {
  /** Only its person sees a private run. */
  const seenBy = (personId: string) => or(eq(runs.private, false), eq(runs.personId, personId));
  const writer: EventWriter = {
    async append({ lines, summaries }) {
      const values = [JSON.stringify(lines.map(lineOf)), JSON.stringify(summaries)];
      await database.$client.query({ name: 'append-events', text: appendEvents, values });
    },
    async has(lines) {
      const first = lines[0]!;
      const [row] = await database
        .select()
        .from(runEvents)
        .where(and(eq(runEvents.runId, first.run), eq(runEvents.seq, first.event.seq)));
      if (!row) return false;
      if (row.at.toISOString() === first.event.at && row.act.type === first.event.type) return true;
      throw new TypeError(`another server writes the events of run ${first.run}`);
    },
  };

  return {
    writer,
    /** With its first events; `summary` is what follows from them. */
    async add({
      row,
      events,
      summary,
    }: {
      row: Omit<NewRun, keyof Omit<RunSummaryRow, 'id'>>;
      events: RunEvent[];
      summary: RunSummaryRow;
    }): Promise<void> {
      await database.transaction(async (transaction) => {
        await transaction.insert(runs).values({ ...row, ...summary });
        const rows = events.map(({ seq, at, ...act }) => ({ runId: row.id, seq, at: new Date(at), act }));
        for (let from = 0; from < rows.length; from += 1000)
          await transaction.insert(runEvents).values(rows.slice(from, from + 1000));
      });
    },
    async byId(id: string): Promise<RunRow | null> {
      const [row] = await database.select().from(runs).where(eq(runs.id, id));
      return row ?? null;
    },
    async byIds(ids: string[]): Promise<RunRow[]> {
      return ids.length === 0 ? [] : database.select().from(runs).where(inArray(runs.id, ids));
    },
    async events(id: string, after = 0, limit = 1_000_000): Promise<RunEvent[]> {
      const rows = await database
        .select()
        .from(runEvents)
        .where(and(eq(runEvents.runId, id), gt(runEvents.seq, after)))
        .orderBy(asc(runEvents.seq))
        .limit(limit);
      return rows.map(asEvent);
    },
    async lastSeq(id: string): Promise<number> {
      const [row] = await database
        .select({ last: sql<number>`coalesce(max(${runEvents.seq}), 0)::int` })
        .from(runEvents)
        .where(eq(runEvents.runId, id));
      return row!.last;
    },
    /** Newest first, one more than `limit` if there are more. Sub-agents only under their `parent`. */
    async list({ volumeIds, personId, conversation, parent, status, before, limit }: RunFilter): Promise<RunRow[]> {
      if (volumeIds.length === 0) return [];
      return database
        .select()
        .from(runs)
        .where(
          and(
            inArray(runs.volumeId, volumeIds),
            seenBy(personId),
            parent === undefined ? isNull(runs.parentId) : eq(runs.parentId, parent),
            conversation === undefined ? undefined : eq(runs.conversationId, conversation),
            status === undefined ? undefined : eq(runs.status, status),
            before === null
              ? undefined
              : or(lt(runs.createdAt, before.at), and(eq(runs.createdAt, before.at), lt(runs.id, before.id))),
          ),
        )
        .orderBy(desc(runs.createdAt), desc(runs.id))
        .limit(limit + 1);
    },
    /** What runs since then used, newest first: for the figures of the library. Sub-agents too. */
    async uses({ volumeIds, personId, since, limit }: UsesQuery): Promise<UseRow[]> {
      if (volumeIds.length === 0) return [];
      const head = (key: string) => sql`${runs.head}->${key}`;
      const rows = await database
        .select({
          id: runs.id,
          parentId: runs.parentId,
          agent: sql<UseRow['agent']>`${head('agent')}`,
          by: sql<UseRow['by']>`${head('by')}`,
          goal: sql<string>`left(${runs.head}->>'goal', 160)`,
          used: runs.used,
          status: runs.status,
          reason: runs.reason,
          money: runs.money,
          createdAt: runs.createdAt,
        })
        .from(runs)
        .where(and(inArray(runs.volumeId, volumeIds), seenBy(personId), gt(runs.createdAt, since)))
        .orderBy(desc(runs.createdAt))
        .limit(limit);
      return rows;
    },
    /** Those that built on a run, oldest first. */
    async buildingOn(id: string, limit: number): Promise<RunRow[]> {
      const names = sql`${runs.dependsOn} @> ${JSON.stringify([{ run: id }])}::jsonb`;
      return database.select().from(runs).where(names).orderBy(asc(runs.createdAt)).limit(limit);
    },
    /** Whose trace this is: by its path, or the id of the run. */
    async ofTrace(trace: string): Promise<string | null> {
      const where = isUuid(trace) ? eq(runs.id, trace) : eq(runs.tracePath, trace);
      const [row] = await database.select({ id: runs.id }).from(runs).where(where).limit(1);
      return row?.id ?? null;
    },
    /** Oldest first. */
    async children(id: string): Promise<RunRow[]> {
      return database.select().from(runs).where(eq(runs.parentId, id)).orderBy(asc(runs.createdAt), asc(runs.id));
    },
    async childOf({ parent, call }: { parent: string; call: string }): Promise<RunRow | null> {
      const [row] = await database
        .select()
        .from(runs)
        .where(and(eq(runs.parentId, parent), eq(runs.parentCall, call)))
        .orderBy(desc(runs.createdAt))
        .limit(1);
      return row ?? null;
    },
    /** All that neither ended nor is forgotten: what a killed server left. */
    async going(): Promise<RunRow[]> {
      return database.select().from(runs).where(isNull(runs.endedAt)).orderBy(asc(runs.createdAt));
    },
    /** Those that consolidate the traces of a volume, newest first. */
    async consolidations({ volumeId, limit }: { volumeId: string; limit: number }): Promise<RunRow[]> {
      const where = and(eq(runs.volumeId, volumeId), sql`${runs.request}->>'consolidates' = 'true'`);
      return database.select().from(runs).where(where).orderBy(desc(runs.createdAt)).limit(limit);
    },
    async isConsolidating(): Promise<boolean> {
      const [row] = await database
        .select({ id: runs.id })
        .from(runs)
        .where(and(isNull(runs.endedAt), sql`${runs.request}->>'unattended' = 'true'`))
        .limit(1);
      return row !== undefined;
    },
    /** Who started something in a volume, whoever was last first. */
    async peopleOf({ volumeId, limit }: { volumeId: string; limit: number }): Promise<string[]> {
      const last = sql`max(${runs.createdAt})`;
      const rows = await database
        .select({ personId: runs.personId })
        .from(runs)
        .where(eq(runs.volumeId, volumeId))
        .groupBy(runs.personId)
        .orderBy(desc(last))
        .limit(limit);
      return rows.map(({ personId }) => personId);
    },
    /** Ended ones whose trace is in no version yet. */
    async untraced(): Promise<RunRow[]> {
      return database
        .select()
        .from(runs)
        .where(and(isNull(runs.tracePath), sql`${runs.endedAt} is not null`))
        .orderBy(asc(runs.createdAt))
        .limit(1000);
    },
    async lendBrowser({ id, personId }: { id: string; personId: string }): Promise<void> {
      await database.update(runs).set({ browserOf: personId }).where(eq(runs.rootId, id));
    },
    /** It goes on with another wish. */
    async ask({ id, request }: Pick<RunRow, 'id' | 'request'>): Promise<void> {
      await database.update(runs).set({ request }).where(eq(runs.id, id));
    },
    async traced({ id, path, dependsOn }: { id: string; path: string; dependsOn: RunRow['dependsOn'] }): Promise<void> {
      await database.update(runs).set({ tracePath: path, dependsOn }).where(eq(runs.id, id));
    },

    /** What was answered before in a conversation, oldest first. */
    async earlier({ conversation, limit }: { conversation: string; limit: number }): Promise<Earlier[]> {
      const rows = await database
        .select({ run: runs.id, head: runs.head, answer: runs.answer, tainted: runs.tainted })
        .from(runs)
        .where(and(eq(runs.conversationId, conversation), isNull(runs.parentId)))
        .orderBy(desc(runs.createdAt))
        .limit(limit);
      return rows
        .map(({ run, head, answer, tainted }) => ({ run, goal: head.goal, by: head.by, answer, tainted }))
        .reverse();
    },

    /** Of a volume that goes for good; their events go with them. */
    async forget(volumeId: string): Promise<void> {
      await database.delete(runs).where(eq(runs.volumeId, volumeId));
      await database.delete(runCommits).where(eq(runCommits.volumeId, volumeId));
    },
    async addCommits(rows: (typeof runCommits.$inferInsert)[]): Promise<void> {
      if (rows.length > 0) await database.insert(runCommits).values(rows).onConflictDoNothing();
    },
    async commitsOf(id: string): Promise<{ volumeId: string; oid: string }[]> {
      return database
        .select({ volumeId: runCommits.volumeId, oid: runCommits.oid })
        .from(runCommits)
        .where(eq(runCommits.runId, id))
        .orderBy(asc(runCommits.at));
    },
    /**
     * When a run that had read text from outside wrote in one of these files, and since then nobody reviewed that version or worked on the
     * file: the goal of the newest such run.
     */
    async unseenOf({ volumeId, fileIds }: { volumeId: string; fileIds: string[] }): Promise<string | null> {
      if (fileIds.length === 0) return null;
      const { rows } = await database.execute<{ goal: string }>(
        sql`select r.head->>'goal' as goal from commit_files f
            join commits c on c.volume_id = f.volume_id and c.position = f.position
            join run_commits rc on rc.volume_id = c.volume_id and rc.oid = c.oid
            join runs r on r.id = rc.run_id
            where f.volume_id = ${volumeId} and f.file_id in ${fileIds} and r.tainted
              and not exists (select 1 from reviews v where v.volume_id = c.volume_id and v.oid = c.oid)
              and not exists (
                select 1 from commit_files f2 join commits c2 on c2.volume_id = f2.volume_id and c2.position = f2.position
                where f2.volume_id = f.volume_id and f2.file_id = f.file_id and f2.position > f.position
                  and c2.kind in ('pause', 'save') and c2.author is not null
                  and not exists (select 1 from run_commits rc2 where rc2.volume_id = c2.volume_id and rc2.oid = c2.oid))
            order by c.position desc limit 1`,
      );
      return rows[0]?.goal ?? null;
    },
    async runOfCommit({ volumeId, oid }: { volumeId: string; oid: string }): Promise<string | null> {
      const [row] = await database
        .select({ runId: runCommits.runId })
        .from(runCommits)
        .where(and(eq(runCommits.volumeId, volumeId), eq(runCommits.oid, oid)));
      return row?.runId ?? null;
    },
  };
}
