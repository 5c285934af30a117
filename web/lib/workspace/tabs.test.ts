import { expect, test } from 'vitest';
import { Tabs } from './tabs.svelte.ts';

const tab = (fileId: string) => ({ fileId, path: `${fileId}.md` });
const shape = (tabs: Tabs) =>
  tabs.groups.map((group) =>
    group.tabs.map((one) => (one.fileId === group.active ? `[${one.fileId}]` : one.fileId)).join(' '),
  );
function opened(...ids: string[]) {
  const tabs = new Tabs();
  for (const id of ids) tabs.open(tab(id));
  return tabs;
}

test('a file opens once, beside the active tab', () => {
  const tabs = opened('a', 'b', 'c', 'a');
  tabs.open(tab('d'));
  expect(shape(tabs)).toEqual(['a [d] b c']);
});

test('closing brings the right neighbour forward, else the left one', () => {
  const tabs = opened('a', 'b', 'c', 'b');
  tabs.close('b');
  expect(shape(tabs)).toEqual(['a [c]']);
  tabs.close('c');
  tabs.close('a');
  expect(shape(tabs)).toEqual(['']);
  expect(tabs.active).toBe(null);
});

test('a split shows the file twice; an empty side goes', () => {
  const tabs = opened('a', 'b');
  tabs.split();
  expect(shape(tabs)).toEqual(['a [b]', '[b]']);
  expect(tabs.current).toBe(1);
  tabs.close('b');
  expect(shape(tabs)).toEqual(['a [b]']);
  expect(tabs.current).toBe(0);
});

test('a file that is open on the other side is shown there', () => {
  const tabs = opened('a', 'b');
  tabs.move('b', 0, 1, 0);
  tabs.open(tab('a'));
  expect(tabs.current).toBe(0);
  expect(shape(tabs)).toEqual(['[a]', '[b]']);
});

test('tabs move within a group and across', () => {
  const tabs = opened('a', 'b', 'c');
  tabs.move('a', 0, 0, 3);
  expect(shape(tabs)).toEqual(['b c [a]']);
  tabs.move('a', 0, 0, 0);
  expect(shape(tabs)).toEqual(['[a] b c']);
  tabs.move('b', 0, 1, 0);
  tabs.move('c', 0, 1, 0);
  expect(shape(tabs)).toEqual(['[a]', '[c] b']);
  tabs.move('a', 0, 1, 1);
  expect(shape(tabs)).toEqual(['c [a] b']);
});

test('what was open comes back as far as it is there', () => {
  const tabs = opened('a', 'b', 'c');
  tabs.split();
  const kept = tabs.keep();
  const again = new Tabs();
  again.restore(kept, (id) => (id === 'c' ? null : `new/${id}.md`));
  expect(shape(again)).toEqual(['[a] b']);
  expect(again.groups[0]?.tabs[1]?.path).toBe('new/b.md');
  again.restore(null, () => null);
  expect(shape(again)).toEqual(['']);
});

test('stepping goes round', () => {
  const tabs = opened('a', 'b', 'c');
  tabs.step(1);
  expect(tabs.active).toBe('a');
  tabs.step(-1);
  expect(tabs.active).toBe('c');
});
