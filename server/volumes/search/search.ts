// Words in files, with the lines they are on. Looks at the last version of each file: what is typed now is found after the next
// version, half a minute later at most.
import type { SearchHit } from '#shared/api.ts';
import type { SearchStore } from './searchStore.ts';

const linesPerFile = 5;
const filesAtOnce = 10;
const around = 60;

/** Scripts that do not part words by spaces: a word is looked for inside others. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** All words must be there, the last one may be the start of one. Files whose name has the words come first. */
export async function searchVolume({
  store,
  volumeId,
  q,
  limit,
}: {
  store: SearchStore;
  volumeId: string;
  q: string;
  limit: number;
}): Promise<{ hits: SearchHit[]; files: number }> {
  const all = wordsOf(q);
  if (all.length === 0) return { hits: [], files: 0 };
  const words = all.filter((word) => !unspaced.test(word));
  const substrings = all.filter((word) => unspaced.test(word));
  const lexical = words.map((word) => `'${word}'${word === all.at(-1) ? ':*' : ''}`).join(' & ');
  const { found, total } = await store.find({ volumeId, lexical, words, substrings, limit });
  const hits: SearchHit[] = [];
  for (let at = 0; at < found.length && hits.length < limit; at += filesAtOnce) {
    const some = found.slice(at, at + filesAtOnce);
    const bodies = await store.bodies(some.map(({ fileId }) => fileId));
    for (const { fileId, path, score } of some) {
      const lines = linesWith({ body: bodies.get(fileId) ?? '', words: all });
      // a file that is found by its name alone shows how it starts
      for (const line of lines.length ? lines : [{ line: 1, before: '', match: '', after: '' }])
        hits.push({ fileId, path, score, ...line });
    }
  }
  return { hits: hits.slice(0, limit), files: total };
}

/** Letters, digits and their marks, in small letters; at most 12 words. Nothing else reaches the query. */
const wordsOf = (q: string) =>
  [
    ...new Set(
      q
        .normalize('NFC')
        .toLowerCase()
        .match(/[\p{L}\p{N}\p{M}]+/gu) ?? [],
    ),
  ].slice(0, 12);

type Line = { line: number; before: string; match: string; after: string };

/** Lines with the most different words first, then in their order; at most five. */
function linesWith({ body, words }: { body: string; words: string[] }): Line[] {
  const pattern = new RegExp(words.map((word) => word.replace(/[^\p{L}\p{N}\p{M}]/gu, '')).join('|'), 'giu');
  const best: { line: Line; different: number }[] = [];
  let number = 1;
  let counted = 0;
  let from = 0;
  for (pattern.lastIndex = 0; best.length < 200;) {
    const match = pattern.exec(body);
    if (!match) break;
    for (let at = body.indexOf('\n', counted); at !== -1 && at < match.index; at = body.indexOf('\n', counted)) {
      number++;
      counted = at + 1;
      from = counted;
    }
    const end = body.indexOf('\n', match.index);
    const text = body.slice(from, end === -1 ? undefined : Math.min(end, from + 100_000));
    const different = new Set(Array.from(text.slice(0, 2000).matchAll(pattern), ([word]) => word.toLowerCase())).size;
    const start = match.index - from;
    best.push({
      line: {
        line: number,
        before: text.slice(Math.max(0, start - around), start).trimStart(),
        match: match[0],
        after: text.slice(start + match[0].length, start + match[0].length + 2 * around).trimEnd(),
      },
      different,
    });
    if (end === -1) break;
    pattern.lastIndex = end + 1;
  }
  return best
    .sort((a, b) => b.different - a.different || a.line.line - b.line.line)
    .slice(0, linesPerFile)
    .map(({ line }) => line);
}
