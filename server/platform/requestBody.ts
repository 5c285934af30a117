// Reads what a request brought, never more than its route allows, and turns it into what the route's schema says.
import { Problem } from '#shared/errors.ts';
import type { Route } from '#shared/api.ts';
import { z } from 'zod';
import { isNestedTooDeep } from './jsonDepth.ts';

export const defaultBodyLimit = 2 ** 20;

/** Text for `z.string()` routes, bytes (a Uint8Array) for `z.any()` routes, else checked JSON; no body counts as `{}`. */
export async function readBody(
  request: Request,
  { body: schema, limit = defaultBodyLimit }: Pick<Route, 'body' | 'limit'>,
): Promise<unknown> {
  if (!schema) return undefined;
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  const bytes = await readBytes(request, limit);
  if (schema instanceof z.ZodAny) return bytes;
  if (schema instanceof z.ZodString) {
    if (type.startsWith('multipart/'))
      throw new Problem('invalid', 'Send the text itself, not a form.', undefined, 415);
    return check(schema, decode(bytes), 422);
  }
  if (bytes.length > 0 && type !== 'application/json' && !type.endsWith('+json'))
    throw new Problem('invalid', 'Send JSON, with Content-Type: application/json.', undefined, 415);
  return check(schema, bytes.length > 0 ? parseJson(decode(bytes)) : {}, 422);
}

export function readQuery(url: URL, schema: z.ZodObject | undefined): unknown {
  const given: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (name in given && Object.hasOwn(given, name)) throw new Problem('invalid', `?${name}= is there twice.`);
    if (value.includes('\0')) throw new Problem('invalid', `?${name}= holds a zero character.`);
    Object.defineProperty(given, name, { value, enumerable: true });
  }
  return schema ? check(schema, given, 400) : {};
}

function check(schema: z.ZodType, value: unknown, status: number): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
  const first = issues[0]!;
  throw new Problem('invalid', first.path ? `${first.path}: ${first.message}` : first.message, { issues }, status);
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem(
      'too-large',
      `That is more than the ${limit >= 2 ** 20 ? `${Math.floor(limit / 2 ** 20)} MiB` : `${Math.floor(limit / 1024)} KiB`} that fit here.`,
    );
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Problem('invalid', 'The request broke off.');
    });
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    parts.push(value);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem('invalid', 'That is not UTF-8 text.');
  }
}

/** Refuses more than 64 levels before anything is built from it, and zero characters, which the database cannot hold. */
export function parseJson(text: string): unknown {
  if (isNestedTooDeep(text)) throw new Problem('invalid', 'That JSON is nested deeper than 64 levels.');
  if (/\\u0000/.test(text)) throw new Problem('invalid', 'That JSON holds a zero character.');
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid', 'That is not JSON.');
  }
}
