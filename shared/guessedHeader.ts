// A header that is no YAML, e.g. `description: Use this when: somebody asks`. Many agents in the world have one, and other programs
// read them line by line; so do we, after the diagnostic. Only single values and lists of them; never nested.
import { findHeader, headerLimits } from './definition.ts';

export function guessHeader(text: string): Record<string, unknown> | null {
  const found = findHeader(text);
  if (!found || found.to - found.from > headerLimits.bytes) return null;
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let last: string | null = null;
  for (const line of text.slice(found.from, found.to).split(/\r?\n/)) {
    const pair = /^([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?$/.exec(line);
    if (pair) {
      last = pair[1]!;
      if (Object.keys(header).length > 200) break;
      header[last] = valueOf((pair[2] ?? '').trim());
      continue;
    }
    if (last === null || /^\s*(#|$)/.test(line)) continue;
    const item = /^\s*-\s+(.+)$/.exec(line);
    const before = header[last];
    if (item && (before === null || Array.isArray(before)))
      header[last] = [...((before as unknown[] | null) ?? []), unquoted(item[1]!.trim())];
    else if (/^\s/.test(line) && (before === null || typeof before === 'string'))
      header[last] = [before, line.trim()].filter((part) => part).join(' ');
  }
  return Object.keys(header).length > 0 ? header : null;
}

function valueOf(written: string): unknown {
  if (written === '' || written === 'null' || written === '~' || /^[>|][+-]?$/.test(written)) return null;
  const list = /^\[([^[\]{}]*)\]$/.exec(written);
  if (list)
    return list[1]!
      .split(',')
      .map((item) => unquoted(item.trim()))
      .filter((item) => item);
  if (/^-?\d+(\.\d+)?$/.test(written)) return Number(written);
  if (/^(true|false)$/.test(written)) return written === 'true';
  return unquoted(written);
}

const unquoted = (text: string) => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
