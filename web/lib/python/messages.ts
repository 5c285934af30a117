// What the frame of Python says, believed only as far as it fits: anybody's code may have written it.
import { sandboxLimits as limits, type FromPython, type Plot, type SandboxFile, type Table } from '#shared/sandbox.ts';

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown, most: number): string => (typeof value === 'string' ? value.slice(0, most) : '');
const isBytes = (value: unknown): value is Uint8Array<ArrayBuffer> =>
  value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.byteLength <= limits.file;
const isCell = (value: unknown) => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isId = (value: unknown): value is number => Number.isSafeInteger(value);

/** Null: not to be believed. */
export function readMessage(said: unknown): FromPython | null {
  if (!isPlain(said)) return null;
  const { t } = said;
  if (t === 'pong') return isId(said['id']) ? { t, id: said['id'] } : null;
  if (t === 'violation') return { t, directive: text(said['directive'], 100), uri: text(said['uri'], 200) };
  if (t === 'snapshot') {
    const { data } = said;
    if (data === null) return { t, data };
    const fits = data instanceof Uint8Array && data.buffer instanceof ArrayBuffer && data.byteLength < 2 ** 28;
    return fits ? { t, data: data as Uint8Array<ArrayBuffer> } : null;
  }
  const lane = said['lane'];
  if (lane !== 'cells' && lane !== 'runs') return null;
  if (t === 'ready') return { t, lane, ms: Number(said['ms']) || 0, snapshot: said['snapshot'] === true };
  if (t === 'failed') return { t, lane, text: text(said['text'], 4000) };
  if (t === 'input') return { t, lane, prompt: text(said['prompt'], 1000) };
  const id = said['id'];
  if (!isId(id)) return null;
  if (t === 'need') return { t, lane, id, name: text(said['name'], 200) };
  if (t === 'out' || t === 'err') return { t, lane, id, text: text(said['text'], limits.text * 2) };
  if (t === 'plot') {
    const plot = readPlot(said['plot']);
    return plot && { t, lane, id, plot };
  }
  if (t === 'table') {
    const table = readTable(said['table']);
    return table && { t, lane, id, table };
  }
  if (t !== 'done') return null;
  const trouble = said['trouble'];
  return {
    t,
    lane,
    id,
    ok: said['ok'] === true,
    value: typeof said['value'] === 'string' ? said['value'].slice(0, 30_000) : null,
    trouble: isPlain(trouble)
      ? {
          type: text(trouble['type'], 200),
          message: text(trouble['message'], 4000),
          traceback: text(trouble['traceback'], 20_000),
          line: isId(trouble['line']) ? trouble['line'] : null,
        }
      : null,
    ...readFiles(said),
  };
}

function readPlot(value: unknown): Plot | null {
  if (!isPlain(value) || !isBytes(value['data'])) return null;
  const { mime, title, data } = value;
  if (mime !== 'image/png' && mime !== 'image/svg+xml') return null;
  return { mime, data, title: text(title, 200) || null };
}

export function readTable(value: unknown): Table | null {
  if (!isPlain(value) || !Array.isArray(value['columns']) || !Array.isArray(value['rows'])) return null;
  const columns = value['columns'].slice(0, 100).map((name) => text(name, 200));
  const rows: Table['rows'] = [];
  for (const row of value['rows'].slice(0, 1000) as unknown[]) {
    if (!Array.isArray(row) || !row.every(isCell)) return null;
    rows.push(columns.map((_, at) => (row[at] as Table['rows'][number][number] | undefined) ?? null));
  }
  const total = isId(value['total']) ? Math.max(value['total'], rows.length) : rows.length;
  return { columns, rows, total, title: text(value['title'], 200) || null };
}

/** Paths inside of the folder alone; what the API says of a path comes later. */
const isInside = (path: unknown): path is string =>
  typeof path === 'string' &&
  path.length > 0 &&
  path.length <= 1024 &&
  !path.startsWith('/') &&
  !path.split('/').some((part) => part === '' || part === '.' || part === '..');

function readFiles(said: Plain): { files: SandboxFile[]; gone: string[]; notes: string[] } {
  const files: SandboxFile[] = [];
  let bytes = 0;
  for (const file of Array.isArray(said['files']) ? said['files'].slice(0, limits.fileCount) : []) {
    if (!isPlain(file) || !isInside(file['path']) || !isBytes(file['data'])) continue;
    bytes += file['data'].byteLength;
    if (bytes <= limits.files) files.push({ path: file['path'], data: file['data'] });
  }
  const strings = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
  return {
    files,
    gone: strings(said['gone']).filter(isInside).slice(0, limits.fileCount),
    notes: strings(said['notes'])
      .map((note) => note.slice(0, 300))
      .slice(0, 20),
  };
}
