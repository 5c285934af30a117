// The plan of a version becomes rows: commits and their files, rows of `files`, blames, searched texts, and how far each room is in a
// version. All of it is one statement, one way to PostgreSQL and back; a long plan takes several, in one transaction.
import { sql } from 'drizzle-orm';
import { pathKey } from '#shared/path.ts';
import type { Queries, Statement } from '../../platform/database.ts';
import { blames, checkpointIntents, commitFiles, commits, files, searchTexts } from '../tables.ts';
import type { MarkCommitted, Plan } from './checkpointStore.ts';

type Write = {
  database: Queries;
  plan: Plan;
  intent: string | null;
  /** Searched texts by file id. */
  bodies: Map<string, string>;
  markCommitted: MarkCommitted;
  /** The plan stands for all files of the volume: any of them may have any path now. */
  isWhole?: boolean;
};

export async function writePlan(write: Write): Promise<void> {
  const { database, plan, intent } = write;
  const rows = foldRows(plan);
  const parts = partsOf(write, rows);
  const inTheWay = pathsInTheWay(rows, write.isWhole ?? false);
  if (parts.length === 1 && !inTheWay) return void (await database.execute(statementOf(write, parts[0]!, intent)));
  await database.transaction(async (queries) => {
    if (inTheWay) await queries.execute(inTheWay(plan));
    for (const [i, part] of parts.entries()) await queries.execute(statementOf(write, part, i === 0 ? intent : null));
  });
}

/** One object per row of `files`, whatever happens to it. */
type Put = {
  id: string;
  path: string;
  pathKey: string;
  kind: string;
  blob: string | null;
  size: number;
  held: boolean;
};
type Change = {
  id: string;
  path?: string;
  pathKey?: string;
  blob?: string;
  size?: number;
  gone?: boolean;
  by?: string | null;
};
type Rows = { puts: Map<string, Put>; changes: Map<string, Change> };

function foldRows({ rows }: Plan): Rows {
  const puts = new Map<string, Put>();
  const changes = new Map<string, Change>();
  const change = (id: string, what: Omit<Change, 'id'>) => changes.set(id, { ...changes.get(id), id, ...what });
  for (const row of rows) {
    const { fileId: id } = row;
    if (row.act === 'put') {
      const { path, fileKind: kind, blob, size, held } = row;
      puts.set(id, { id, path, pathKey: pathKey(path), kind, blob, size, held });
    } else if (row.act === 'move') change(id, { path: row.path, pathKey: pathKey(row.path) });
    else if (row.act === 'delete') change(id, { gone: true, by: row.by });
    else change(id, { blob: row.blob, size: row.size });
  }
  // what others wrote in a file that comes (back) in the same act: their commits are above the one it comes with
  for (const [id, put] of puts) {
    const { blob, size } = changes.get(id) ?? {};
    if (blob === undefined || size === undefined) continue;
    puts.set(id, { ...put, blob, size });
    changes.delete(id);
  }
  return { puts, changes };
}

/** No row may take a path that another row of the same statement still has. Null: none does. */
function pathsInTheWay({ puts, changes }: Rows, isWhole: boolean): ((plan: Plan) => Statement) | null {
  const gone = [...changes.values()].filter((change) => change.gone).map(({ id }) => id);
  const parked = [...changes.values()].filter((change) => change.path !== undefined).map(({ id }) => id);
  const freed = gone.length + parked.length;
  const taken = puts.size + parked.length;
  if (isWhole) parked.push(...puts.keys());
  else if (freed === 0 || taken === 0 || (freed === 1 && parked.length === taken)) return null;
  return ({ at }) => sql`
    update ${files} set
      path_key = case when id = any(${sql.param(parked)}::uuid[]) then '/' || id else path_key end,
      deleted_at = case when id = any(${sql.param(gone)}::uuid[]) then ${new Date(at)} else deleted_at end
    where id = any(${sql.param([...parked, ...gone])}::uuid[])`;
}

/** Rows of each kind in one statement, and characters of searched texts. */
const rowsAtOnce = 2000;
const charactersAtOnce = 4_000_000;

type Part = {
  commits: object[];
  commitFiles: object[];
  puts: Put[];
  changes: Change[];
  blames: Plan['blames'];
  searches: { fileId: string; path: string; body: string }[];
  marks: Plan['marks'];
};

