// One pre-generated stream of single-character edits by one Yjs client, shared by every document, so
// that producing edits costs nothing during a measurement. Plus synthetic large histories for W3.
import * as Y from 'yjs'

export const CLIENT_ID = 1234567

function rng (seed) { let s = seed >>> 0; return () => { s = (s + 0x6D2B79F5) >>> 0; let t = Math.imul(s ^ (s >>> 15), 1 | s); t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t; return ((t ^ (t >>> 14)) >>> 0) / 4294967296 } }

/** Cursor typing: mostly sequential, jumps to a random place every ~40 keystrokes. One struct per update. */
export function makeStream (n) {
  const doc = new Y.Doc(); doc.clientID = CLIENT_ID
  const t = doc.getText('content'); const out = []; const r = rng(1); let at = 0; let len = 0
  doc.on('update', u => out.push(u))
  for (let i = 0; i < n; i++) { if (r() < 0.025) at = Math.floor(r() * len); t.insert(at++, String.fromCharCode(97 + i % 26)); len++ }
  return out
}

/**
 * 'typing': 70% inserts / 30% backspaces with cursor jumps (the insert/delete mix of the well-known
 * automerge-perf LaTeX trace; synthetic, not that trace). 'random': single-char inserts, every position uniform.
 */
export function makeHistory (kind, n, { perUpdate = false } = {}) {
  const doc = new Y.Doc(); doc.clientID = CLIENT_ID
  const t = doc.getText('content'); const r = rng(7); let at = 0; let len = 0; const ups = []
  if (perUpdate) doc.on('update', u => ups.push(u))
  const step = () => {
    if (kind === 'random') { t.insert(Math.floor(r() * (len + 1)), 'x'); len++; return }
    if (r() < 0.02) at = Math.floor(r() * (len + 1))
    if (at > 0 && r() < 0.3) { t.delete(--at, 1); len-- } else { t.insert(at++, 'x'); len++ }
  }
  if (perUpdate) for (let i = 0; i < n; i++) step()
  else for (let i = 0; i < n;) doc.transact(() => { for (let k = 0; k < 100 && i < n; k++, i++) step() })
  return { update: Y.encodeStateAsUpdate(doc), length: t.length, updates: ups }
}

export function textLength (updates) { const d = new Y.Doc(); for (const u of updates) Y.applyUpdate(d, u); return d.getText('content').length }
export function clockOf (updates) { const d = new Y.Doc(); for (const u of updates) Y.applyUpdate(d, u); return Y.getState(d.store, CLIENT_ID) }

/** `n` updates that replace the whole text by another of `size` bytes: a heavy stream over a document that stays small. */
export function overwrites (n, size) {
  const doc = new Y.Doc(); doc.clientID = CLIENT_ID; const t = doc.getText('content'); const v = 'v'.repeat(size); const out = []
  doc.on('update', u => out.push(u))
  for (let i = 0; i < n; i++) doc.transact(() => { t.delete(0, t.length); t.insert(0, v) })
  return out
}
