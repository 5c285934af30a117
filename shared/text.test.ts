import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { diffText, splitWords } from './diff.ts';
import { contentRoot } from './room.ts';
import { applyEdits, applyToString, mergeText } from './text.ts';
import { seededRandom } from './testWorld.ts';

const scripts = Number(process.env['FUZZ_EDITS'] ?? 1000);
const merges = Number(process.env['FUZZ_MERGES'] ?? 300);

function merged(base: string, ours: string, theirs: string) {
  const { edits, overlaps } = mergeText({ base, ours, theirs });
  return { text: applyToString(ours, edits), overlaps };
}

const bits = [
  'a',
  'b ',
  'constructor',
  ' __proto__ ',
  'toString',
  '\n',
  '\r\n',
  '\r',
  '😀',
  '👨‍👩‍👧',
  'é',
  'e\u0301',
  '1️⃣',
  '漢字',
  'ไทย',
  '\t',
  '  ',
  '.',
  '\u2028',
  '🇩🇪',
  'नमस्ते',
];
const text = (most: number) => fc.array(fc.constantFrom(...bits), { maxLength: most }).map((parts) => parts.join(''));

test('[SY6] edits are exact, ascending, and never split a character', { timeout: 3_600_000 }, () => {
  const splice = fc.record({ at: fc.nat(), remove: fc.nat(3), put: text(3) });
  fc.assert(
    fc.property(text(60), fc.array(splice, { maxLength: 6 }), fc.option(text(60)), (before, splices, other) => {
      expect(splitWords(before).join('')).toBe(before);
      let after = before;
      for (const { at, remove, put } of splices) {
        const words = splitWords(after);
        words.splice(at % (words.length + 1), remove, put);
        after = words.join('');
      }
      if (other !== null && splices.length === 0) after = other;
      const edits = diffText(before, after);
      expect(applyToString(before, edits)).toBe(after);
      let end = 0;
      for (const edit of edits) {
        expect(edit.at).toBeGreaterThanOrEqual(end);
        end = edit.at + edit.remove;
        for (const border of [edit.at, end]) expect(before[border - 1] ?? '').not.toMatch(/[\uD800-\uDBFF]/);
      }
      const living = new Y.Doc().getText(contentRoot);
      living.insert(0, before);
      applyEdits(living, edits, 'git');
      expect(living.toString()).toBe(after);
    }),
    { numRuns: scripts },
  );
});

test('[GI5] a merge of a side that did nothing is the other side, whatever the texts', () => {
  fc.assert(
    fc.property(text(40), text(40), (base, other) => {
      expect(merged(base, base, other)).toEqual({ text: other, overlaps: [] });
      expect(merged(base, other, base)).toEqual({ text: other, overlaps: [] });
      expect(merged(base, other, other)).toEqual({ text: other, overlaps: [] });
    }),
    { numRuns: scripts },
  );
});

test('[GI5] the same change collapses, changes apart both stand, an overlap holds both', () => {
  const base = 'Title\nThe colour is red.\nMiddle\nEnd line\n';
  const put = (from: string, to: string) => base.replace(from, to);
  // the same change on both sides collapses
  expect(merged(base, put('red', 'blue'), put('red', 'blue'))).toEqual({ text: put('red', 'blue'), overlaps: [] });
  expect(merged(base, put('Middle', 'Middle (live)'), put('End line', 'End line (git)'))).toEqual({
    text: 'Title\nThe colour is red.\nMiddle (live)\nEnd line (git)\n',
    overlaps: [],
  });
  // two words of one line
  expect(merged(base, put('The', 'A'), put('red', 'blue')).text).toBe('Title\nA colour is blue.\nMiddle\nEnd line\n');
  // the same word: ours stays, both texts are in the overlap
  expect(merged(base, put('red', 'green'), put('red', 'blue'))).toEqual({
    text: put('red', 'green'),
    overlaps: [{ at: base.indexOf('red'), base: 'red', ours: 'green', theirs: 'blue' }],
  });
  // both append lines: both stay; one a prefix of the other: once
  expect(merged('a\n', 'a\nours\n', 'a\ntheirs\n')).toEqual({ text: 'a\nours\ntheirs\n', overlaps: [] });
  expect(merged('a\n', 'a\nx\n', 'a\nx\ny\n').text).toBe('a\nx\ny\n');
  expect(merged('a\n', 'a\nx\ny\n', 'a\nx\n').text).toBe('a\nx\ny\n');
  expect(merged('', 'ours\n', 'theirs\n').text).toBe('ours\ntheirs\n');
  // an edit against a deletion
  expect(merged('x\n', '', 'x y\n').overlaps).toHaveLength(1);
  expect(merged('no end', 'no end!', 'no end\n').overlaps).toHaveLength(1);
  expect(merged('no end', 'no end!', 'start no end')).toEqual({ text: 'start no end!', overlaps: [] });
});

