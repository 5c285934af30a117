import { ChangeSet, EditorState, Text } from '@codemirror/state';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { applySteps, onlyText, readDelta, readSteps } from './collab.ts';

const docWith = (words: string) => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, words);
  return { doc, text };
};

test('[SY6] what an editor changes is the same change in the text, and comes back as the same change', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(60), fc.nat(20), fc.string({ maxLength: 8 })), { maxLength: 6 }),
      (words, edits) => {
        let from = 0;
        const specs = edits
          .map(([at, remove, insert]) => ({ at: Math.min(at, words.length), remove, insert }))
          .sort((a, b) => a.at - b.at)
          .flatMap(({ at, remove, insert }) => {
            if (at < from) return [];
            const to = Math.min(at + remove, words.length);
            from = to + 1;
            return [{ from: at, to, insert: Text.of(insert.split('\n')) }];
          });
        const changes = ChangeSet.of(specs, words.length, '\n');
        const before = Text.of(words.split('\n'));
        const { text } = docWith(words);
        let mirror = before;
        text.observe((event) => {
          mirror = ChangeSet.of(
            readDelta(event.delta).map((c) => ({
              ...c,
              insert: c.insert === undefined ? undefined : Text.of(c.insert.split('\n')),
            })) as never,
            mirror.length,
            '\n',
          ).apply(mirror);
        });
        applySteps(text, changes, 'test');
        expect(text.toString()).toBe(changes.apply(before).toString());
        expect(mirror.toString()).toBe(text.toString());
      },
    ),
    { numRuns: Number(process.env['FUZZ_EDITS'] ?? 500) },
  );
});

test('a large paste leaves in updates below the limit of the server, whole characters each', () => {
  const words = '😀é\r\n'.repeat(120_000);
  const { doc, text } = docWith('ab');
  const sizes: number[] = [];
  doc.on('update', (update: Uint8Array) => sizes.push(update.length));
  applySteps(text, ChangeSet.of({ from: 1, insert: Text.of(words.split('\n')) }, 2, '\n'), 'test');
  expect(text.toString()).toBe(`a${words}b`);
  expect(sizes.length).toBeGreaterThan(5);
  expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  for (const step of readSteps(ChangeSet.of({ from: 0, insert: Text.of(words.split('\n')) }, 0, '\n')))
    expect(step.insert.isWellFormed()).toBe(true);
});

test('replacing everywhere leaves in updates of at most a thousand changes', () => {
  const { doc, text } = docWith('a '.repeat(7_000));
  let updates = 0;
  doc.on('update', () => updates++);
  applySteps(
    text,
    ChangeSet.of(
      Array.from({ length: 7_000 }, (_, i) => ({ from: i * 2, to: i * 2 + 1, insert: 'bc' })),
      14_000,
    ),
    'test',
  );
  expect(updates).toBe(7);
  expect(text.toString()).toBe('bc '.repeat(7_000));
});

test('[SY9] undo takes back my own typing and leaves what others typed in between', () => {
  const { doc, text } = docWith('one two');
  const mine = {};
  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([mine]), captureTimeout: 0 });
  applySteps(text, ChangeSet.of({ from: 3, insert: ' mine' }, 7), mine);
  doc.transact(() => text.insert(0, 'theirs '), 'socket');
  undo.undo();
  expect(text.toString()).toBe('theirs one two');
  undo.redo();
  expect(text.toString()).toBe('theirs one mine two');
});

test('what no text can hold is shown to who writes it as everybody will see it', () => {
  const state = EditorState.create({ doc: 'one\ntwo', extensions: [EditorState.lineSeparator.of('\n'), onlyText] });
  for (const [insert, shown] of [
    ['😀é\r', '😀é\r'],
    ['\ud83d', '\ufffd'],
    ['a\ude00b\nc\0', 'a\ufffdb\nc\ufffd'],
  ] as const) {
    const transaction = state.update({
      changes: [{ from: 1, to: 3, insert }, { from: 7, insert: '!' }], // prettier-ignore
      selection: { anchor: 1 + insert.length },
      userEvent: 'input.type',
    });
    expect(transaction.newDoc.toString()).toBe(`o${shown}\ntwo!`);
    expect(transaction.newSelection.main.head).toBe(1 + insert.length);
    expect(transaction.isUserEvent('input.type')).toBe(true);
    const { doc, text } = docWith('one\ntwo');
    applySteps(text, transaction.changes, 'test');
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    expect(other.getText('content').toString()).toBe(transaction.newDoc.toString());
  }
});
