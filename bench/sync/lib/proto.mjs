// Wire dialects: the y-websocket protocol and Hocuspocus' document-prefixed variant of it.
import { createHash } from 'node:crypto'
import { allocClientFrame } from './ws-lite.mjs'

const vlen = n => n < 128 ? 1 : n < 16384 ? 2 : n < 2097152 ? 3 : 4
const putVar = (b, o, n) => { while (n > 127) { b[o++] = 128 | (n & 127); n = Math.floor(n / 128) } b[o++] = n; return o }

/** Cursor-style varuint reader; one shared cursor keeps the hot path free of allocations. */
export const cur = { p: 0 }
export const readVar = b => { let n = 0; let m = 1; for (;;) { const x = b[cur.p++]; n += (x & 127) * m; if (x < 128) return n; m *= 128 } }

const nameBytes = doc => { const s = Buffer.from(doc); const b = Buffer.alloc(vlen(s.length) + s.length); s.copy(b, putVar(b, 0, s.length)); return b }

function build (prefix, head, body) { // [prefix][head bytes][varuint len][body]
  const [b, o] = allocClientFrame(prefix.length + head.length + vlen(body.length) + body.length)
  let p = o
  if (prefix.length) { prefix.copy(b, p); p += prefix.length }
  for (const h of head) b[p++] = h
  p = putVar(b, p, body.length)
  b.set(body, p)
  return b
}
/** Documents of ours are named by UUIDs. */
export const fileId = doc => createHash('md5').update(doc).digest('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
let connections = 0
/** Of one member of the team after the other. */
const productToken = () => tokenOf(connections++)
export const tokenOf = i => 'llmos_' + 'bench'.padEnd(31, 'a') + 'abcdefghijklmnop'[i % 16]
const NONE = Buffer.alloc(0)
const EMPTY_SV = new Uint8Array([0])

export const dialects = {
  // Nothing but opaque frames: "synced" as soon as the socket is open.
  raw: { path: d => d, prefix: () => NONE, hello: null, step1: null, update: (pre, u) => build(pre, [0, 2], u), skipName: false },
  yws: { path: d => d, prefix: () => NONE, hello: null, step1: pre => build(pre, [0, 0], EMPTY_SV), update: (pre, u) => build(pre, [0, 2], u), skipName: false },
  llmos: { path: d => `sync/${fileId(d)}?token=bench`, prefix: () => NONE, hello: null, step1: pre => build(pre, [0, 0], EMPTY_SV), update: (pre, u) => build(pre, [0, 2], u), skipName: false },
  product: { path: d => `sync/${fileId(d)}?token=${productToken()}`, prefix: () => NONE, hello: null, step1: pre => build(pre, [0, 0], EMPTY_SV), update: (pre, u) => build(pre, [0, 2], u), skipName: false },
  hocuspocus: {
    path: () => '',
    prefix: nameBytes,
    hello: pre => { const t = nameBytes('bench-token'); const v = nameBytes('4.7.0'); const [b, o] = allocClientFrame(pre.length + 2 + t.length + v.length); let p = o + pre.copy(b, o); b[p++] = 2; b[p++] = 0; p += t.copy(b, p); v.copy(b, p); return b },
    step1: pre => build(pre, [0, 0], EMPTY_SV),
    update: (pre, u) => build(pre, [0, 2], u),
    skipName: true
  }
}
