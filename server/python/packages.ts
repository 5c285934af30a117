// Packages for Python in the browser: the core comes with LLMos, numpy and its like from the index that an administrator names. Only
// files that the lock file lists are ever asked for there, and only bytes with its checksum are handed on, so that neither the index
// nor an address made up in a browser decides what runs. What was fetched once is kept in the data folder.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { notFound, Problem } from '#shared/errors.ts';
import type { HandlersOf } from '../platform/http.ts';
import type { Egress } from '../platform/egress.ts';
import type { Log } from '../platform/log.ts';

type Lock = { info?: { abi_version?: string }; packages: Record<string, { file_name: string; sha256: string }> };
type Found = { text: string; sums: Map<string, string> };

export const noIndex =
  'This server has no index of Python packages: an administrator can name one with PYODIDE_INDEX_URL. The standard library, sqlite3, llmos.plot and llmos.table are here.';

const MiB = 2 ** 20;

export type Packages = ReturnType<typeof createPackages>;

/** `shipped`: the lock file that came with Pyodide. `index`: null, or an address that ends in a slash. */
export function createPackages({
  index,
  shipped,
  directory,
  egress,
  log,
}: {
  index: string | null;
  shipped: string;
  directory: string;
  egress: Egress;
  log: Log;
}) {
  const own = read(shipped)!;
  let found: Promise<Found> | null = null;

  /** That of the index, if it is for the same Python: it may list packages of its own. */
  async function askIndex(): Promise<Found> {
    try {
      const answer = await egress.request({
        url: new URL('pyodide-lock.json', index!).href,
        redirects: 2,
        timeoutMs: 20_000,
      });
      const theirs = answer.status === 200 ? read(await answer.text()) : null;
      if (theirs && abiOf(theirs.text) === abiOf(own.text)) return theirs;
      log.info({ status: answer.status }, 'packages.lock-not-taken');
      return own;
    } catch (err) {
      log.warn({ err }, 'packages.index-silent');
      found = null; // asked again with the next Python that starts
      return own;
    }
  }

  return {
    /** The lock file, and why there are no packages (null: there are). */
    async lock(): Promise<{ lock: string; noPackages: string | null }> {
      if (index === null) return { lock: own.text, noPackages: noIndex };
      return { lock: (await (found ??= askIndex())).text, noPackages: null };
    },

    async read(name: string): Promise<Buffer> {
      if (index === null) throw new Problem('unavailable', noIndex);
      const sum = (await (found ??= askIndex())).sums.get(name);
      if (!sum) throw notFound('package of that name in the lock file');
      const kept = path.join(directory, sum);
      const before = await fs.promises.readFile(kept).catch(() => null);
      if (before && sumOf(before) === sum) return before;
      const url = new URL(encodeURIComponent(name), index).href;
      const answer = await egress.request({ url, redirects: 2, maxBytes: 100 * MiB, timeoutMs: 120_000 });
      if (answer.status !== 200)
        throw new Problem('unavailable', `The index of Python packages answered ${answer.status} for ${name}.`);
      const bytes = await answer.bytes();
      if (sumOf(bytes) !== sum)
        throw new Problem(
          'unavailable',
          `What the index of Python packages sent for ${name} is not what the lock file says.`,
        );
      await keep(kept, bytes);
      return bytes;
    },
  };

  async function keep(file: string, bytes: Buffer): Promise<void> {
    const part = `${file}.${crypto.randomBytes(4).toString('hex')}`;
    try {
      await fs.promises.mkdir(directory, { recursive: true });
      await fs.promises.writeFile(part, bytes);
      await fs.promises.rename(part, file);
    } catch (err) {
      log.warn({ err }, 'packages.not-kept'); // fetched again next time
    }
  }
}

function read(text: string): Found | null {
  try {
    const lock = JSON.parse(text) as Lock;
    const files = Object.values(lock.packages).map(({ file_name: name, sha256 }) => [name, sha256] as const);
    const good = files.every(([name, sum]) => /^[\w.+-]+$/.test(name) && /^[0-9a-f]{64}$/.test(sum));
    return good ? { text, sums: new Map(files) } : null;
  } catch {
    return null;
  }
}

const abiOf = (lock: string) => (JSON.parse(lock) as Lock).info?.abi_version;
const sumOf = (bytes: Buffer) => crypto.createHash('sha256').update(bytes).digest('hex');

export function pythonRoutes(packages: Packages): HandlersOf<'GET /python' | 'GET /python/packages/:name'> {
  return {
    'GET /python': () => packages.lock(),
    'GET /python/packages/:name': async ({ params }) =>
      new Response(new Uint8Array(await packages.read(params.name)), {
        headers: { 'content-type': 'application/octet-stream', 'cache-control': 'private, max-age=86400' },
      }),
  };
}
