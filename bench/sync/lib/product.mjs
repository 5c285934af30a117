// The product's own server, as people start it, with a team whose members are the clients of the benchmark. Only the rates are lifted
// (RATE_LIMITS=off); sizes of documents and updates are what they are. Rows are made by SQL: nobody need sign up two hundred times.
import { createHash, randomUUID } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import { databaseOf } from './postgres.mjs'
import { fileId, tokenOf } from './proto.mjs'

/** One person may have 64 sockets. */
const people = Array.from({ length: 16 }, (_, i) => ({ id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, login: `bench-${i}` }))
const documents = ['fan', 'big', 'dur', 'slow', ...Array.from({ length: 2000 }, (_, i) => 'doc-' + String(i).padStart(5, '0'))]
const prepared = new Set()

export async function startProduct ({ port, dataDir, node, root }) {
  const url = await databaseOf(dataDir)
  if (!prepared.has(dataDir)) await prepare(url)
  prepared.add(dataDir)
  const env = { DATABASE_URL: url, DATA_DIR: path.join(dataDir, 'llmos'), PORT: port, HOST: '127.0.0.1', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' }
  return { cmd: node, args: ['--max-semi-space-size=4', 'server/main.ts'], cwd: path.join(root, '../..'), env }
}

async function prepare (url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const hash = text => createHash('sha256').update(text).digest('hex')
  for (const [i, { id, login }] of people.entries()) {
    await client.query('insert into people (id, login, name, colour) values ($1, $2, $2, 1)', [id, login])
    await client.query("insert into tokens (hash, person_id, name, scopes, expires_at) values ($1, $2, 'bench', '{read,write}', now() + interval '1 day')", [hash(tokenOf(i)), id])
  }
  const team = randomUUID(); const volume = randomUUID()
  await client.query("insert into teams (id, slug, name) values ($1, 'bench', 'Bench')", [team])
  await client.query("insert into members (team_id, person_id, role) select $1, id, 'editor' from people", [team])
  await client.query("insert into volumes (id, name, kind, team_id) values ($1, 'team/bench', 'team', $2)", [volume, team])
  await client.query("insert into files (id, volume_id, path, path_key, kind) select id, $1, name, name, 'text' from unnest($2::uuid[], $3::text[]) as f(id, name)", [volume, documents.map(fileId), documents])
  await client.query('insert into rooms (file_id) select unnest($1::uuid[])', [documents.map(fileId)])
  await client.end()
}
