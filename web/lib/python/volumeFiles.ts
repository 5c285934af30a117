// Files between a volume and Python: which ones a text names, how they are read before a run, and how what Python wrote goes back.
import type { FileEntry } from '#shared/api.ts';
import { isProblem } from '#shared/errors.ts';
import type { SandboxFile } from '#shared/sandbox.ts';
import type { Api } from '#lib/api.ts';

type Listed = Pick<FileEntry, 'path' | 'kind' | 'size'>;
export type ReadFile = SandboxFile & {
  /** A version that holds just this text, for a merge when it is written back. */ etag: string | null;
};

const most = { files: 100, bytes: 32 * 2 ** 20 };

/**
 * Paths of the volume that a Python text names: in its strings (`open('data/a.csv')`), in a comment `# files: data/*.csv`, and modules
 * beside it that it imports. Folders named in strings bring what is in them.
 */
export function namedPaths({
  code,
  path = '',
  files,
}: {
  code: string;
  path?: string;
  files: readonly Listed[];
}): string[] {
  const found = new Set<string>();
  const all = new Map(files.map((file) => [file.path, file]));
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  const add = (wanted: string) => {
    const clean = wanted
      .replace(/^(\.\/)+/, '')
      .replace(/^\/volume\//, '')
      .replace(/\/$/, '');
    if (clean === '') return;
    if (all.has(clean)) found.add(clean);
    else if (/[*?]/.test(clean)) {
      const fits = globOf(clean);
      for (const name of all.keys()) if (fits(name)) found.add(name);
    } else for (const name of all.keys()) if (name.startsWith(`${clean}/`) && clean.length > 1) found.add(name);
  };
  for (const [, line] of code.matchAll(/^[ \t]*#[ \t]*files:[ \t]*(.+)$/gm))
    for (const one of line!.split(/[,\s]+/)) add(one);
  for (const match of code.matchAll(/(?<!\w)[rRbBuUfF]{0,2}("""|'''|"|')((?:(?!\1)[^\\\n]|\\.)*)\1/g)) {
    const words = match[2]!;
    if (words.length <= 500 && !words.includes('\n')) add(words);
  }
  for (const [, from, plain] of code.matchAll(/^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))/gm))
    for (const name of (from ?? plain!).split(',')) {
      const module = name.trim().split(/\s/)[0]!.replaceAll('.', '/');
      for (const base of new Set([folder, ''])) {
        for (const file of [`${base}${module}.py`, `${base}${module}/__init__.py`])
          if (all.has(file) && file !== path) found.add(file);
        const top = `${base}${module.split('/')[0]}/`;
        if (module && all.has(`${top}__init__.py`))
          for (const file of all.keys()) if (file.startsWith(top) && file.endsWith('.py')) found.add(file);
      }
    }
  return [...found].sort().slice(0, most.files);
}

/** `*` within a name, `**` across folders. */
export function globOf(pattern: string): (path: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (mark) => (mark === '?' ? '[^/]' : mark === '*' ? '[^/]*' : '(?:.*/)?'))
    .replace(/\(\?:\.\*\/\)\?$/, '.*');
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}

/** What is named, and what the modules among it name. */
export async function readNamed({
  api,
  volume,
  files,
  code,
  path,
}: {
  api: Api;
  volume: string;
  files: readonly Listed[];
  code: string;
  path?: string;
}): Promise<ReadFile[]> {
  const read = new Map<string, ReadFile>();
  let wanted = namedPaths({ code, files, ...(path && { path }) });
  for (let deep = 0; wanted.length > 0 && deep < 5; deep++) {
    const next: string[] = [];
    for (const file of await readFiles({ api, volume, files, paths: wanted })) {
      read.set(file.path, file);
      if (file.path.endsWith('.py'))
        next.push(...namedPaths({ code: new TextDecoder().decode(file.data), path: file.path, files }));
    }
    wanted = next.filter((one) => !read.has(one));
  }
  return [...read.values()];
}

export async function readFiles({
  api,
  volume,
  files,
  paths,
}: {
  api: Api;
  volume: string;
  files: readonly Listed[];
  paths: readonly string[];
}): Promise<ReadFile[]> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const read: ReadFile[] = [];
  let bytes = 0;
  const queue = [...new Set(paths)].slice(0, most.files);
  const work = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const file = byPath.get(path);
      if (!file || (bytes += file.size) > most.bytes) continue;
      read.push(await readOne({ api, volume, file }));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return read;
}

async function readOne({
  api,
  volume,
  file: { path, kind },
}: {
  api: Api;
  volume: string;
  file: Listed;
}): Promise<ReadFile> {
  const params = { volume, path };
  if (kind === 'text') {
    const { data, headers } = await api.whole('GET /volumes/:volume/files/*path', { params });
    return { path, data: new TextEncoder().encode(data), etag: headers.get('etag') };
  }
  const body: unknown = await api('GET /volumes/:volume/raw/*path', { params });
  const data =
    body instanceof Blob
      ? new Uint8Array(await body.arrayBuffer())
      : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  return { path, data, etag: null };
}

/** Whether two contents are the same, byte by byte. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** What Python wrote that is not what it was given. */
export const changedFiles = (given: readonly SandboxFile[], written: readonly SandboxFile[]): SandboxFile[] =>
  written.filter((file) => {
    const before = given.find((one) => one.path === file.path);
    return !before || !isSame(before.data, file.data);
  });

/** Null: these bytes are no text. */
export function textOf(data: Uint8Array): string | null {
  if (data.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}

/** A text is merged into what others typed since it was read; bytes take the place of those that were there. */
export async function writeFile({
  api,
  volume,
  file,
  etag,
}: {
  api: Api;
  volume: string;
  file: SandboxFile;
  etag: string | null;
}): Promise<void> {
  const params = { volume, path: file.path };
  const text = textOf(file.data);
  if (text !== null) {
    const put = (base: string | null) =>
      api('PUT /volumes/:volume/files/*path', { params, body: text, ...(base && { headers: { 'if-match': base } }) });
    try {
      await put(etag);
    } catch (error) {
      if (!isProblem(error) || error.status !== 428) throw error;
      // it is there, and was not read before the run: what the code wrote takes its place
      await put((await api.whole('GET /volumes/:volume/files/*path', { params })).headers.get('etag'));
    }
  } else await api('POST /volumes/:volume/upload/*path', { params, query: { replace: '1' }, body: file.data });
}
