// The exact arguments of a call, for eyes: JSON with its kinds marked, long words as text of their own. Signs that turn or hide what
// stands around them are written out, so that nobody approves something else than what they read.

import type { BoundFile } from '#shared/run.ts';

export type Mark = { text: string; kind: 'key' | 'string' | 'number' | 'sign' | 'hidden' | 'more' };
export type ArgPart = { kind: 'json'; marks: Mark[] } | { kind: 'text'; name: string; marks: Mark[] };

/** Controls, formats, separators, selectors, and letters that are blank; not what any editor shows, nor the look of an emoji. */
const hidden =
  /(?![\n\t]|\ufe0f)(?:\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Variation_Selector}|\u034f|\u115f|\u1160|\u3164|\uffa0)/gu;

export function showHidden(text: string, kind: Mark['kind'] = 'string'): Mark[] {
  const marks: Mark[] = [];
  let at = 0;
  for (const found of text.matchAll(hidden)) {
    if (found.index > at) marks.push({ text: text.slice(at, found.index), kind });
    marks.push({ text: `U+${found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`, kind: 'hidden' });
    at = found.index + found[0].length;
  }
  if (at < text.length) marks.push({ text: text.slice(at), kind });
  return marks;
}

/** Above this a string is a text of its own, not a word in JSON. */
const longest = 160;
const isText = (value: unknown): value is string =>
  typeof value === 'string' && (value.includes('\n') || value.length > longest);

/** The file that a call names; that there is more of it looks like nothing that could stand in it. */
export const filePart = ({ path, text, left }: BoundFile): ArgPart => ({
  kind: 'text',
  name: path,
  marks: [
    ...showHidden(text, 'sign'),
    ...(left > 0 ? [{ text: `\n${left} more characters stand in the file`, kind: 'more' as const }] : []),
  ],
});

export function argParts(args: unknown): ArgPart[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    return [{ kind: 'json', marks: jsonMarks(args) }];
  const entries = Object.entries(args);
  const short = entries.filter(([, value]) => !isText(value));
  const texts = entries.filter(([, value]) => isText(value));
  return [
    ...(short.length > 0 || texts.length === 0
      ? [{ kind: 'json' as const, marks: jsonMarks(Object.fromEntries(short)) }]
      : []),
    ...texts.map(([name, value]) => ({ kind: 'text' as const, name, marks: showHidden(String(value), 'sign') })),
  ];
}

/** JSON, one line where it fits, else a line for each entry. */
export function jsonMarks(value: unknown, indent = 0): Mark[] {
  if (typeof value === 'string')
    return [{ text: '"', kind: 'string' }, ...showHidden(escape(value)), { text: '"', kind: 'string' }];
  if (typeof value !== 'object' || value === null)
    return [{ text: String(JSON.stringify(value) ?? value), kind: 'number' }];
  const isList = Array.isArray(value);
  const entries = isList ? value.map((one) => [null, one] as const) : Object.entries(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const inner = entries.map(([name, one]): Mark[] => [
    ...(name === null
      ? []
      : [
          { text: '"', kind: 'key' as const },
          ...showHidden(escape(name), 'key'),
          { text: '": ', kind: 'key' as const },
        ]),
    ...jsonMarks(one, indent + 2),
  ]);
  if (inner.length === 0) return [{ text: `${open}${close}`, kind: 'sign' }];
  const length = inner.flat().reduce((sum, mark) => sum + mark.text.length, 2 + inner.length * 2);
  const isFlat = length + indent <= 36 && !inner.flat().some((mark) => mark.text.includes('\n'));
  const [before, between, after] = isFlat
    ? [isList ? open : `${open} `, ', ', isList ? close : ` ${close}`]
    : [`${open}\n${' '.repeat(indent + 2)}`, `,\n${' '.repeat(indent + 2)}`, `\n${' '.repeat(indent)}${close}`];
  return [
    { text: before, kind: 'sign' },
    ...inner.flatMap((marks, i) => (i === 0 ? marks : [{ text: between, kind: 'sign' as const }, ...marks])),
    { text: after, kind: 'sign' },
  ];
}

/** As JSON escapes it, but for signs that `showHidden` names. */
const escape = (text: string) =>
  text
    .replace(/[\\"]/g, (sign) => `\\${sign}`)
    .replace(/\n/g, '\\n')
    .replace(/\t/g, '\\t');
