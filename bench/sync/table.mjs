import { readFileSync } from 'node:fs'
const row = cells => '| ' + cells.join(' | ') + ' |'
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
const ratio = (x, y) => x && y ? (x / y).toFixed(2) : '-'
const ent = o => Object.entries(o).filter(([, v]) => !v.error)

export function toMarkdown (res) {
  const out = []
  if (res.w1) {
    const ns = [...new Set(ent(res.w1).flatMap(([, v]) => Object.keys(v).filter(k => k !== 'meta')))]
    for (const n of ns) {
      const base = res.w1['raw-ws']?.[n]
      out.push(`### W1 fan-out, N=${n}`, table(
        ['server', 'paced p50 ms', 'paced p99 ms', 'paced CPU µs/deliv', 'database', 'saturated deliv/s', '÷ raw-ws', 'sat CPU µs/deliv', 'database', '÷ raw-ws', 'frames/deliv', 'server CPU %', 'client CPU %', 'all ok'],
        ent(res.w1).filter(([, v]) => v[n]).map(([k, v]) => { const x = v[n]; return [k, x.paced.latencyMs.p50, x.paced.latencyMs.p99, x.paced.cpuUsPerDelivered, x.paced.dbUsPerDelivered, x.saturated.perSec, ratio(x.saturated.perSec, base?.saturated.perSec), x.saturated.cpuUsPerDelivered, x.saturated.dbUsPerDelivered, ratio(x.saturated.cpuUsPerDelivered, base?.saturated.cpuUsPerDelivered), x.saturated.framesPerDelivered, x.saturated.serverCpuPct, x.saturated.clientCpuPct, x.allDelivered && x.stored !== false] })))
    }
  }
  if (res.w2) {
    const base = res.w2['raw-ws']
    out.push('### W2 many documents', table(
      ['server', 'open CPU ms', 'RSS KB/doc (incl. 2 sockets)', 'paced p50 ms', 'paced p99', 'paced CPU µs/deliv', 'database', 'saturated deliv/s', '÷ raw-ws', 'sat CPU µs/deliv', 'database', '÷ raw-ws', 'server CPU %', 'client CPU %', 'all ok'],
      ent(res.w2).map(([k, v]) => [k, v.openCpuMs, v.rssPerDocKB, v.paced.latencyMs.p50, v.paced.latencyMs.p99, v.paced.cpuUsPerDelivered, v.paced.dbUsPerDelivered, v.saturated.perSec, ratio(v.saturated.perSec, base?.saturated.perSec), v.saturated.cpuUsPerDelivered, v.saturated.dbUsPerDelivered, ratio(v.saturated.cpuUsPerDelivered, base?.saturated.cpuUsPerDelivered), v.saturated.serverCpuPct, v.saturated.clientCpuPct, v.allDelivered && v.stored !== false])))
  }
  if (res.w3) {
    for (const kind of ['typing', 'random', 'streamed']) {
      out.push(`### W3 long history: ${kind}`, table(
        ['server', 'state KB', 'seed ms', 'seed CPU ms', 'load', 'step2 ms', 'full content ms', 'empty first sync', 'bytes', 'server CPU ms', 'RSS before→after MB', 'complete'],
        ent(res.w3).filter(([, v]) => v[kind]).flatMap(([k, v]) => { const x = v[kind]; return ['warm', 'cold', 'coldAgain'].filter(m => x[m]).map(m => [k, Math.round(x.stateBytes / 1024), x.seedMs, x.seedCpuMs, m, x[m].syncedMs, x[m].fullMs, x[m].emptyFirstSync, x[m].bytes, x[m].serverCpuMs, `${x[m].rssBeforeMB}→${x[m].rssAfterMB}`, x[m].complete]) })))
    }
  }
  if (res.w4) {
    out.push('### W4 kill -9', table(['server', 'scenario', 'propagated', 'kept', 'lost', 'loss window ms'],
      ent(res.w4).flatMap(([k, v]) => Object.entries(v).filter(([s]) => s !== 'meta').flatMap(([s, ts]) => ts.map(t => [k, s, t.propagated, t.kept, t.lost, t.lossWindowMs])))))
  }
  if (res.w5) {
    out.push('### W5 slow reader', table(['server', 'control: stream MB, RSS growth MB', 'slow: stream MB', 'RSS growth MB', 'growth ÷ stream', 'dropped slow client', 'writer ended with', 'RSS after it left'],
      ent(res.w5).map(([k, v]) => [k, `${v.control.streamMB}, ${v.control.growthMB}`, v.slowed.streamMB, `${v.slowed.growthMB} (${v.slowed.rssStartMB}→${v.slowed.rssEndMB})`, ratio(v.slowed.growthMB, v.slowed.streamMB), v.slowClientDropped, v.writerEndedWith ?? '', v.rssAfterLeaveMB])))
  }
  if (res.w6) {
    const base = res.w6['raw-ws']
    out.push('### W6 everyone types (extra)', table(['server', 'clients × edits/s', 'delivered/s', 'p50 ms', 'p99 ms', 'CPU µs/deliv', '÷ raw-ws', 'frames/deliv', 'server CPU %', 'complete'],
      ent(res.w6).map(([k, v]) => [k, `${v.clients} × ${v.rate}`, v.perSec, v.p50, v.p99, v.cpuUsPerDelivered, ratio(v.cpuUsPerDelivered, base?.cpuUsPerDelivered), v.framesPerDelivered, v.serverCpuPct, v.complete])))
  }
  for (const [w, o] of Object.entries(res)) for (const [k, v] of Object.entries(o)) if (v.error) out.push(`${w} ${k} FAILED: ${v.error.split('\n')[0]}`)
  return out.join('\n\n') + '\n'
}
if (process.argv[1]?.endsWith('table.mjs')) console.log(toMarkdown(JSON.parse(readFileSync(process.argv[2] ?? 'results/latest.json', 'utf8'))))
