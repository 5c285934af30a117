// Small rewrites of programs that know nothing of being interrupted.
//
// MicroPython for WebAssembly never looks up while Python runs: no Ctrl-C, no timer, no interrupt of a pin. So at the head of each loop
// of its interpreter a countdown is put in; at zero it calls an import that is there anyway (`env.mp_js_ticks_ms`), which the board
// wraps. And a robot's own program (shared/robot/robot4.ts) gets a supply of steps: each loop and each function takes one, and a
// program that has used up what it got for this tick is ended, instead of ending the board.
import {
  joined,
  readCode,
  Reader,
  readLimits,
  readImports,
  readSections,
  sectionIds,
  signed,
  unsigned,
  writeSections,
  type Code,
  type Limits,
  type Section,
} from './wasmBinary.ts';

const op = {
  unreachable: 0x00,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  drop: 0x1a,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LessThan: 0x48,
  i32Sub: 0x6b,
} as const;
const nothing = 0x40;
const i32 = 0x7f;

/** The interpreter is the one function with a jump table for nearly every byte. */
const interpreterCases = 80;

/** `every`: loop heads between two looks. 2000 cost nothing that could be measured and are about 0.2 ms of Python. */
export function instrumentInterpreter(bytes: Uint8Array, every = 2000): Uint8Array<ArrayBuffer> {
  const sections = readSections(bytes);
  const imports = readImports(find(sections, sectionIds.imports)?.content);
  const look = imports.functions.indexOf('env.mp_js_ticks_ms');
  if (look < 0) throw new Error('This is not the MicroPython that is known here: it does not import mp_js_ticks_ms.');
  const code = find(sections, sectionIds.code)!;
  const functions = readCode(code.content);
  const wide = functions.filter(({ loops, widestTable }) => loops.length > 0 && widestTable >= interpreterCases);
  const interpreter = wide.sort((a, b) => b.widestTable - a.widestTable)[0];
  if (!interpreter) throw new Error('This is not the MicroPython that is known here: its interpreter was not found.');

  const countdown = addGlobal(sections, imports.globals, every);
  const counted = [
    ...[op.globalGet, ...countdown, op.i32Const, 1, op.i32Sub, op.globalSet, ...countdown],
    ...[op.globalGet, ...countdown, op.i32Eqz, op.if, nothing],
    ...[op.i32Const, ...signed(every), op.globalSet, ...countdown],
    ...[op.call, ...unsigned(look), op.drop, op.end],
  ];
  code.content = rewrite(code.content, functions, (one) =>
    one === interpreter ? one.loops.map((at) => ({ at, put: counted })) : [],
  );
  return writeSections(sections);
}

/** The name under which the supply is exported. */
export const stepsExport = 'llmos_steps';

/**
 * The program traps when the exported global falls below zero; at first it is `steps`. Memory of its own is at most `mostPages`; memory
 * that it wants to be given is in `imports`.
 */
export function instrumentProgram({
  bytes,
  steps: supply,
  mostPages,
}: {
  bytes: Uint8Array;
  steps: number;
  mostPages: number;
}): { bytes: Uint8Array<ArrayBuffer>; memory: Limits | null } {
  const sections = readSections(bytes);
  const code = find(sections, sectionIds.code);
  if (!code) throw new Error('The program has no code.');
  const functions = readCode(code.content);
  const imports = readImports(find(sections, sectionIds.imports)?.content);
  const steps = addGlobal(sections, imports.globals, supply);
  addExport(sections, steps);
  const memory = find(sections, sectionIds.memory);
  if (memory) memory.content = boundMemory(memory.content, mostPages);
  if (imports.memory) boundLimits(imports.memory, mostPages);
  const taken = [
    ...[op.globalGet, ...steps, op.i32Const, 1, op.i32Sub, op.globalSet, ...steps],
    ...[op.globalGet, ...steps, op.i32Const, 0, op.i32LessThan, op.if, nothing, op.unreachable, op.end],
  ];
  code.content = rewrite(code.content, functions, ({ start, loops }) =>
    [start, ...loops].map((at) => ({ at, put: taken })),
  );
  return { bytes: writeSections(sections), memory: imports.memory };
}

function boundMemory(content: Uint8Array, mostPages: number): Uint8Array {
  const reader = new Reader(content);
  if (reader.unsigned() === 0) return content;
  const { least, most } = boundLimits(readLimits(reader), mostPages);
  return joined([[1, 1], unsigned(least), unsigned(most)]);
}

function boundLimits({ least, most }: Limits, mostPages: number): { least: number; most: number } {
  if (least > mostPages) throw new Error(`The program wants more than ${mostPages / 16} MiB of memory.`);
  return { least, most: Math.min(most ?? mostPages, mostPages) };
}

const find = (sections: Section[], id: number) => sections.find((section) => section.id === id);

/** A mutable i32; returns its index as it is written. */
function addGlobal(sections: Section[], imported: number, value: number): number[] {
  const entry = [i32, 1, op.i32Const, ...signed(value), op.end];
  const count = append(sections, sectionIds.globals, entry);
  return unsigned(imported + count);
}

function addExport(sections: Section[], global: number[]): void {
  const name = new TextEncoder().encode(stepsExport);
  append(sections, sectionIds.exports, [...unsigned(name.length), ...name, 3, ...global]);
}

/** To the list that a section is; returns how many there were. */
function append(sections: Section[], id: number, entry: number[]): number {
  let section = find(sections, id);
  if (!section) {
    section = { id, content: Uint8Array.of(0) };
    // sections stand in the order of their ids, but for those without one (0)
    const after = sections.findIndex((other) => other.id > id);
    sections.splice(after < 0 ? sections.length : after, 0, section);
  }
  let headBytes = 1;
  while (section.content[headBytes - 1]! >= 128) headBytes += 1;
  let count = 0;
  for (let i = headBytes - 1; i >= 0; i--) count = count * 128 + (section.content[i]! & 127);
  section.content = joined([unsigned(count + 1), section.content.subarray(headBytes), entry]);
  return count;
}

function rewrite(
  content: Uint8Array,
  functions: Code[],
  places: (code: Code) => { at: number; put: number[] }[],
): Uint8Array {
  const parts: ArrayLike<number>[] = [unsigned(functions.length)];
  for (const code of functions) {
    const pieces: ArrayLike<number>[] = [];
    let from = code.from;
    for (const { at, put } of places(code)) {
      pieces.push(content.subarray(from, at), put);
      from = at;
    }
    pieces.push(content.subarray(from, code.to));
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    parts.push(unsigned(size), ...pieces);
  }
  return joined(parts);
}
