// Small programs of our own on the board: their text, their answers line by line, their errors in words.
import { crc32, sha256Hex } from './bytes.ts';
import { JobFailure } from './jobFailure.ts';
import type { RawRepl } from './rawRepl.ts';

/** A Python string; what is not plain ASCII is escaped, so that a name can neither end the string nor be a control character. */
export const pythonText = (text: string) =>
  `'${Array.from(text, (letter) =>
    /[ !#-&(-[\]-~]/.test(letter) && letter !== '\\'
      ? letter
      : letter.codePointAt(0)! > 0xffff
        ? `\\U${letter.codePointAt(0)!.toString(16).padStart(8, '0')}`
        : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ).join('')}'`;

/** Runs `code` and returns the lines it printed, or gives them to `onLine` as they come. An exception is a JobFailure in words. */
export async function runPython({
  repl,
  code,
  about,
  idleMs,
  onLine,
}: {
  repl: RawRepl;
  code: string;
  /** The file that an error is about. */
  about: string;
  /** The longest silence. */
  idleMs: number;
  onLine?: (line: string) => void;
}): Promise<string[]> {
  const lines: string[] = [];
  const decoder = new TextDecoder();
  let begun = '';
  let trouble: unknown = null;
  const ran = await repl.run({
    code: code.trim(),
    timeoutMs: 0,
    idleMs,
    most: 4096,
    onOutput(bytes) {
      if (trouble) return;
      const whole = (begun + decoder.decode(bytes, { stream: true })).split('\n');
      begun = whole.pop()!;
      if (begun.length > 64 * 1024) begun = '';
      try {
        for (const line of whole)
          if (line.trim() !== '') {
            if (onLine) onLine(line.trim());
            else lines.push(line.trim());
          }
      } catch (error) {
        trouble = error; // the program runs to its end first: the next job needs its prompt
      }
    },
  });
  if (trouble) throw trouble;
  if (ran.error) throw new JobFailure('failed', inWords(ran.error, about));
  return lines;
}

const errorNumbers: Record<number, (path: string) => string> = {
  1: (path) => `The board does not allow that for ${path}.`,
  2: (path) => `There is no ${path} on the board.`,
  13: (path) => `The board does not allow that for ${path}.`,
  16: (path) => `${path} is in use on the board.`,
  17: (path) => `${path} is there already.`,
  20: (path) => `A part of ${path} is a file, not a folder.`,
  21: (path) => `${path} is a folder.`,
  28: (path) => `The board has no room left for ${path}.`,
  30: (path) => `The file system of the board is read-only: ${path} cannot be changed.`,
  39: (path) => `The folder ${path} is not empty.`,
};
const errorNames: Record<string, number> = {
  EPERM: 1,
  ENOENT: 2,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
};

function inWords(traceback: string, about: string): string {
  const last = traceback.trim().split('\n').at(-1)!.trim();
  const [, number, name] = /^OSError: (?:\[Errno (\d+)\]|\(?(\w+))/.exec(last) ?? [];
  const known = errorNumbers[Number(number ?? (name && (errorNames[name] ?? name)))];
  if (known) return known(about);
  if (last.startsWith('MemoryError')) return `The board has too little memory for this (${last}).`;
  return `The board says: ${last}`;
}

/** Lines of a program that counts a sum over pieces `x`: the best that this firmware has. All of them belong inside a function, one space deep. */
export const sumProgram = {
  begin: `
 try:
  from binascii import hexlify,b2a_base64
 except ImportError:
  from ubinascii import hexlify,b2a_base64
 h=c=None
 try:
  import hashlib
  h=hashlib.sha256()
 except (ImportError,AttributeError):
  try:
   from binascii import crc32 as c
  except ImportError:
   pass
 s=0`,
  add: `
   if h:
    h.update(x)
   elif c:
    s=c(x,s)`,
  end: `
 print('='+('sha256:'+hexlify(h.digest()).decode() if h else 'crc32:%d'%(s&0xffffffff) if c else 'none'))`,
};

/** 'none': this firmware can count no sum. */
export function hasSum(bytes: Uint8Array, sum: string): boolean | 'none' {
  if (sum === 'none') return 'none';
  const [kind, value] = sum.split(':');
  if (kind === 'sha256') return value === sha256Hex(bytes);
  return kind === 'crc32' && Number(value) === crc32(bytes);
}