function partsOf({ plan, bodies }: Write, { puts, changes }: Rows): Part[] {
  const parts: Part[] = [];
  const partAt = (i: number) =>
    (parts[i] ??= { commits: [], commitFiles: [], puts: [], changes: [], blames: [], searches: [], marks: [] });
  const deal = <K extends keyof Part>(kind: K, items: Part[K]) => {
    for (const [i, item] of items.entries()) (partAt(Math.floor(i / rowsAtOnce))[kind] as unknown[]).push(item);
  };
  partAt(0);
  deal('commits', plan.versions.map(({ files, ...version }) => ({ ...version, fileCount: files.length }))); // prettier-ignore
  deal('commitFiles', plan.versions.flatMap(({ position, files }) => files.map((file) => ({ ...file, position })))); // prettier-ignore
  deal('puts', [...puts.values()]);
  deal('changes', [...changes.values()]);
  deal('blames', plan.blames);
  deal('marks', plan.marks);
  let [i, characters] = [0, 0];
  for (const { fileId, path } of plan.searches) {
    const body = bodies.get(fileId)!;
    if (characters > 0 && characters + body.length > charactersAtOnce) [i, characters] = [i + 1, 0];
    characters += body.length;
    partAt(i).searches.push({ fileId, path, body });
  }
  return parts;
}

/** Parts of one statement see none of each other's rows, so each row is in one of them only. */
function statementOf({ plan, markCommitted }: Write, part: Part, intent: string | null): Statement {
  const { volumeId } = plan;
  const at = sql`${new Date(plan.at)}::timestamptz`;
  const searched = new Set(plan.searches.map(({ fileId }) => fileId));
  const renamed = part.changes.filter(({ id, path }) => path !== undefined && !searched.has(id));
  const gone = part.changes.filter((change) => change.gone).map(({ id }) => id);
  const rows = (items: object[], columns: string) =>
    sql`json_to_recordset(${JSON.stringify(items)}::json) as r(${sql.raw(columns)})`;
  return sql`with
    spent as (delete from ${checkpointIntents} where id = ${intent}::uuid),
    new_commits as (
      insert into ${commits} (volume_id, oid, parent, position, author, author_name, author_email, co_authors, message, kind, group_id, undoes, at, added, removed, file_count)
      select ${volumeId}::uuid, oid, parent, position, author, "authorName", "authorEmail", "coAuthors", message, kind, "group", undoes, at, added, removed, "fileCount"
      from ${rows(part.commits, 'oid text, parent text, position int, author uuid, "authorName" text, "authorEmail" text, "coAuthors" uuid[], message text, kind text, "group" uuid, undoes text, at timestamptz, added int, removed int, "fileCount" int')}
    ),
    new_commit_files as (
      insert into ${commitFiles} (volume_id, position, file_id, path, path_before, blob, blob_before, added, removed, "binary")
      select ${volumeId}::uuid, position, "fileId", path, "pathBefore", blob, "blobBefore", added, removed, "binary"
      from ${rows(part.commitFiles, 'position int, "fileId" uuid, path text, "pathBefore" text, blob text, "blobBefore" text, added int, removed int, "binary" boolean')}
    ),
    changed_files as (
      update ${files} f set
        path = coalesce(r.path, f.path), path_key = coalesce(r."pathKey", f.path_key), blob = coalesce(r.blob, f.blob), size = coalesce(r.size, f.size),
        held_at = case when r.gone or r.blob is not null then null else f.held_at end,
        deleted_at = case when r.gone then ${at} else f.deleted_at end, deleted_by = case when r.gone then r.by else f.deleted_by end,
        updated_at = ${at}
      from ${rows(part.changes, 'id uuid, path text, "pathKey" text, blob text, size int, gone boolean, by uuid')} where f.id = r.id
    ),
    put_files as (
      insert into ${files} (id, volume_id, path, path_key, kind, blob, size, created_at, updated_at, held_at)
      select id, ${volumeId}::uuid, path, "pathKey", kind, blob, size, ${at}, ${at}, case when held then ${at} end
      from ${rows(part.puts, 'id uuid, path text, "pathKey" text, kind text, blob text, size int, held boolean')}
      on conflict (id) do update set path = excluded.path, path_key = excluded.path_key, kind = excluded.kind,
        blob = coalesce(excluded.blob, ${files.blob}), size = excluded.size, updated_at = excluded.updated_at, held_at = excluded.held_at,
        deleted_at = null, deleted_by = null
    ),
    kept_blames as (
      insert into ${blames} (file_id, position, runs)
      select "fileId", position, runs from ${rows(part.blames, '"fileId" uuid, position int, runs jsonb')}
      on conflict (file_id) do update set position = excluded.position, runs = excluded.runs
    ),
    unsearched as (delete from ${searchTexts} where file_id = any(${sql.param(gone)}::uuid[])),
    renamed as (
      update ${searchTexts} s set path = r.path, words = null from ${rows(renamed, 'id uuid, path text')} where s.file_id = r.id
    ),
    searched as (
      insert into ${searchTexts} (file_id, volume_id, path, body)
      select "fileId", ${volumeId}::uuid, path, body from ${rows(part.searches, '"fileId" uuid, path text, body text')}
      on conflict (file_id) do update set path = excluded.path, body = excluded.body, words = null
    ),
    marked as (${markCommitted(part.marks)})
    select 1`;
}