test('[GI5] pathological texts come back exact, with bounded work', { timeout: 120_000 }, () => {
  const random = seededRandom(5);
  const noise = () => Array.from({ length: 1e5 }, () => 'abcdefgh'[random(8)] + ' ').join('');
  const lines = Array.from({ length: 8000 }, (_, i) => `line ${i} has words of its own in it here\n`);
  const shuffled = lines
    .map((line) => [random(1e6), line] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, line]) => line);
  const cases: [string, string][] = [
    ['a\n'.repeat(2e5), 'a\n'.repeat(2e5)],
    ['a\nb\n'.repeat(1e5), 'b\na\n'.repeat(1e5)],
    ['x y '.repeat(1e5), 'y z '.repeat(1e5)],
    ['a'.repeat(1e6), 'a'.repeat(5e5) + 'b' + 'a'.repeat(5e5)],
    [lines.join(''), shuffled.join('')],
    [noise(), noise()],
  ];
  for (const [before, after] of cases) expect(applyToString(before, diffText(before, after)) === after).toBe(true);
});

test(
  `[GI5] ${merges} merges into a text that two people are typing in: no word lost, nobody's cursor jumps`,
  { timeout: 3_600_000 },
  () => {
    let [overlaps, cursors] = [0, 0];
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const outcome = mergeWhileTyping(seededRandom(seed));
        overlaps += outcome.overlaps;
        cursors += outcome.cursors;
      }),
      { numRuns: merges },
    );
    expect(overlaps).toBeGreaterThan(0);
    expect(cursors).toBeGreaterThan(merges);
  },
);

function mergeWhileTyping(random: (n: number) => number) {
  const newline = random(2) ? '\n' : '\r\n';
  const base =
    Array.from({ length: 14 }, (_, i) => `line ${i} has some words to edit here w${i}`).join(newline) +
    (random(2) ? '\n' : '');
  const origin = new Y.Doc();
  origin.getText(contentRoot).insert(0, base);
  const state = Y.encodeStateAsUpdate(origin);
  const open = () => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, state);
    return doc;
  };
  const textOf = (doc: Y.Doc) => doc.getText(contentRoot);
  const [server, people] = [open(), [open(), open()]];
  const typed: string[] = [];
  const type = (person: number, k: number) => {
    const living = textOf(people[person]!);
    const now = living.toString();
    const gap = now.indexOf(' ', random(now.length));
    typed.push(`P${person}x${k}q`);
    living.insert(gap < 0 ? now.length : gap, ` P${person}x${k}q`);
  };
  const sync = () => {
    for (const person of people) Y.applyUpdate(server, Y.encodeStateAsUpdate(person));
    for (const person of people) Y.applyUpdate(person, Y.encodeStateAsUpdate(server));
  };
  for (let k = random(4); k >= 0; k--) type(random(2), k);
  sync();

  const outside = changeOutside(base, random);
  const live = textOf(server).toString();
  const merge = mergeText({ base, ours: live, theirs: outside.text }); // computed on a snapshot ...
  const cursors = people.flatMap((person) => {
    const mark = `w${random(14)}`;
    const at = textOf(person)
      .toString()
      .search(new RegExp(`${mark}(?!\\d)`));
    if (at < 0 || outside.gone.includes(mark)) return [];
    return [{ person, mark, position: Y.createRelativePositionFromTypeIndex(textOf(person), at) }];
  });
  const worker = open();
  Y.applyUpdate(worker, Y.encodeStateAsUpdate(server));
  const from = Y.encodeStateVector(worker);
  applyEdits(textOf(worker), merge.edits, 'git');
  expect(textOf(worker).toString()).toBe(applyToString(live, merge.edits));
  const update = Y.encodeStateAsUpdate(worker, from);
  for (let k = 10 + random(5); k >= 10; k--) type(random(2), k); // ... while both go on typing
  if (random(2)) sync();
  Y.applyUpdate(server, update);
  sync();
  sync();

  const end = textOf(server).toString();
  for (const person of people) expect(textOf(person).toString()).toBe(end);
  for (const mine of typed) expect(end).toContain(mine);
  const kept = (end + merge.overlaps.map((overlap) => overlap.theirs).join(' ')).replace(/ P\dx\d+q/g, '');
  for (const word of outside.words) expect(kept).toContain(word);
  for (const { person, mark, position } of cursors) {
    const { index } = Y.createAbsolutePositionFromRelativePosition(position, person)!;
    const rest = textOf(person).toString().slice(index);
    expect(rest).toMatch(new RegExp(`^(( P\\dx\\d+q)|(T\\dt\\s))*\\s?${mark}(?!\\d)`));
  }
  return { overlaps: merge.overlaps.length, cursors: cursors.length };
}

/** Somebody elsewhere changes words, adds words and breaks lines. */
function changeOutside(base: string, random: (n: number) => number) {
  let text = base;
  const [put, gone]: [string[], string[]] = [[], []];
  for (let k = random(4); k >= 0; k--) {
    const parts = splitWords(text);
    const words = parts.flatMap((part, i) => (/^\w+$/.test(part) ? [i] : []));
    const at = words[random(words.length)]!;
    const how = random(4);
    if (how === 0) {
      gone.push(parts[at]!);
      parts[at] = `T${k}t`;
    } else parts.splice(at, 0, `T${k}t`, how === 1 ? '\n' : ' ');
    put.push(`T${k}t`);
    text = parts.join('');
  }
  return { text, gone, words: put.filter((word) => text.includes(word)) };
}
