import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import net from 'node:net'

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
/** CPU time of a process, all threads, in µs. schedstat counts nanoseconds; /proc/PID/stat only 10 ms ticks. */
export function cpuUs (pid) {
  let ns = 0
  for (const t of readdirSync(`/proc/${pid}/task`)) { try { ns += Number(readFileSync(`/proc/${pid}/task/${t}/schedstat`, 'utf8').split(' ')[0]) } catch {} }
  return ns / 1000
}
export function rss (pid) { const m = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')); return m ? Number(m[1]) * 1024 : 0 }
export const loadavg = () => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])

let nextPort = 18100 + Math.floor(Math.random() * 800)
const canConnect = port => new Promise(resolve => { const s = net.connect(port, '127.0.0.1', () => { s.destroy(); resolve(true) }); s.on('error', () => resolve(false)) })

export async function startServer (adapter, dataDir) {
  const port = nextPort++
  const spec = await adapter.start({ port, dataDir })
  const child = spawn(spec.cmd, spec.args, { cwd: spec.cwd, env: { ...process.env, NODE_ENV: 'production', ...spec.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const grab = d => { if (log.length < 20000) log += d }
  child.stdout.on('data', grab); child.stderr.on('data', grab)
  const exited = new Promise(resolve => child.on('exit', (code, sig) => resolve({ code, sig })))
  let dead = null; exited.then(e => { dead = e })
  for (let i = 0; i < 1200 && !dead; i++) { if (await canConnect(port)) break; await sleep(50) }
  if (dead) throw new Error('server did not start: ' + log.slice(0, 800))
  await sleep(150)
  // what a server does once at its start is no part of the workload
  for (let i = 0, before = cpuUs(child.pid); adapter.settles && i < 40 && !dead; i++) {
    await sleep(500)
    const now = cpuUs(child.pid)
    if (now - before < 15000) break
    before = now
  }
  return {
    port,
    pid: child.pid,
    exited,
    get dead () { return dead },
    get log () { return log },
    cpu: () => cpuUs(child.pid),
    rss: () => rss(child.pid),
    kill: async sig => { if (!dead) { child.kill(sig); const t = setTimeout(() => child.kill('SIGKILL'), 6000); await exited; clearTimeout(t) } }
  }
}
