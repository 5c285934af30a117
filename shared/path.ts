// What a file may be called (GI8, docs/SECURITY.md "Content"). A path comes from people, archives, git trees and addresses; it ends
// up in git trees that are checked out on every system, so it must mean the same file on all of them.

export type SafePath = { path: string; problem: null } | { path: null; problem: string };

/** Bytes of UTF-8: what a file system allows for one part, and what fits into an index of the database, as a path and as its key. */
export const longestPart = 255;
export const longestPath = 2048;
export const longestKey = 2400;

const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u;
const everyInvisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;
/** The two that emoji are written with; they are ignored when paths are compared. */
const emojiStyle = /[\uFE0E\uFE0F]/g;
const ascii = /^[\x20-\x7e]*$/;
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const loneSurrogate = /\p{Cs}/u;
const device = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$)$/;

/** Normalises a path, or says in a sentence why it cannot be one. Never throws; a safe path comes out unchanged. */
export function safePath(given: string): SafePath {
  if (loneSurrogate.test(given)) return refuse('A path must be valid Unicode text.');
  if (given.length > longestPath) return refuse(`A path may have at most ${longestPath} bytes.`);
  const path = given.normalize('NFC');
  if (path === '') return refuse('A file needs a name.');
  if (bytes(path) > longestPath) return refuse(`A path may have at most ${longestPath} bytes.`);
  for (const part of path.split('/')) {
    const problem = problemOf(part);
    if (problem) return refuse(problem);
  }
  // a few letters stand for many: their key is up to eleven times as long
  if (!ascii.test(path) && bytes(pathKey(path)) > longestKey) return refuse('This path is too long.');
  return { path, problem: null };
}

function problemOf(part: string): string | null {
  if (part === '') return 'A path must not start or end with a slash, or have two in a row.';
  if (part === '.' || part === '..') return `A path must not hold “${part}”.`;
  if (control.test(part)) return 'A name must not hold control characters or line breaks.';
  if (part.includes('\\')) return 'A name must not hold a backslash.';
  if (part.includes(':')) return 'A name must not hold a colon.';
  if (bytes(part) > longestPart) return `A name may have at most ${longestPart} bytes.`;
  if (/[.\p{Zs}]$/u.test(part)) return 'A name must not end with a dot or a space.';
  const plain = fold(part);
  if (/^\.git(?:modules)?[. ]*$/.test(plain) || /^git(?:mod)?~[0-9]+/.test(plain))
    return `“${part}” is a name that git keeps for itself.`;
  if (/^\.{1,2}$/.test(plain) || plain === '') return `“${part}” is not a name.`;
  if (plain.includes('\\') || plain.includes('/')) return 'A name must not hold a character that looks like a slash.';
  if (device.test(plain.split('.')[0]!.trimEnd())) return `“${part}” is a name that Windows keeps for itself.`;
  if (invisible.test(part.replace(emojiStyle, ''))) return 'A name must not hold invisible characters.';
  return null;
}

/** Two paths of which a file system somewhere says that they are the same have the same key: case, compatibility forms, invisible. */
export function pathKey(path: string): string {
  if (ascii.test(path)) return path.toLowerCase();
  let key = fold(path);
  // a few letters need more than one round until nothing changes any more
  for (let next = fold(key); next !== key; next = fold(key)) key = next;
  return key;
}

const fold = (text: string) =>
  text.replace(everyInvisible, '').normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** `a/b/c.md` -> [`a`, `a/b`] */
export function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

const refuse = (problem: string): SafePath => ({ path: null, problem });
const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text).length;
