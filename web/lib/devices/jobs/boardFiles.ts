// Files of a board, by small programs in its raw REPL. A file is written beside its place, checked there, and only then renamed: whatever
// happens to the board or the network in the middle, a half-written file is never taken for a whole one.
import type { BoardEntry } from '#shared/devices.ts';
import { hasSum, pythonText as text, runPython, sumProgram } from './boardPython.ts';
import { joined } from '../joined.ts';
import { fromBase64, sha256Hex, toBase64 } from './bytes.ts';
import { JobFailure } from './jobFailure.ts';
import type { RawRepl } from './rawRepl.ts';

/** What a file in the making is called. One name for each path: what was left lying is written over and never piles up. */
export const unfinishedSuffix = '.llmos-part';
const replacedSuffix = '.llmos-old';
const mostEntries = 2000;
const mostFileBytes = 32 * 1024 * 1024;
const chunkBytes = 1024;

type OnBoard = { repl: RawRepl; path: string };
export type Progress = (done: number | null, note: string) => void;

/** Folders first. */
export async function listFolder({ repl, path }: OnBoard): Promise<BoardEntry[]> {
  const lines = await runPython({
    repl,
    about: path,
    idleMs: 15_000,
    code: `
def _f():
 import os
 try:
  import json
 except ImportError:
  import ujson as json
 p=${text(path)}
 b=p.rstrip('/')+'/'
 try:
  a=os.ilistdir(p)
 except AttributeError:
  a=((n,0) for n in os.listdir(p))
 n=0
 for e in a:
  n+=1
  if n>${mostEntries}:
   break
  t=e[1]
  s=e[3] if len(e)>3 else -1
  if not t or s<0:
   try:
    q=os.stat(b+e[0])
    t,s=q[0],q[6]
   except OSError:
    s=0
  print(json.dumps([e[0],1 if t&0x4000 else 0,s]))
_f()
del _f`,
  });
  const entries = lines.map(entryOf);
  return entries.sort((a, b) => Number(b.folder) - Number(a.folder) || (a.name < b.name ? -1 : 1));
}

function entryOf(line: string): BoardEntry {
  try {
    const [name, folder, bytes] = JSON.parse(line) as [unknown, unknown, unknown];
    if (typeof name === 'string' && typeof bytes === 'number')
      return { name, folder: folder === 1, bytes: folder === 1 ? 0 : bytes };
  } catch {
    // said below, as of a line that is JSON and no entry
  }
  throw new JobFailure(
    'failed',
    'Something else on the board writes to the console, into the list of files. Stop it and try again.',
  );
}

export async function makeFolder({ repl, path }: OnBoard): Promise<void> {
  await runPython({ repl, about: path, idleMs: 10_000, code: `import os\nos.mkdir(${text(path)})` });
}

export async function renameFile({ repl, path, to }: OnBoard & { to: string }): Promise<void> {
  const said = await runPython({
    repl,
    about: path,
    idleMs: 10_000,
    // Some file systems would rename over a file without a word.
    code: `
def _f(p,n):
 import os
 try:
  os.stat(n)
 except OSError:
  pass
 else:
  print('there')
  return
 ${atRoot('os.rename(p[1:],n[1:])')}
_f(${text(path)},${text(to)})
del _f`,
  });
  if (said.length > 0) throw new JobFailure('failed', `${to} is there already.`);
}

/** A file, or a folder with all that is in it. */
export async function removeFile({ repl, path }: OnBoard): Promise<void> {
  await runPython({
    repl,
    about: path,
    idleMs: 60_000,
    code: `
def _f(p):
 import os
 if os.stat(p)[0]&0x4000:
  for n in os.listdir(p):
   _f(p+'/'+n)
  os.rmdir(p)
 else:
  os.remove(p)
_f(${text(path)})
del _f`,
  });
}

export async function readFile({
  repl,
  path,
  progress,
}: OnBoard & { progress: Progress }): Promise<Uint8Array<ArrayBuffer>> {
  // Something else on the board (a timer, a thread) may print in between: the sum says so, and a second try may pass.
  for (let attempt = 1; ; attempt++) {
    const bytes = await readOnce({ repl, path, progress });
    if (bytes) return bytes;
    if (attempt === 2)
      throw new JobFailure(
        'mismatch',
        `What arrived is not what ${path} holds: something else on the board writes to the console.`,
      );
  }
}

