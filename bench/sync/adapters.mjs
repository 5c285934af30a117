// Every server under test: how to start it, which wire dialect it speaks, whether it persists.
// To add yours: give it a name, a dialect from lib/proto.mjs and a start() that listens on 127.0.0.1:port.
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { databaseOf } from './lib/postgres.mjs'
import { startProduct } from './lib/product.mjs'
const root = path.dirname(fileURLToPath(import.meta.url))
const node = process.env.BENCH_NODE ?? process.execPath
const own = (file, env = {}, flags = []) => ({ port }) => ({ cmd: node, args: [...flags, path.join(root, file)], cwd: root, env: { PORT: port, ...env } })

/** Node's flag that `npm start` gives. */
const asStarted = ['--max-semi-space-size=4']

export const adapters = {
  llmos: { dialect: 'llmos', persistent: true, start: async ({ port, dataDir }) => own('servers/llmos.mjs', { DATABASE_URL: await databaseOf(dataDir) }, asStarted)({ port }) },
  // The whole server: accounts, volumes, versions and news are there too.
  'llmos-product': { dialect: 'product', persistent: true, settles: true, start: ({ port, dataDir }) => startProduct({ port, dataDir, node, root }) },
  'raw-ws': { dialect: 'raw', start: own('servers/raw-ws.mjs') },
  'raw-net': { dialect: 'raw', start: own('servers/raw-net.mjs') },
  'raw-net-batch': { dialect: 'raw', start: own('servers/raw-net.mjs', { BATCH: '1' }) },
  'y-websocket-server': { // @y/websocket-server 0.1.5, memory only (its YPERSISTENCE support is commented out)
    dialect: 'yws',
    start: ({ port }) => ({ cmd: node, args: ['node_modules/@y/websocket-server/src/server.js'], cwd: path.join(root, 'peers/yws'), env: { PORT: port, HOST: '127.0.0.1' } })
  },
  'y-websocket2': { // the server bundled with y-websocket 2.1.0, memory only
    dialect: 'yws',
    start: ({ port }) => ({ cmd: node, args: ['node_modules/y-websocket/bin/server.cjs'], cwd: path.join(root, 'peers/yw2'), env: { PORT: port, HOST: '127.0.0.1' } })
  },
  'y-websocket2-leveldb': {
    dialect: 'yws',
    persistent: true,
    start: ({ port, dataDir }) => ({ cmd: node, args: ['node_modules/y-websocket/bin/server.cjs'], cwd: path.join(root, 'peers/yw2'), env: { PORT: port, HOST: '127.0.0.1', YPERSISTENCE: path.join(dataDir, 'level') } })
  },
  'yjs-server': { dialect: 'yws', start: ({ port }) => ({ cmd: node, args: ['server.mjs'], cwd: path.join(root, 'peers/yjs-server'), env: { PORT: port } }) },
  hocuspocus: { dialect: 'hocuspocus', start: own('servers/hocuspocus.mjs') },
  'hocuspocus-noflush': { dialect: 'hocuspocus', start: own('servers/hocuspocus.mjs', { FLUSH: 'false' }) },
  'hocuspocus-sqlite': {
    dialect: 'hocuspocus',
    persistent: true,
    start: ({ port, dataDir }) => own('servers/hocuspocus.mjs', { SQLITE: path.join(dataDir, 'hocuspocus.sqlite') })({ port })
  }
}
