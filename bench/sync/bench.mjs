// Usage: node bench.mjs --adapters raw-ws,hocuspocus --workloads w1,w2,w3,w4,w5 --out results/run.json
import { mkdtempSync, rmSync, writeFileSync, readFileSync, existsSync, mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import path from 'node:path'
import { adapters } from './adapters.mjs'
import { Client } from './lib/client.mjs'
import { makeStream, makeHistory, overwrites, textLength, clockOf } from './lib/stream.mjs'
import { startServer, sleep, cpuUs, loadavg } from './lib/proc.mjs'
import { databaseCpu } from './lib/postgres.mjs'
import { toMarkdown } from './table.mjs'

const { values: opt } = parseArgs({
  options: {
    adapters: { type: 'string', default: Object.keys(adapters).join(',') },
    workloads: { type: 'string', default: 'w1,w2,w3,w4,w5' },
    out: { type: 'string', default: 'results/latest.json' },
    seconds: { type: 'string', default: '3' }, // length of each timed phase
    clients: { type: 'string', default: '10,50,200' }, // W1
    docs: { type: 'string', default: '500' }, // W2
    history: { type: 'string', default: '260000' }, // W3 edits in one state
    streamed: { type: 'string', default: '50000' } // W3 edits sent as single updates (persistent servers)
  }
})
const SECS = Number(opt.seconds)
const dataRoot = path.resolve('.data'); mkdirSync(dataRoot, { recursive: true })
const results = existsSync(opt.out) ? JSON.parse(readFileSync(opt.out, 'utf8')) : {}
const round = (x, d = 1) => Math.round(x * 10 ** d) / 10 ** d
const MB = b => round(b / 1048576)
function pct (arr) { const a = Float64Array.from(arr).sort(); const q = p => a.length ? round(a[Math.min(a.length - 1, Math.floor(p * a.length))], 2) : null; return { p50: q(0.5), p99: q(0.99), max: q(1) } }

let STREAM = null
const stream = n => { if (!STREAM || STREAM.length < n) STREAM = makeStream(n); return STREAM }

async function withServer (a, fn) {
  const dataDir = mkdtempSync(path.join(dataRoot, 'd-'))
  const restart = () => startServer(a, dataDir)
  let s = await restart()
  const clients = []
  const connect = (doc, o = {}) => { const c = new Client({ port: s.port, dialect: a.dialect, doc, ...o }); clients.push(c); return c }
  const ctx = { get s () { return s }, dataDir, connect, a, async restart (sig) { await s.kill(sig); s = await restart(); return s } }
  try { return await fn(ctx) } catch (e) { await sleep(200); e.stack += `\n-- server dead: ${JSON.stringify(s.dead)} log: ${s.log.slice(-600)}`; throw e } finally { for (const c of clients) c.close(); await s.kill('SIGKILL'); rmSync(dataDir, { recursive: true, force: true }) }
}
async function connectAll (mk, n, at = 25) { const out = []; for (let i = 0; i < n; i += at) { const part = []; for (let j = i; j < Math.min(n, i + at); j++) part.push(mk(j)); await Promise.all(part.map(c => c.synced)); out.push(...part) } return out }
async function until (f, ms) { const end = performance.now() + ms; while (performance.now() < end) { if (f()) return true; await sleep(10) } return f() }

/** Starts counters; returns a function that gives the cost since then. */
async function meter (s, clients) {
  const d0 = await databaseCpu()
  const c0 = s.cpu(); const m0 = cpuUs(process.pid); const t0 = performance.now(); const b0 = clients.reduce((n, c) => n + c.ws.bytesIn, 0); const f0 = clients.reduce((n, c) => n + c.ws.frames, 0)
  return async delivered => {
    const db = await databaseCpu() - d0
    const wall = (performance.now() - t0) / 1000; const cpu = s.cpu() - c0
    return {
      delivered,
      perSec: Math.round(delivered / wall),
      cpuUsPerDelivered: delivered ? round(cpu / delivered, 2) : null,
      dbUsPerDelivered: delivered ? round(db / delivered, 2) : null,
      serverCpuPct: Math.round(cpu / wall / 1e4),
      clientCpuPct: Math.round((cpuUs(process.pid) - m0) / wall / 1e4),
      framesPerDelivered: delivered ? round((clients.reduce((n, c) => n + c.ws.frames, 0) - f0) / delivered, 3) : null,
      bytesPerDelivered: delivered ? round((clients.reduce((n, c) => n + c.ws.bytesIn, 0) - b0) / delivered) : null
    }
  }
}
/** A fresh connection reads the whole document: were all `n` edits kept? (not for raw servers) */
async function verify (ctx, doc, n) {
  if (ctx.a.dialect === 'raw') return null
  const c = ctx.connect(doc, { keep: true }); await c.synced; await sleep(100)
  const got = clockOf(c.kept); c.close()
  return got === n
}

// ---------------------------------------------------------------- W1: fan-out of one document
async function w1 (a) {
  const out = {}
  for (const n of opt.clients.split(',').map(Number)) {
    out[n] = await withServer(a, async ctx => {
      const ups = stream(600000); const sent = new Float64Array(ups.length); let lat = []; let total = 0; let sentN = 0
      const clients = await connectAll(i => ctx.connect('fan', { onEdits: i === 0 ? null : (_c, from, k) => { total += k; if (lat) { const now = performance.now(); for (let j = from; j < from + k; j++) lat.push(now - sent[j]) } } }), n)
      const w = clients[0]
      const send1 = () => { sent[sentN] = performance.now(); w.ws.write(w.frame(ups[sentN++])) }
      for (let i = 0; i < 20; i++) { send1(); await sleep(10) } // warm up
      await sleep(200); lat = []; let base = total
      let done = await meter(ctx.s, clients)
      const t0 = performance.now()
      for (let i = 0; i < SECS * 20; i++) { const due = t0 + i * 50; const d = due - performance.now(); if (d > 0) await sleep(d); send1() }
      await until(() => total >= (n - 1) * sentN, 2000)
      const paced = { ...await done(total - base), latencyMs: pct(lat) }
      // saturation: closed loop, WINDOW edits in flight, refilled in bursts of half a window
      const WINDOW = 128
      const run = async (secs, timed) => {
        lat = null; base = total; done = await meter(ctx.s, clients)
        const end = performance.now() + secs * 1000
        while (performance.now() < end && sentN < ups.length - WINDOW) {
          const inFlight = sentN - Math.floor(total / (n - 1))
          if (inFlight <= WINDOW / 2) { const bufs = []; for (let k = WINDOW - inFlight; k > 0; k--) bufs.push(w.frame(ups[sentN++])); w.ws.write(Buffer.concat(bufs)) }
          await new Promise(resolve => setImmediate(resolve))
        }
        if (timed) await until(() => total >= (n - 1) * sentN, 3000)
        return await done(total - base)
      }
      await run(0.7, false) // JIT warm-up
      const saturated = await run(SECS, true)
      const allDelivered = total === (n - 1) * sentN
      return { paced, saturated, allDelivered, gaps: clients.reduce((x, c) => x + c.gaps, 0), stored: await verify(ctx, 'fan', sentN), rssMB: MB(ctx.s.rss()) }
    })
  }
  return out
}

// ---------------------------------------------------------------- W2: many small documents, two clients each
async function w2 (a) {
  return withServer(a, async ctx => {
    const D = Number(opt.docs); const ups = stream(600000); const rss0 = ctx.s.rss()
    const sent = new Float64Array(D * 4096); let lat = null; let total = 0
    const st = Array.from({ length: D }, () => ({ sent: 0, got: 0 }))
    const name = i => 'doc-' + String(i).padStart(5, '0')
    const tOpen = performance.now(); const cOpen = ctx.s.cpu()
    const clients = await connectAll(j => {
      const i = j >> 1
      return ctx.connect(name(i), { onEdits: j & 1 ? (_c, from, k) => { total += k; st[i].got += k; if (lat) { const now = performance.now(); for (let x = from; x < from + k; x++) lat.push(now - sent[i * 4096 + x]) } } : null })
    }, D * 2, 50)
    const openMs = performance.now() - tOpen; const openCpuMs = (ctx.s.cpu() - cOpen) / 1000
    const writer = i => clients[i * 2]
    const send1 = i => { const k = st[i].sent++; if (k < 4096) sent[i * 4096 + k] = performance.now(); const w = writer(i); w.ws.write(w.frame(ups[k])) }
    for (let i = 0; i < D; i++) send1(i)
    await until(() => total >= D, 3000); await sleep(1000)
    const rssOpen = ctx.s.rss()
    // paced: 1000 edits/s over all documents
    lat = []; let base = total; let done = await meter(ctx.s, clients); const t0 = performance.now()
    for (let i = 0, n = SECS * 1000; i < n;) { const due = Math.min(n, Math.floor(performance.now() - t0)); while (i < due) send1(i++ % D); await sleep(2) }
    await until(() => total >= base + SECS * 1000, 2000)
    const paced = { ...await done(total - base), latencyMs: pct(lat) }
    lat = null
    const run = async (secs) => {
      base = total; done = await meter(ctx.s, clients); const end = performance.now() + secs * 1000
      while (performance.now() < end) { for (let i = 0; i < D; i++) { while (st[i].sent - st[i].got < 4) send1(i) } await new Promise(resolve => setImmediate(resolve)) }
      const want = st.reduce((n, s) => n + s.sent, 0)
      await until(() => total >= want, 3000)
      return await done(total - base)
    }
    await run(0.7)
    const saturated = await run(SECS)
    const want = st.reduce((n, s) => n + s.sent, 0)
    return { openMs: Math.round(openMs), openCpuMs: Math.round(openCpuMs), rssIdleMB: MB(rss0), rssOpenMB: MB(rssOpen), rssPerDocKB: round((rssOpen - rss0) / 1024 / D), paced, saturated, allDelivered: total === want, stored: await verify(ctx, name(7), st[7].sent), rssEndMB: MB(ctx.s.rss()) }
  })
}

// ---------------------------------------------------------------- W3: opening a document with a long history
const histories = {}
async function w3 (a) {
  if (a.dialect === 'raw') return null
  const out = {}; const N = Number(opt.history)
  const load = async (ctx, h) => {
    const rss0 = ctx.s.rss(); const cpu0 = ctx.s.cpu(); const t0 = performance.now()
    const c = ctx.connect('big', { keep: true }); await c.synced
    await until(() => c.syncLog.some(x => x[2] > h.update.length * 0.5), 60000)
    const full = c.syncLog.find(x => x[2] > h.update.length * 0.5); const step2 = c.syncLog.find(x => x[1] === 1)
    await sleep(200)
    const r = { syncedMs: round(step2[0]), emptyFirstSync: step2[2] < 100, fullMs: full ? round(full[0]) : null, bytes: c.ws.bytesIn, serverCpuMs: round((ctx.s.cpu() - cpu0) / 1000), rssBeforeMB: MB(rss0), rssAfterMB: MB(ctx.s.rss()), complete: textLength(c.kept) === h.length }
    c.close()
    return r
  }
  for (const kind of ['typing', 'random']) {
    const h = histories[kind] ??= makeHistory(kind, N)
    out[kind] = await withServer(a, async ctx => {
      const rssIdle = ctx.s.rss(); const cpu0 = ctx.s.cpu()
      const w = ctx.connect('big'); await w.synced
      const r = ctx.connect('big', { keep: true }); await r.synced
      const t0 = performance.now(); w.ws.write(w.frame(h.update))
      await until(() => r.syncLog.some(x => x[2] > h.update.length * 0.5), 60000)
      const seedMs = performance.now() - t0; const seedCpuMs = (ctx.s.cpu() - cpu0) / 1000
      await sleep(300)
      const warm = []; for (let i = 0; i < 5; i++) warm.push(await load(ctx, h))
      warm.sort((x, y) => x.fullMs - y.fullMs)
      const res = { stateBytes: h.update.length, textLength: h.length, seedMs: round(seedMs), seedCpuMs: round(seedCpuMs), rssIdleMB: MB(rssIdle), rssLoadedMB: MB(ctx.s.rss()), warm: warm[2] }
      if (a.persistent) { w.close(); r.close(); await sleep(4000); await ctx.restart('SIGTERM'); res.cold = await load(ctx, h) }
      return res
    })
  }
  if (a.persistent) {
    // the same kind of history, but sent as the N single updates a real editing session produces
    const h = histories.streamed ??= makeHistory('typing', Number(opt.streamed), { perUpdate: true })
    out.streamed = await withServer(a, async ctx => {
      const w = ctx.connect('big'); await w.synced; const c0 = ctx.s.cpu(); const t0 = performance.now()
      for (let i = 0; i < h.updates.length; i += 100) {
        w.ws.write(Buffer.concat(h.updates.slice(i, i + 100).map(u => w.frame(u))))
        while (w.ws.socket.writableLength > 65536) await sleep(1)
      }
      const probe = ctx.connect('big'); await probe.synced // server has read everything before this returns? no: poll CPU idle
      let last = -1; for (let i = 0; i < 120; i++) { await sleep(500); const c = ctx.s.cpu(); if (c - last < 20000) break; last = c }
      const seedMs = performance.now() - t0; const seedCpuMs = (ctx.s.cpu() - c0) / 1000; const rssMB = MB(ctx.s.rss())
      w.close(); probe.close(); await sleep(4000); await ctx.restart('SIGTERM')
      const cold = await load(ctx, h); await sleep(3000); await ctx.restart('SIGTERM'); const cold2 = await load(ctx, h)
      return { stateBytes: h.update.length, textLength: h.length, seedMs: Math.round(seedMs), seedCpuMs: Math.round(seedCpuMs), rssAfterSeedMB: rssMB, cold, coldAgain: cold2 }
    })
  }
  return out
}

// ---------------------------------------------------------------- W4: kill -9 after propagated edits
async function w4 (a) {
  if (!a.persistent) return null
  const trial = (secs, saturate) => withServer(a, async ctx => {
    const ups = stream(600000); const sent = new Float64Array(ups.length); let seen = 0; let n = 0
    const w = ctx.connect('dur'); await w.synced
    const r = ctx.connect('dur', { onEdits: (_c, from, k) => { seen = from + k } }); await r.synced
    await sleep(500)
    const end = performance.now() + secs * 1000
    while (performance.now() < end) {
      if (saturate) { const bufs = []; while (n - seen < 128) { sent[n] = performance.now(); bufs.push(w.frame(ups[n++])) } if (bufs.length) w.ws.write(Buffer.concat(bufs)); await new Promise(resolve => setImmediate(resolve)) } else { sent[n] = performance.now(); w.ws.write(w.frame(ups[n++])); await sleep(50) }
    }
    const tKill = performance.now(); const acked = seen
    process.kill(ctx.s.pid, 'SIGKILL'); await ctx.s.exited
    w.close(); r.close(); await ctx.restart('SIGKILL')
    const c = ctx.connect('dur', { keep: true }); await c.synced; await sleep(1500)
    const kept = clockOf(c.kept)
    return { propagated: acked, kept, lost: Math.max(0, acked - kept), lossWindowMs: kept >= acked ? 0 : Math.round(tKill - sent[kept]) }
  })
  return { type3s: [await trial(3), await trial(3), await trial(3)], type14s: [await trial(14)], saturate3s: [await trial(3, true)] }
}

// ---------------------------------------------------------------- W5: a client that stops reading
// 8 KB texts that replace each other: the text stays small, so growth is what the server queues for the slow client (and the
// history, where a server keeps that in memory). Phase 1 without a slow client is the control.
const overwrite = 8192
async function w5 (a) {
  return withServer(a, async ctx => {
    const ups = overwrites(12000, overwrite); let seen = 0; let n = 0
    const w = ctx.connect('slow'); await w.synced
    const r = ctx.connect('slow', { editLength: overwrite, onEdits: (_c, from, k) => { seen = from + k } }); await r.synced
    const slow = ctx.connect('slow'); await slow.synced
    const run = async (upTo, secs) => {
      const series = []; const t0 = performance.now(); let nextS = 0; const rss0 = ctx.s.rss(); const b0 = r.ws.bytesIn; const n0 = n; const seen0 = seen
      while (performance.now() - t0 < secs * 1000 && n < upTo && !ctx.s.dead && !w.ws.closed) {
        if (n - seen < 8) { const bufs = []; while (n - seen < 16 && n < upTo) bufs.push(w.frame(ups[n++])); w.ws.write(Buffer.concat(bufs)) }
        if (performance.now() - t0 >= nextS) { series.push(MB(ctx.s.rss())); nextS += 1000 }
        await new Promise(resolve => setImmediate(resolve))
      }
      await until(() => seen >= n || w.ws.closed, 2000)
      const rss1 = ctx.s.rss()
      return { sent: n - n0, arrived: seen - seen0, streamMB: round((r.ws.bytesIn - b0) / 1048576), rssStartMB: MB(rss0), rssEndMB: MB(rss1), growthMB: MB(rss1 - rss0), seriesMB: series }
    }
    await run(1000, 5)
    const control = await run(6000, 8)
    slow.ws.pause()
    const slowed = await run(11000, 8)
    const dropped = ctx.s.dead ? 'server died' : slow.ws.closed
    slow.close(); await sleep(1500)
    return { control, slowed, slowClientDropped: dropped, writerEndedWith: w.ws.closed ? w.ws.closeCode : null, rssAfterLeaveMB: ctx.s.dead ? null : MB(ctx.s.rss()) }
  })
}

const W = { w1, w2, w3, w4, w5 }
for (const w of opt.workloads.split(',')) {
  for (const name of opt.adapters.split(',')) {
    const t = Date.now(); let r
    try { r = await W[w](adapters[name]) } catch (e) { r = { error: String(e.stack ?? e).slice(0, 2500) } }
    if (r === null) continue
    ((results[w] ??= {})[name] = r).meta = { at: new Date().toISOString(), loadavg: loadavg(), tookS: round((Date.now() - t) / 1000) }
    mkdirSync(path.dirname(opt.out), { recursive: true })
    writeFileSync(opt.out, JSON.stringify(results, null, 1))
    writeFileSync(opt.out.replace(/\.json$/, '') + '.md', toMarkdown(results))
    console.log(w, name, r.error ?? 'ok', `${results[w][name].meta.tookS}s`)
  }
}
process.exit(0)
