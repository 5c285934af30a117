// The stock MicroPython for browsers frees memory only between two programs: what a function of WebAssembly holds in its locals cannot be
// searched, so its collector only notes that somebody wanted it. Binaryen knows where such locals live over a call and can put them on the
// stack in memory first (its pass spill-pointers); then the stack can be searched like on any chip, and the collector is given its work
// back. Done once, when the site is built or the first board of Node is opened, and kept beside the packages.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type Binaryen from 'binaryen';

/** Of the package in the version that is pinned; addresses and functions below are of this build. */
const known = '06338c955b03c5700aa0069015d3e392d76836ef8e2ce25bedbe59b88ccd373c';
/** The functions by their number: what wants memory calls `collect`, which only set a flag. */
const functions = { collect: '1218', collectStart: '18', collectEnd: '20', mostNewHeap: '1217', limitStack: '378' };
/** `mp_state_ctx` of MicroPython, and what is used in it. */
const state = 185_108;
const fields = { stackTop: 0, stackLimit: 4, pyStackStart: 8, pyStackNow: 16, marksOverflowed: 416 };
const stackBytes = 64 * 1024;
/** Frames grew; a quarter is left for what does not look at the limit. */
const stackLimit = 48 * 1024;
const stackPointer = '__stack_pointer';
/** Part of the name under which the result is kept: raise it with each change here. */
const edition = 1;

/** `stock`: `micropython.wasm` of the package. */
export async function withCollector(stock: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (hashOf(stock) !== known)
    throw new Error('This is not the MicroPython that is known here: its collector must be found anew.');
  const { default: binaryen } = await import('binaryen');
  const { i32, none } = binaryen;
  const program = binaryen.readBinary(named(stock));
  try {
    const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
    program.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt);
    const read = (field: number) => program.i32.load(field, 4, program.i32.const(state));
    const write = (field: number, value: number) => program.i32.store(field, 4, program.i32.const(state), value);
    const local = (index: number) => program.local.get(index, i32);
    const stack = () => program.global.get(stackPointer, i32);
    const replace = (name: string, parameters: Binaryen.Type, result: Binaryen.Type, locals: Binaryen.Type[], body: number) => {
      program.removeFunction(name);
      program.addFunction(name, parameters, result, locals, body);
    }; // prettier-ignore

    // Twice from its roots: first with the stack of WebAssembly in the place of the stack of Python, then as it is. The start forgets
    // that there was more to mark than fits on its list, so that is remembered.
    const collect = [
      program.local.set(0, read(fields.pyStackStart)),
      program.local.set(1, read(fields.pyStackNow)),
      write(fields.pyStackStart, stack()),
      write(fields.pyStackNow, program.i32.const(stackBytes)),
      program.call(functions.collectStart, [], none),
      program.local.set(2, read(fields.marksOverflowed)),
      write(fields.pyStackStart, local(0)),
      write(fields.pyStackNow, local(1)),
      program.call(functions.collectStart, [], none),
      write(fields.marksOverflowed, program.i32.or(read(fields.marksOverflowed), local(2))),
      program.call(functions.collectEnd, [], none),
    ];
    replace(functions.collect, none, none, [i32, i32, i32], program.block(null, collect));
    // the heap is as large as it is, like that of a chip
    replace(functions.mostNewHeap, none, i32, [], program.i32.const(0));
    const limit = [write(fields.stackTop, stack()), write(fields.stackLimit, program.i32.const(stackLimit))];
    replace(functions.limitStack, i32, none, [], program.block(null, limit));
    // flat, so that nothing lives anywhere but in locals; few locals, so that frames stay small; afterwards only what makes it shorter
    program.runPasses(['flatten', 'simplify-locals-nonesting', 'coalesce-locals', 'spill-pointers']);
    program.runPasses(['simplify-locals', 'vacuum', 'coalesce-locals', 'reorder-locals', 'vacuum']);
    if (!program.validate()) throw new Error('MicroPython could not be given its collector: the result is not valid.');
    return Uint8Array.from(program.emitBinary());
  } finally {
    program.dispose();
  }
}

/** Of the folder of the package; made once. */
export async function readMicroPython(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const stock = Uint8Array.from(fs.readFileSync(path.join(folder, 'micropython.wasm')));
  const cache = path.join(folder, '../../.cache/llmos');
  const kept = path.join(cache, `micropython-${hashOf(stock).slice(0, 16)}-${edition}.wasm`);
  if (fs.existsSync(kept)) return Uint8Array.from(fs.readFileSync(kept));
  const made = await withCollector(stock);
  try {
    fs.mkdirSync(cache, { recursive: true });
    const making = `${kept}-${crypto.randomUUID()}`;
    fs.writeFileSync(making, made);
    fs.renameSync(making, kept);
  } catch {
    // packages that nobody may write beside: it is made again the next time
  }
  return made;
}

const hashOf = (bytes: Uint8Array) => crypto.createHash('sha256').update(bytes).digest('hex');

/** With a section of names that calls the first global what the pass looks for. */
function named(bytes: Uint8Array): Uint8Array {
  const name = Buffer.from(stackPointer);
  const globals = [1, 0, name.length, ...name];
  const section = [4, ...Buffer.from('name'), 7, globals.length, ...globals];
  return Buffer.concat([bytes, Buffer.from([0, section.length, ...section])]);
}
