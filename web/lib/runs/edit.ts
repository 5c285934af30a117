// What an edit changes, as lines with a sign, from the arguments of its call.
import { diffUnits, splitLines } from '#shared/diff.ts';

export type EditLine = { sign: '+' | '−' | ' '; text: string };
const around = 2;

/** Before and after, where a call says them; null for other calls. */
export function editOf(tool: string, args: unknown): { before: string; after: string } | null {
  if (typeof args !== 'object' || args === null || !/edit|replace/i.test(tool)) return null;
  const of = args as Record<string, unknown>;
  for (const [before, after] of [
    ['old_text', 'new_text'],
    ['old_string', 'new_string'],
    ['old', 'new'],
    ['before', 'after'],
    ['find', 'replace'],
  ] as const)
    if (typeof of[before] === 'string' && typeof of[after] === 'string')
      return { before: of[before], after: of[after] };
  return null;
}

export function editLines({ before, after }: { before: string; after: string }): EditLine[] {
  const [a, b] = [splitLines(before), splitLines(after)];
  const lines: EditLine[] = [];
  const put = (sign: EditLine['sign'], all: string[]) => {
    for (const text of all) lines.push({ sign, text: text.replace(/\r?\n$/, '') });
  };
  let at = 0;
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(a, b, { left: 1e6 })) {
    const same = a.slice(at, aFrom);
    if (at === 0) put(' ', same.slice(-around));
    else put(' ', same.length > around * 2 ? [...same.slice(0, around), '…', ...same.slice(-around)] : same);
    put('−', a.slice(aFrom, aTo));
    put('+', b.slice(bFrom, bTo));
    at = aTo;
  }
  if (at > 0) put(' ', a.slice(at, at + around));
  return lines;
}