async function readOnce({
  repl,
  path,
  progress,
}: OnBoard & { progress: Progress }): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let [size, have, torn, sum] = [-1, 0, false, ''];
  await runPython({
    repl,
    about: path,
    idleMs: 15_000,
    onLine(line) {
      if (line.startsWith('#')) size = Number(line.slice(1));
      else if (line.startsWith('=')) sum = line.slice(1);
      else {
        const part = fromBase64(line);
        torn ||= part === null;
        if (part === null || have > size) return;
        parts.push(part);
        have += part.length;
        progress(Math.min(1, have / size), `${have} of ${size} bytes`);
      }
    },
    code: `
def _f():
 import os${sumProgram.begin}
 q=os.stat(${text(path)})
 if q[0]&0x4000:
  raise OSError(21)
 print('#%d'%q[6])
 if q[6]>${mostFileBytes}:
  return
 b=bytearray(768)
 m=memoryview(b)
 with open(${text(path)},'rb') as f:
  while 1:
   n=f.readinto(b)
   if not n:
    break
   x=m[:n]${sumProgram.add}
   print(b2a_base64(x).decode().strip())${sumProgram.end}
_f()
del _f`,
  });
  if (size > mostFileBytes) throw new JobFailure('failed', `${path} has ${size} bytes: more than can be fetched.`);
  const bytes = joined(parts);
  return !torn && bytes.length === size && hasSum(bytes, sum) !== false ? bytes : null;
}

export async function writeFile({
  repl,
  path,
  bytes,
  progress,
}: OnBoard & { bytes: Uint8Array; progress: Progress }): Promise<void> {
  const beside = path + unfinishedSuffix;
  await runPython({ repl, about: path, idleMs: 15_000, code: beginning({ path, beside, bytes: bytes.length }) });
  let step = chunkBytes;
  for (let at = 0; at < bytes.length;) {
    const part = bytes.subarray(at, at + step);
    try {
      // seek: a second, smaller try writes over what the first one may have left
      const code = `_w.seek(${at})\nif _w.write(_d(b'${toBase64(part)}'))!=${part.length}:\n raise OSError(28)`;
      await runPython({ repl, about: path, idleMs: 15_000, code });
    } catch (error) {
      if (!(error instanceof JobFailure) || !error.message.includes('MemoryError') || step <= 64) throw error;
      step /= 2;
      continue;
    }
    at += part.length;
    progress(at / bytes.length, `${at} of ${bytes.length} bytes`);
  }
  await runPython({ repl, about: path, idleMs: 15_000, code: '_w.close()\ndel _w,_d' });
  progress(1, 'checking');
  await checkWritten({ repl, path: beside, bytes });
  await runPython({ repl, about: path, idleMs: 15_000, code: putInPlace({ path, beside }) });
}

/** After a write that failed on a board that still answers: the unfinished file goes. */
export async function removeUnfinished({ repl, path }: OnBoard): Promise<void> {
  const code = `
try:
 _w.close()
 del _w,_d
except NameError:
 pass
import os
os.remove(${text(path + unfinishedSuffix)})`;
  await runPython({ repl, about: path, idleMs: 5_000, code });
}

const beginning = ({ path, beside, bytes }: { path: string; beside: string; bytes: number }) => `
import os
try:
 from binascii import a2b_base64 as _d
except ImportError:
 from ubinascii import a2b_base64 as _d
def _f():
 try:
  m=os.stat(${text(path)})[0]
 except OSError:
  m=0
 if m&0x4000:
  raise OSError(21)
 try:
  v=os.statvfs(${text(path.slice(0, path.lastIndexOf('/')) || '/')})
 except (AttributeError,OSError):
  return
 if v[1]*(v[3]-1)<${bytes}:
  raise OSError(28)
_f()
del _f
_w=open(${text(beside)},'wb')`;

/** Where a rename does not replace (FAT), the old file is set aside until the new one is in its place. */
const putInPlace = ({ path, beside }: { path: string; beside: string }) => `
def _r(p,n,o):
 import os
 try:
  os.rename(n,p)
 except OSError:
  try:
   os.remove(o)
  except OSError:
   pass
  os.rename(p,o)
  try:
   os.rename(n,p)
  except OSError:
   os.rename(o,p)
   raise
  os.remove(o)
def _f():
 import os
 ${atRoot(`_r(${[path, beside, path + replacedSuffix].map((one) => text(one.slice(1))).join()})`)}
 try:
  os.sync()
 except AttributeError:
  pass
_f()
del _f,_r`;

/** The rename of MicroPython's POSIX file system (a virtual board has it) mixes up two absolute names. */
const atRoot = (statement: string) => `c=os.getcwd();os.chdir('/')
 try:
  ${statement}
 finally:
  os.chdir(c)`;

/** Before the rename: what the flash of the board holds, not what was sent. */
async function checkWritten({ repl, path, bytes }: OnBoard & { bytes: Uint8Array }): Promise<void> {
  const [length, sum] = await runPython({
    repl,
    about: path,
    idleMs: 60_000,
    code: `
def _f():${sumProgram.begin}
 b=bytearray(768)
 m=memoryview(b)
 t=0
 with open(${text(path)},'rb') as f:
  while 1:
   n=f.readinto(b)
   if not n:
    break
   t+=n
   x=m[:n]${sumProgram.add}
 print(t)${sumProgram.end}
_f()
del _f`,
  });
  const same = Number(length) === bytes.length && hasSum(bytes, (sum ?? '').slice(1));
  if (same === true) return;
  if (same === 'none') {
    const read = await readFile({ repl, path, progress: () => {} });
    if (sha256Hex(read) === sha256Hex(bytes)) return;
  }
  throw new JobFailure('mismatch', 'What the board wrote is not what was sent.');
}
