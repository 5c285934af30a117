// Changes one key of a header and nothing else: every other byte of the file stays, with its comments, order, quotes and line ends.
// What comes out is read again before it is given back; a change that would have done more than it should is refused.
import { stringify } from 'yaml';
import { findHeader, readDefinition } from './definition.ts';

export type HeaderValue = string | number | boolean | string[];

/** `value` null takes the key out. Null: this header cannot be changed by a program (it is no YAML, or written in braces). */
export function setHeaderKey({
  text,
  key,
  value,
}: {
  text: string;
  key: string;
  value: HeaderValue | null;
}): string | null {
  if (!/^[\w.-]+$/.test(key)) return null;
  const changed = changeHeader({ text, key, value });
  return changed !== null && isOnlyThis({ text, changed, key, value }) ? changed : null;
}

/** Several keys, one after the other. */
export function setHeaderKeys(text: string, values: Record<string, HeaderValue | null>): string | null {
  let changed: string | null = text;
  for (const [key, value] of Object.entries(values))
    if (changed !== null) changed = setHeaderKey({ text: changed, key, value });
  return changed;
}

function changeHeader({ text, key, value }: { text: string; key: string; value: HeaderValue | null }): string | null {
  const end = /\r?\n/.exec(text)?.[0] ?? '\n';
  const read = readDefinition(text);
  const place = findHeader(text);
  if (!place) {
    if (read.diagnostics.length > 0) return null; // a header that never closes
    return value === null ? text : `---${end}${lineOf(key, value)}${end}---${end}${text}`;
  }
  if (read.header === null) return null;
  const at = read.keys.findIndex((one) => one.key === key);
  const found = read.keys[at];
  if (!found) {
    if (value === null) return text;
    return insert(text, place.to, place.to, lineOf(key, value) + end);
  }
  if (value === null) {
    const from = text.lastIndexOf('\n', found.from - 1) + 1;
    const line = text.indexOf('\n', Math.max(found.to, lastOf(text, found.value)));
    return insert(text, from, line < 0 ? place.to : Math.min(line + 1, place.to), '');
  }
  if (!found.value) {
    const colon = text.indexOf(':', found.to);
    return insert(text, colon + 1, colon + 1, ` ${written(value)}`);
  }
  // a block list stays one, so that a list of one item a line changes by lines
  const isBlock = /^-(\s|$)/.test(text.slice(found.value.from, found.value.to));
  if (isBlock && Array.isArray(value) && value.length > 0) {
    const indent = found.value.from - (text.lastIndexOf('\n', found.value.from - 1) + 1);
    return insert(
      text,
      found.value.from,
      lastOf(text, found.value),
      value.map((item) => `- ${written(item)}`).join(end + ' '.repeat(indent)),
    );
  }
  const colon = text.indexOf(':', found.to);
  const moves = text.slice(colon, found.value.from).includes('\n');
  return moves
    ? insert(text, colon + 1, lastOf(text, found.value), ` ${written(value)}`)
    : insert(text, found.value.from, lastOf(text, found.value), written(value));
}

const insert = (text: string, from: number, to: number, words: string) => text.slice(0, from) + words + text.slice(to);

/** Where the words of a value end: the range of a block reaches past its last line end. */
function lastOf(text: string, value: { from: number; to: number } | null): number {
  if (!value) return 0;
  return value.from + text.slice(value.from, value.to).trimEnd().length;
}

const lineOf = (key: string, value: HeaderValue) => `${key}: ${written(value)}`;

/** On one line, quoted where YAML needs it. */
const written = (value: HeaderValue): string =>
  Array.isArray(value)
    ? `[${value.map((item) => inFlow(item)).join(', ')}]`
    : stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false, version: '1.2' }).trimEnd();

const inFlow = (item: string) =>
  /^[\p{L}_][\p{L}\p{N}_./ -]*$/u.test(item) && !isSpecial(item) ? item.trim() : JSON.stringify(item);
const isSpecial = (word: string) => /^(true|false|null|yes|no|on|off|nan|inf)$/i.test(word) || word !== word.trim();

/** The rest of the header says what it said, and the body is the same to the byte. */
function isOnlyThis({
  text,
  changed,
  key,
  value,
}: {
  text: string;
  changed: string;
  key: string;
  value: HeaderValue | null;
}): boolean {
  const [before, after] = [readDefinition(text), readDefinition(changed)];
  if (value !== null && after.header === null) return false;
  if (changed.slice(after.bodyFrom) !== text.slice(before.bodyFrom)) return false;
  const rest = (header: Record<string, unknown> | null) =>
    JSON.stringify(Object.entries(header ?? {}).filter(([name]) => name !== key));
  if (rest(before.header) !== rest(after.header)) return false;
  const now = after.header && Object.hasOwn(after.header, key) ? after.header[key] : null;
  return JSON.stringify(now) === JSON.stringify(value);
}
