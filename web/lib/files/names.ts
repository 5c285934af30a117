// The first check of a name, while it is typed. The server has the last word (GI8).

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** What is wrong with a name, in a sentence, or null. A `/` makes folders on the way. */
export function wrongName(name: string): string | null {
  for (const part of name.split('/')) {
    if (part === '') return 'A name has at least one character on each side of “/”.';
    if (part === '.' || part === '..') return '“.” and “..” are not names.';
    if (/^\.git$/i.test(part)) return '“.git” belongs to the version store.';
    if (/[\u0000-\u001f\u007f\\:*?"<>|]/.test(part)) return 'A name has none of \\ : * ? " < > |';
    if (/[ .]$/.test(part)) return 'A name does not end with a space or a dot.';
    if (reserved.test(part)) return `Windows keeps the name “${part}” for itself.`;
    if (new TextEncoder().encode(part).length > 255) return 'A name has at most 255 bytes.';
  }
  return null;
}
