// What a file is by where it lies and how its name ends, and whether a browser can show its bytes.

export type FileKind =
  'agent' | 'skill' | 'tool' | 'trace' | 'text' | 'code' | 'data' | 'table' | 'image' | 'archive' | 'other';

const byEnding: Record<string, FileKind> = {
  md: 'text',
  txt: 'text',
  markdown: 'text',
  rst: 'text',
  log: 'text',
  py: 'code',
  js: 'code',
  ts: 'code',
  tsx: 'code',
  jsx: 'code',
  svelte: 'code',
  c: 'code',
  h: 'code',
  cpp: 'code',
  ino: 'code',
  rs: 'code',
  go: 'code',
  sh: 'code',
  html: 'code',
  css: 'code',
  sql: 'code',
  json: 'data',
  yaml: 'data',
  yml: 'data',
  toml: 'data',
  ini: 'data',
  xml: 'data',
  csv: 'table',
  tsv: 'table',
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
  svg: 'image',
  avif: 'image',
  bmp: 'image',
  ico: 'image',
  zip: 'archive',
  gz: 'archive',
  tar: 'archive',
  tgz: 'archive',
  '7z': 'archive',
};

export const endingOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
};

export function kindOf(path: string): FileKind {
  const ending = endingOf(path);
  if (ending === 'md') {
    if (/(^|\/)agents\//.test(path)) return 'agent';
    if (/(^|\/)skills\//.test(path)) return 'skill';
    if (/(^|\/)tools\//.test(path)) return 'tool';
    if (/(^|\/)traces\//.test(path)) return 'trace';
  }
  return byEnding[ending] ?? 'other';
}

/** How a browser shows a file of bytes; null: it cannot. */
export function shownAs(path: string): 'image' | 'audio' | 'video' | null {
  const ending = endingOf(path);
  if (kindOf(path) === 'image') return 'image';
  if (/^(mp3|wav|ogg|flac|m4a)$/.test(ending)) return 'audio';
  return /^(mp4|webm|mov)$/.test(ending) ? 'video' : null;
}
