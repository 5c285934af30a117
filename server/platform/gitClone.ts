// The files of somebody else's repository, for an import: the newest version of its main branch, without history, by native git. The
// address is checked like every outbound one, git connects to the very address that was checked, speaks https only, follows no
// redirect, runs no hooks, and is stopped when it takes too long or too much.
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Problem } from '#shared/errors.ts';
import type { Egress } from './egress.ts';
import { cleanEnvironment, isTooLong, type NativeGit } from './nativeGit.ts';

export type ClonedFile = { path: string; content: Buffer };
export type Clone = { oid: string; files: ClonedFile[]; skipped: { path: string; why: string }[] };
export type CloneLimits = { entries: number; bytes: number; milliseconds: number };

/** Bytes of the listing for each of the entries that may be there. */
const longestLine = 1024;
const defaults: CloneLimits = { entries: 10_000, bytes: 200 * 2 ** 20, milliseconds: 120_000 };
/** `http.curloptResolve` came with 2.37. */
const leastVersion = [2, 37] as const;

export type GitClone = (clone: { url: string; limits?: CloneLimits }) => Promise<Clone>;

/** `searchPath`: the PATH with git in it. `certificates`: a file of further authorities that are believed (tests). */
export function createGitClone({
  native,
  egress,
  searchPath,
  certificates,
}: {
  native: NativeGit | null;
  egress: Pick<Egress, 'check'>;
  searchPath: string;
  certificates?: string;
}): GitClone {
  return async ({ url: given, limits = defaults }) => {
    const [major, minor] = (/(\d+)\.(\d+)/.exec(native?.version ?? '')?.slice(1) ?? ['0', '0']).map(Number) as [
      number,
      number,
    ];
    if (!native || major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1]))
      throw new Problem(
        'unavailable',
        'Importing from an address needs git 2.37 or newer on the server. An archive works without.',
      );
    const { url, address } = await egress.check(given);
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'llmos-clone-'));
    try {
      const port = url.port || (url.protocol === 'https:' ? '443' : '80');
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const settings = {
        'protocol.allow': 'never',
        [`protocol.${url.protocol === 'http:' ? 'http' : 'https'}.allow`]: 'always',
        'http.followRedirects': 'false',
        'http.curloptResolve': `${host}:${port}:${address.includes(':') ? `[${address}]` : address}`,
        'http.lowSpeedLimit': '1000',
        'http.lowSpeedTime': '20',
        'core.hooksPath': os.devNull,
        'credential.helper': '',
        'transfer.fsckObjects': 'true',
        ...(certificates ? { 'http.sslCAInfo': certificates } : {}),
      };
      await fetchInto({
        directory,
        searchPath,
        limits,
        host: url.host,
        args: [
          ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
          ...['clone', '--quiet', '--bare', '--depth', '1', '--single-branch', '--no-tags', '--end-of-options'],
          url.href,
          path.join(directory, 'clone.git'),
        ],
      });
      return await readTree({ native, gitdir: path.join(directory, 'clone.git'), limits });
    } finally {
      await fs.rm(directory, { recursive: true, force: true });
    }
  };
}

function fetchInto({
  directory,
  searchPath,
  args,
  limits,
  host,
}: {
  directory: string;
  searchPath: string;
  args: string[];
  limits: CloneLimits;
  host: string;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      env: { ...cleanEnvironment(searchPath), HOME: directory },
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let told = '';
    let why: Problem | null = null;
    const stop = (problem: Problem) => {
      why ??= problem;
      try {
        process.kill(-child.pid!, 'SIGKILL'); // git has children that do the fetching
      } catch {
        // it has ended already
      }
    };
    const late = setTimeout(
      () => stop(new Problem('unavailable', `${host} took longer than ${limits.milliseconds / 1000} s.`)),
      limits.milliseconds,
    );
    const watch = setInterval(() => {
      void sizeOf(directory).then((size) => {
        if (size > limits.bytes)
          stop(new Problem('too-large', `The repository is larger than ${limits.bytes / 2 ** 20} MiB.`));
      });
    }, 200);
    child.stderr.on('data', (chunk: Buffer) => (told = (told + chunk.toString('utf8')).slice(-2000)));
    child.on('error', () => (why ??= new Problem('unavailable', 'git could not be started on the server.')));
    child.on('close', (code) => {
      clearTimeout(late);
      clearInterval(watch);
      if (code === 0 && !why) return resolve();
      reject(
        why ??
          new Problem('invalid', `The repository could not be read from ${host}${reasonIn(told)}.`, undefined, 422),
      );
    });
  });
}

/** The few things that git says which help a person; the rest may quote what a stranger's server sent. */
function reasonIn(told: string): string {
  if (/certificate|SSL/i.test(told)) return ': its certificate is not good';
  if (/ not found|could not read Username|Authentication failed|returned error: 40[134]/i.test(told))
    return ': it is not there, or not public';
  if (/redirect/i.test(told)) return ': it sends to another address; use that one';
  if (/fsck|bad object|corrupt/i.test(told)) return ': it is damaged';
  return '';
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await fs.readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      fs.stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function readTree({
  native,
  gitdir,
  limits,
}: {
  native: NativeGit;
  gitdir: string;
  limits: CloneLimits;
}): Promise<Clone> {
  const oid = (
    await native.run(gitdir, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']).catch(() => Buffer.alloc(0))
  )
    .toString('utf8')
    .trim();
  if (!oid) throw new Problem('invalid', 'The repository is empty.', undefined, 422);
  const tooMany = () =>
    new Problem('too-large', `The repository has more than ${limits.entries.toLocaleString('en')} files.`);
  // a tree may hold another one many times over, so that a few objects unfold to files without end
  const listing = await native
    .run(gitdir, ['ls-tree', '-r', '-z', '-l', '--full-tree', oid], limits.entries * longestLine)
    .catch((error: unknown) => {
      throw isTooLong(error) ? tooMany() : error;
    });
  const clone: Clone = { oid, files: [], skipped: [] };
  const wanted: { path: string; blob: string }[] = [];
  let bytes = 0;
  for (const line of splitZero(listing)) {
    const tab = line.indexOf(9);
    const [mode, type, blob, size] = line.toString('latin1', 0, tab).split(/ +/) as [string, string, string, string];
    const name = line.subarray(tab + 1).toString('utf8');
    if (type !== 'blob') clone.skipped.push({ path: name, why: 'a submodule' });
    else if (mode === '120000') clone.skipped.push({ path: name, why: 'a link' });
    else if (!Buffer.from(name).equals(line.subarray(tab + 1)))
      clone.skipped.push({ path: name, why: 'its name is not Unicode' });
    else {
      wanted.push({ path: name, blob });
      bytes += Number(size);
    }
    if (wanted.length + clone.skipped.length > limits.entries) throw tooMany();
    if (bytes > limits.bytes)
      throw new Problem('too-large', `The repository is larger than ${limits.bytes / 2 ** 20} MiB.`);
  }
  const reader = native.openReader(gitdir);
  try {
    for (const { path: name, blob } of wanted) {
      const object = await reader.read(blob);
      if (!object) throw new Problem('invalid', 'The repository is damaged.', undefined, 422);
      clone.files.push({ path: name, content: object.data });
    }
  } finally {
    reader.close();
  }
  return clone;
}

function* splitZero(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    yield bytes.subarray(at, end);
    at = end + 1;
  }
}
