import { expect, test } from 'vitest';
import { isBoardPath, readBoardFile, writeBoardFile } from './boardFile.ts';

const read = (header: string, body = '') => readBoardFile({ path: 'bench/robot.md', text: `---\n${header}\n---\n${body}` }); // prettier-ignore

test('[LI3] a header with everything in it', () => {
  const file = read(
    'label: Robot on the window sill\nchip: ESP32-S3\nkind: serial\nbaud: 921600\nowner: ada\nusb: ["303a:1001", 0x10c4, { vendor: 0x1a86, product: "7523" }]\ntools: [run_python, read_console]\nplot: { series: [left, right], seconds: 30, min: 0, max: 100 }',
  );
  expect(file).toEqual({
    label: 'Robot on the window sill',
    chip: 'ESP32-S3',
    kind: 'serial',
    baud: 921600,
    owner: 'ada',
    usb: [
      { vendor: 0x303a, product: 0x1001 },
      { vendor: 0x10c4, product: null },
      { vendor: 0x1a86, product: 0x7523 },
    ],
    tools: ['run_python', 'read_console'],
    plot: { series: ['left', 'right'], seconds: 30, least: 0, most: 100 },
    diagnostics: [],
  });
});

test('[LI3] without a header, or with one that is wrong, a board is a board', () => {
  expect(readBoardFile({ path: 'bench/robot.md', text: '# The robot\n\nRed wire: 5 V.' })).toMatchObject({
    label: 'The robot',
    kind: null,
    baud: 115_200,
    tools: null,
    plot: null,
    diagnostics: [],
  });
  expect(readBoardFile({ path: 'bench/robot.md', text: '' }).label).toBe('robot');
  const broken = readBoardFile({ path: 'bench/robot.md', text: '---\nlabel: [\n---\n' });
  expect(broken.label).toBe('robot');
  expect(broken.diagnostics.length).toBeGreaterThan(0);
});

test('[LI3] a value of the wrong kind is told at its line, and the usual one is taken', () => {
  const file = read('label: { a: 1 }\nkind: toaster\nbaud: fast\nusb: [nonsense]\ntools: 7\nplot: 3');
  expect(file).toMatchObject({ label: 'robot', kind: null, baud: 115_200, usb: [], tools: [], plot: null });
  expect(file.diagnostics.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(read('baud: 12').diagnostics).toHaveLength(1);
  expect(read('baud: "115 200"').baud).toBe(115_200);
});

test('an empty allow list allows nothing, a missing one says nothing', () => {
  expect(read('tools: []').tools).toEqual([]);
  expect(read('tools:').tools).toEqual([]);
  expect(read('label: x').tools).toBeNull();
  expect(read('tools: run_python, read_console').tools).toEqual(['run_python', 'read_console']);
});

test('what is written for a new board is read as it was meant', () => {
  const text = writeBoardFile({
    label: 'Ada: "robot" # 1',
    kind: 'virtual',
    chip: 'ESP32',
    owner: 'ada',
    usb: [{ vendor: 0x303a, product: 0x4001 }],
  });
  expect(readBoardFile({ path: 'bench/x.md', text })).toMatchObject({
    label: 'Ada: "robot" # 1',
    kind: 'virtual',
    chip: 'ESP32',
    owner: 'ada',
    usb: [{ vendor: 0x303a, product: 0x4001 }],
    diagnostics: [],
  });
});

test('boards are markdown files right in bench/', () => {
  expect(['bench/a.md', 'bench/A b.MD'].map(isBoardPath)).toEqual([true, true]);
  expect(['bench/README.md', 'bench/x/a.md', 'a.md', 'bench/a.txt', 'x/bench/a.md'].map(isBoardPath)).toEqual(
    Array(5).fill(false),
  );
});
