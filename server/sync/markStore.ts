// Which words of a room are in a version.
import { sql } from 'drizzle-orm';
import type { Statement } from '../platform/database.ts';

/** To be run with what writes the version tables, as a part of that statement. */
export const markCommitted = (marks: { fileId: string; upto: number }[]): Statement => sql`
  update rooms set committed = greatest(committed, mark.upto)
  from json_to_recordset(${JSON.stringify(marks)}::json) as mark("fileId" uuid, upto bigint) where file_id = mark."fileId"`;
