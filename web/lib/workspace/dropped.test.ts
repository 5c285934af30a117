import { expect, test } from 'vitest';
import { mostFiles, readEntries, readPicked, TooMany } from './dropped.ts';

const file = (name: string) =>
  ({
    name,
    isFile: true,
    isDirectory: false,
    file: (give: (file: Blob) => void) => give(new Blob([name])),
  }) as unknown as FileSystemEntry;
/** Gives its entries in portions, as browsers do. */
const folder = (name: string, inside: FileSystemEntry[], portion = 100) =>
  ({
    name,
    isFile: false,
    isDirectory: true,
    createReader: () => {
      let at = 0;
      return { readEntries: (give: (entries: FileSystemEntry[]) => void) => give(inside.slice(at, (at += portion))) };
    },
  }) as unknown as FileSystemEntry;

test('a folder comes with all that is in it, however many portions the browser makes', async () => {
  const many = Array.from({ length: 250 }, (_, n) => file(`${n}.md`));
  const uploads = await readEntries([folder('notes', [folder('deep', many), file('a.md')]), file('b.md')]);
  expect(uploads).toHaveLength(252);
  expect(uploads.map((one) => one.path)).toEqual(expect.arrayContaining(['notes/deep/249.md', 'notes/a.md', 'b.md']));
});

test('a repository’s own folder and the desktop’s leftovers stay behind', async () => {
  const uploads = await readEntries([folder('p', [folder('.git', [file('HEAD')]), file('.DS_Store'), file('a.md')])]);
  expect(uploads.map((one) => one.path)).toEqual(['p/a.md']);
  expect(readPicked([new File(['x'], 'Thumbs.db'), new File(['x'], 'b.md')]).map((one) => one.path)).toEqual(['b.md']);
});

test('too many at once is refused', async () => {
  const many = Array.from({ length: mostFiles + 2 }, (_, n) => file(`${n}`));
  await expect(readEntries([folder('all', many, 1000)])).rejects.toThrow(TooMany);
});
