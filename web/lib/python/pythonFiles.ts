// What Python starts from: the files of Pyodide (cached by the browser for ever, their address has the version), the worker's text, the
// lock file, and a snapshot of the memory of a Python that has just started, which this browser keeps.
import { pyodideVersion, type PythonFiles } from '#shared/sandbox.ts';
import type { Api } from '#lib/api.ts';

const base = `/pyodide/${pyodideVersion}/`;
/** Bytes that come over the line are known only after compression; these are those of the whole files, for the progress. */
const sizes = { 'pyodide.asm.wasm': 9_600_000, 'python_stdlib.zip': 2_550_000, 'pyodide.asm.mjs': 1_250_000 } as const;
const all = Object.values(sizes).reduce((sum, size) => sum + size, 0);

export type Loading = { share: number; words: string };

/** `told`: how far it is, 0 to 1. */
export async function loadFiles({
  api,
  told,
}: {
  api: Api;
  told: (share: number) => void;
}): Promise<PythonFiles & { key: string }> {
  let got = 0;
  const read = async (address: string, counted = false): Promise<ArrayBuffer> => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
    if (!counted || !answer.body) return answer.arrayBuffer();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      told(Math.min(1, (got += value.length) / all));
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole.buffer;
  };
  // the snapshot is read beside the files, as soon as it is known which
  const mine = async () => {
    const [worker, python] = await Promise.all([read('/sandbox/py-worker.js'), api('GET /python')]);
    const key = await keyOf(worker, python.lock);
    return { worker, ...python, snapshot: await readSnapshot(key), key };
  };
  const [own, pyodide, asm, wasm, stdlib] = await Promise.all([
    mine(),
    read(`${base}pyodide.mjs`),
    read(`${base}pyodide.asm.mjs`, true),
    read(`${base}pyodide.asm.wasm`, true),
    read(`${base}python_stdlib.zip`, true),
  ]);
  return { ...own, pyodide, asm, wasm, stdlib };
}

/** A snapshot belongs to exactly this worker, this Pyodide and this lock file. */
async function keyOf(worker: ArrayBuffer, lock: string): Promise<string> {
  if (!globalThis.crypto.subtle) return '';
  const text = new TextEncoder().encode(lock);
  const both = new Uint8Array(worker.byteLength + text.length);
  both.set(new Uint8Array(worker));
  both.set(text, worker.byteLength);
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', both));
  return `${pyodideVersion}-${[...sum.slice(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const cacheName = 'llmos-python';
const addressOf = (key: string) => `/sandbox/snapshot-${key}`;

async function readSnapshot(key: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const kept = key ? await (await caches.open(cacheName)).match(addressOf(key)) : undefined;
    return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
  } catch {
    return null; // no such store here (plain http), or it is full: Python starts from the beginning
  }
}

/** One is kept; older ones go. */
export async function keepSnapshot(key: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    if (!key) return;
    const cache = await caches.open(cacheName);
    for (const old of await cache.keys()) await cache.delete(old);
    await cache.put(addressOf(key), new Response(data, { headers: { 'content-type': 'application/octet-stream' } }));
  } catch {
    // next time from the beginning
  }
}

export async function forgetSnapshot(): Promise<void> {
  await caches.delete(cacheName).catch(() => false);
}
