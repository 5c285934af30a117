// Changes of a text as a model asks for them: these words by those, and how many lines that is.
import { diffUnits, splitLines } from '#shared/diff.ts';
import { Problem } from '#shared/errors.ts';

export const fileLimits = { text: 2 * 1024 * 1024, bytes: 16 * 1024 * 1024 };

export function checkSize(text: string): void {
  if (Buffer.byteLength(text) > fileLimits.text) throw new Problem('too-large', 'A text may have at most 2 MiB.');
}

/** Throws a Problem unless `old` is there exactly once, or `all` are meant. */
export function replaceIn({
  path,
  text,
  old,
  fresh,
  all,
}: {
  path: string;
  text: string;
  old: string;
  fresh: string;
  all: boolean;
}): string {
  if (old === fresh) throw new Problem('invalid', '`old` and `new` are the same.');
  const places = text.split(old).length - 1;
  if (places === 1 || (all && places > 0)) return text.split(old).join(fresh);
  if (places > 1)
    throw new Problem(
      'conflict',
      `\`old\` is ${places} times in ${path}. Take more of what is around it, or set \`all\`.`,
    );
  const squeeze = (words: string) => words.replace(/\s+/g, ' ').trim();
  const near = squeeze(old) !== '' && squeeze(text).includes(squeeze(old));
  const why = near ? 'It is there with other spaces or line breaks.' : 'Read the file again: it may have changed.';
  throw new Problem('conflict', `\`old\` is not in ${path}. ${why}`);
}

export function countLines(before: string, after: string): { added: number; removed: number } {
  let [added, removed] = [0, 0];
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(splitLines(before), splitLines(after))) {
    removed += aTo - aFrom;
    added += bTo - bFrom;
  }
  return { added, removed };
}
