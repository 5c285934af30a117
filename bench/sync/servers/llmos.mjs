// Our own rooms behind our own door, as in earnest: token, rights, validation, owners of client ids, durable log. Lifted for the
// benchmark: each connection is a person of its own, the rates (one client sends thousands of edits a second) and the size of a document.
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { silentLog } from '../../../server/platform/log.ts'
import { createSockets } from '../../../server/platform/sockets.ts'
import { openRooms } from '../../../server/sync/rooms.ts'

const person = { id: '00000000-0000-4000-8000-000000000001', login: 'bench', name: 'Bench', colour: 1 }
const actor = { personId: person.id, login: 'bench', isAdmin: false, scopes: ['read', 'write'], onlyVolume: null, sessionId: null, tokenId: 'bench' }
const rooms = await openRooms({
  databaseUrl: process.env.DATABASE_URL,
  log: silentLog,
  access: { faceOf: async () => person, mayJoin: async () => ({ write: true }), firstText: async () => '' },
  news: { edited: () => {}, left: () => {} },
  limits: { messagesPerSecond: 1e9, bytesPerSecond: 1e12, syncsPerSecond: 1e6, socketsPerPerson: 1e6, socketsPerRoom: 1e6, document: 1 << 30, update: 8 << 20, updateStructs: 1e6, frame: 9 << 20, newClientsPerHour: 1e6 }
})
const sockets = createSockets({
  acceptors: { '/sync/': visit => rooms.join(visit) },
  gatekeepers: { who: async ({ token }) => token === 'bench' ? { ...actor, personId: randomUUID() } : null },
  origins: [], trustProxy: false, limits: { spend: () => {} }, log: silentLog
})
const server = http.createServer()
server.on('upgrade', sockets.upgrade)
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', async () => { await rooms.stop(); process.exit(0) })
