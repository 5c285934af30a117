// What a tool says, made fit to be kept and read: no secrets (RU9), not endless, and always a result, also when the tool threw (RU3).
import { isProblem } from '#shared/errors.ts';
import type { CallState, ResultPart } from '#shared/run.ts';
import { hideSecrets } from '#shared/secrets.ts';
import type { CallSurroundings } from './calls.ts';
import type { ToolResult } from './types.ts';

/** Puts the whole of a large result into a file that the run may read. Null: nowhere. */
export type Spill = (spill: {
  call: string;
  tool: string;
  text: string;
}) => Promise<{ volume: string; path: string } | null>;

/** JSON of all parts of one result. */
const longestParts = 4 * 1024 * 1024;
/** Of what goes into a file; more is cut. */
const longestSpill = 4 * 1024 * 1024;

/** Problems are for people and models; anything else is logged, not told. */
export function failureOf(error: unknown, failed: (error: unknown) => void): ToolResult {
  if (isProblem(error)) return { ok: false, text: error.message };
  failed(error);
  return { ok: false, text: 'The tool failed for a reason that lies in the server. Try another way.' };
}

export async function shapeResult({
  result,
  call,
  around,
}: {
  result: ToolResult;
  call: CallState;
  around: CallSurroundings;
}): Promise<{ ok: boolean; text: string; parts: ResultPart[] }> {
  const text = hideSecrets(String(result.text ?? ''));
  let parts = hideIn(result.parts ?? []) as ResultPart[];
  let note = '';
  if (JSON.stringify(parts).length > longestParts) {
    parts = parts.filter((part) => JSON.stringify(part).length < longestParts / 8).slice(0, 8);
    note = '\n(What it showed is too large to be kept.)';
  }
  if (text.length <= around.longestResult) return { ok: result.ok === true, text: text + note, parts };
  const whole = text.slice(0, longestSpill);
  const place = await around.spill({ call: call.id, tool: call.tool, text: whole }).catch((error: unknown) => {
    around.failed(error);
    return null;
  });
  const file: ResultPart[] = place ? [{ kind: 'file', ...place, change: 'created' }] : [];
  return {
    ok: result.ok === true,
    text: headAndTail(text, around.longestResult, place) + note,
    parts: [...parts, ...file],
  };
}

function headAndTail(text: string, most: number, place: { volume: string; path: string } | null): string {
  const where = place
    ? `The whole of it is in the file ${place.path} of ${place.volume}; read parts of it with read_file.`
    : 'The rest is lost; ask for less.';
  return shorten(text, most, `[${text.length} characters, here its beginning and its end. ${where}]`);
}

export function shorten(text: string, most: number, note = '[cut here]'): string {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 4);
  const head = Math.max(0, most - tail);
  return `${whole(text.slice(0, head))}\n\n${note}\n\n${whole(text.slice(text.length - tail))}`;
}

/** Without half characters at its ends. */
const whole = (text: string): string => text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');

/** Strings anywhere in it, but not pictures. */
function hideIn(value: unknown): unknown {
  if (typeof value === 'string') return hideSecrets(value);
  if (Array.isArray(value)) return value.map(hideIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === 'base64' ? one : hideIn(one)]));
}
