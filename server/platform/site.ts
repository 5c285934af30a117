// The built web app: files from memory-mapped names, compressed when they were built, cached for ever when their name has a hash, and
// the fallback page for every address that the app itself understands.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';

export type Site = {
  /** Null: no such file, and no page either. */
  answer: (request: { path: string; method: string; headers: Headers }) => Response | null;
  /** `'sha256-...'` of each inline script of the page, for the content security policy. */
  scriptHashes: string[];
};

type Entry = {
  file: string;
  size: number;
  type: string;
  tag: string;
  immutable: boolean;
  compressed: { br?: number; gzip?: number };
};

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  mjs: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  ttf: 'font/ttf',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
  zip: 'application/zip',
};

/** `directory`: what the build wrote. Its files are listed once; a name that is not in the list is never looked for on disk. */
export function openSite(directory: string): Site {
  if (!fs.existsSync(directory)) throw new Error('The web app is not built: run npm start, or npm run build.');
  const entries = new Map<string, Entry>();
  for (const file of walk(directory)) {
    if (/\.(br|gz)$/.test(file)) continue;
    const name = `/${path.relative(directory, file).split(path.sep).join('/')}`;
    const content = fs.readFileSync(file);
    entries.set(name, {
      file,
      size: content.length,
      type: types[path.extname(file).slice(1)] ?? 'application/octet-stream',
      tag: `"${crypto.createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
      immutable: /^\/(_app\/immutable|pyodide)\//.test(name),
      compressed: { br: sizeOf(`${file}.br`), gzip: sizeOf(`${file}.gz`) },
    });
  }
  const page = entries.get('/index.html');
  return {
    scriptHashes: page
      ? inlineScripts(fs.readFileSync(page.file, 'utf8')).map(
          (script) => `'sha256-${crypto.createHash('sha256').update(script).digest('base64')}'`,
        )
      : [],
    answer({ path: asked, method, headers }) {
      const entry = entries.get(decodeName(asked)) ?? (isPage(asked) ? page : undefined);
      return entry ? answerFile(entry, { method, headers }) : null;
    },
  };
}

/** Addresses of the app have no file ending in their last part, or are about a file of a volume (`/v/...`). */
const isPage = (asked: string) =>
  !/^\/(_app|sandbox|pyodide)\//.test(asked) && (asked.startsWith('/v/') || !/\.\w+$/.test(asked));

function answerFile(entry: Entry, { method, headers }: { method: string; headers: Headers }): Response {
  const answer = new Headers({
    'content-type': entry.type,
    etag: entry.tag,
    'cache-control': entry.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
  });
  if (headers.get('if-none-match')?.includes(entry.tag)) return new Response(null, { status: 304, headers: answer });
  const accepted = headers.get('accept-encoding') ?? '';
  const encoding = (['br', 'gzip'] as const).find(
    (name) => entry.compressed[name] !== undefined && new RegExp(`\\b${name}\\b(?!;q=0(?:[^.]|$))`).test(accepted),
  );
  if (encoding) answer.set('content-encoding', encoding);
  answer.set('content-length', String(encoding ? entry.compressed[encoding] : entry.size));
  if (method === 'HEAD') return new Response(null, { headers: answer });
  const file = encoding === 'br' ? `${entry.file}.br` : encoding === 'gzip' ? `${entry.file}.gz` : entry.file;
  return new Response(Readable.toWeb(fs.createReadStream(file)) as ReadableStream<Uint8Array>, { headers: answer });
}

function* walk(directory: string): Generator<string> {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else if (entry.isFile()) yield full;
  }
}

const sizeOf = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.size;

export const inlineScripts = (html: string): string[] =>
  [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);

function decodeName(asked: string): string {
  try {
    return decodeURIComponent(asked);
  } catch {
    return asked;
  }
}
