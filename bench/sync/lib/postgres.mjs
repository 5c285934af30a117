// One PostgreSQL for a run, with everything fsynced, and a fresh database per data folder; its CPU time is counted apart.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { openEmbeddedPostgres } from '../../../server/platform/embeddedPostgres.ts'
import { migrateDatabase, openDatabase } from '../../../server/platform/database.ts'
import { cpuUs } from './proc.mjs'

let running = null
const urls = new Map()

async function start () {
  const postgres = await openEmbeddedPostgres({ directory: path.resolve('.data/postgres'), settings: { max_connections: '100' } })
  process.on('exit', () => { try { process.kill(postgres.pid(), 'SIGINT') } catch {} })
  return postgres
}

/** The address of the data folder's database. */
export async function databaseOf (dataDir) {
  const postgres = await (running ??= start())
  let url = urls.get(dataDir)
  if (!url) {
    const name = 'bench_' + createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
    const admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect(); await admin.query(`create database ${name}`); await admin.end()
    urls.set(dataDir, url = postgres.url.replace('///postgres?', `///${name}?`))
    const database = await openDatabase({ url }); await migrateDatabase(database); await database.close()
  }
  return url
}

/** µs of the postmaster and its children, those that have ended included. */
export async function databaseCpu () {
  if (!running) return 0
  const root = (await running).pid(); let us = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
      if (Number(pid) !== root && Number(fields[1]) !== root) continue
      us += cpuUs(pid)
      if (Number(pid) === root) us += (Number(fields[13]) + Number(fields[14])) * 10000
    } catch {}
  }
  return us
}
