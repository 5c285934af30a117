// What native git does better than isomorphic-git, when it is on PATH: reading objects (a process kept open), listing trees with
// sizes, packing loose objects. Nothing here needs an index or a work tree, and everything has a way without it.
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';

export type GitObject = { type: string; data: Buffer };
/** `name`: an oid, or `<commit>:<path>`. Null: there is no such object. */
export type ObjectReader = { read: (name: string) => Promise<GitObject | null>; close: () => void };
export type NativeGit = {
  version: string;
  /** `most`: bytes of its answer; a longer one is an error (`isTooLong`) and ends it. */
  run: (gitdir: string, args: string[], most?: number) => Promise<Buffer>;
  openReader: (gitdir: string) => ObjectReader;
};

const execute = promisify(execFile);
/** Geometric repacking came with 2.32. */
const leastVersion = [2, 32] as const;

/** Null when there is no git, or one that is too old. `searchPath`: the PATH to look it up in. */
export async function openNativeGit({ searchPath }: { searchPath: string }): Promise<NativeGit | null> {
  const env = cleanEnvironment(searchPath);
  const version = await execute('git', ['version'], { env }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [major, minor] = (/(\d+)\.(\d+)/.exec(version)?.slice(1) ?? ['0', '0']).map(Number) as [number, number];
  if (major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1])) return null;
  return {
    version: version.trim(),
    async run(gitdir, args, most = 2 ** 28) {
      const child = execute('git', ['--git-dir', gitdir, ...args], { env, maxBuffer: most, encoding: 'buffer' });
      child.child.on('spawn', () => yieldTo(child.child.pid!));
      return (await child).stdout;
    },
    openReader: (gitdir) => openReader(() => spawn('git', ['--git-dir', gitdir, 'cat-file', '--batch'], { env })),
  };
}

/** Did `run` end because the answer was longer than it may be? */
export const isTooLong = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

/** Nothing of the environment or of a home folder reaches git: GIT_DIR, hooks, aliases, credentials, proxies. */
export const cleanEnvironment = (searchPath: string): Record<string, string> => ({
  PATH: searchPath,
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: os.devNull,
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
});

/** Git's own work waits behind the server's. */
function yieldTo(pid: number): void {
  try {
    os.setPriority(pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended already
  }
}

type Waiting = { resolve: (answer: GitObject | null) => void; reject: (error: Error) => void };

/** `git cat-file --batch`: one request, one answer, in order. The process starts with the first request and again after a death. */
function openReader(start: () => ChildProcessWithoutNullStreams): ObjectReader {
  let open: { child: ChildProcessWithoutNullStreams; waiting: Waiting[] } | null = null;

  function begin() {
    const child = start();
    const waiting: Waiting[] = [];
    const mine = { child, waiting };
    child.stdout.on('data', readAnswers(waiting));
    child.stderr.resume();
    child.stdin.on('error', () => undefined); // it died; 'close' says so
    child.on('error', () => undefined);
    child.on('close', () => {
      if (open === mine) open = null;
      for (const { reject } of waiting.splice(0)) reject(new Error('git cat-file ended'));
    });
    return mine;
  }

  return {
    read: (name) =>
      new Promise((resolve, reject) => {
        if (name.includes('\n')) return resolve(null);
        open ??= begin();
        open.waiting.push({ resolve, reject });
        open.child.stdin.write(name + '\n');
      }),
    close() {
      open?.child.stdin.end();
      open = null;
    },
  };
}

/** Puts answers together: a header line `<oid> <type> <size>`, the bytes, a newline; or one line when there is no such object. */
function readAnswers(waiting: Waiting[]): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let size = 0;
  let header: { end: number; type: string; need: number } | null = null;
  const joined = () => {
    if (chunks.length > 1) chunks = [Buffer.concat(chunks)];
    return chunks[0]!;
  };
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    while (waiting.length > 0 && size > 0) {
      if (!header) {
        const end = joined().indexOf(10) + 1;
        if (end === 0) return;
        const found = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(joined().toString('utf8', 0, end - 1));
        header = found ? { end, type: found[1]!, need: end + Number(found[2]) + 1 } : { end, type: '', need: end };
      }
      if (size < header.need) return;
      const all = joined();
      const data = all.subarray(header.end, Math.max(header.end, header.need - 1));
      waiting.shift()!.resolve(header.type ? { type: header.type, data: Buffer.from(data) } : null);
      chunks = [all.subarray(header.need)];
      size -= header.need;
      header = null;
    }
  };
}
