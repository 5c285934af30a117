// Places on a board: absolute, with slashes.

export const inFolder = (folder: string, name: string): string => `${folder === '/' ? '' : folder}/${name}`;
export const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const folderAbove = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** The way down to a folder: each part with where it leads. */
export function wayTo(folder: string): { name: string; path: string }[] {
  const parts = folder.split('/').filter((part) => part !== '');
  return parts.map((name, i) => ({ name, path: `/${parts.slice(0, i + 1).join('/')}` }));
}

/** What is wrong with a name on a board, in a sentence; null: nothing. */
export function wrongBoardName(name: string): string | null {
  if (name.trim() === '') return 'Write a name.';
  if (name.includes('/')) return 'A name has no slash.';
  if (name === '.' || name === '..') return '“.” and “..” are not names.';
  if (/[\0-\x1f]/.test(name)) return 'A name has no control characters.';
  return new TextEncoder().encode(name).length > 100 ? 'A name on a board has at most 100 bytes.' : null;
}

/** As text, if it is text; null: bytes. */
export function readText(bytes: Uint8Array): string | null {
  if (bytes.subarray(0, 8192).includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A program that starts a file of the board as if it were typed at the prompt. */
export function startCode(path: string): string {
  const quoted = JSON.stringify(path);
  if (!path.endsWith('.mpy')) return `exec(compile(open(${quoted}).read(), ${quoted}, 'exec'), globals())`;
  const name = JSON.stringify(lastName(path).replace(/\.mpy$/, ''));
  return `import sys\nsys.path.insert(0, ${JSON.stringify(folderAbove(path))})\nsys.modules.pop(${name}, None)\ntry:\n __import__(${name})\nfinally:\n sys.path.pop(0)`;
}
export const isProgram = (name: string): boolean => /\.m?py$/i.test(name);
