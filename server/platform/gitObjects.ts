// The bytes of git's commits and trees, read and written (git's "object format" in Documentation/gitformat-*.txt and git-cat-file).

export type ObjectType = 'blob' | 'tree' | 'commit';

export type TreeEntry = { mode: string; path: string; oid: string; type: 'blob' | 'tree' | 'commit' };
/** Entries by name. */
export type Tree = Map<string, TreeEntry>;
/** `at`: milliseconds since 1970, whole seconds. */
export type Signature = { name: string; email: string; at: number };
export type CommitObject = { oid: string; tree: string; parents: string[]; author: Signature; message: string };

/** `<mode> <name>\0<20 bytes>`, again and again. */
export function readTreeObject(data: Buffer): Tree {
  const tree: Tree = new Map();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(32, at);
    const end = data.indexOf(0, space);
    const mode = data.toString('latin1', at, space).padStart(6, '0');
    const path = data.toString('utf8', space + 1, end);
    const oid = data.toString('hex', end + 1, end + 21);
    tree.set(path, { mode, path, oid, type: mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob' });
    at = end + 21;
  }
  return tree;
}

/** In git's order: by bytes, a folder as if its name ended with a slash. */
export function writeTreeObject(tree: Tree): Buffer {
  const entries = [...tree.values()].map((entry) => ({
    ...entry,
    key: Buffer.from(entry.type === 'tree' ? entry.path + '/' : entry.path),
  }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    entries.flatMap(({ mode, path, oid }) => [
      Buffer.from(`${mode.replace(/^0/, '')} ${path}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  );
}

/** Author and committer are one; times are in UTC. Names and message must be clean (cleanIdentity, joinMessage). */
export function writeCommitObject({ tree, parents, author, message }: Omit<CommitObject, 'oid'>): Buffer {
  const who = `${author.name} <${author.email}> ${Math.floor(author.at / 1000)} +0000`;
  const headers = [`tree ${tree}`, ...parents.map((oid) => `parent ${oid}`), `author ${who}`, `committer ${who}`];
  return Buffer.from(`${headers.join('\n')}\n\n${message}`);
}

/** Stands before the bytes of an object, in its name and in a file of its own. */
export const objectHeader = (type: ObjectType, data: Uint8Array): Buffer => Buffer.from(`${type} ${data.length}\0`);

/** Headers, an empty line, the message. A header that goes on in the next line (a signature) starts there with a blank. */
export function readCommitObject(oid: string, data: Buffer): CommitObject {
  const text = data.toString('utf8');
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end < 0 ? undefined : end).split('\n');
  const all = (name: string) =>
    headers.filter((line) => line.startsWith(name + ' ')).map((line) => line.slice(name.length + 1));
  return {
    oid,
    tree: all('tree')[0]!,
    parents: all('parent'),
    author: readSignature(all('author')[0] ?? ''),
    message: end < 0 ? '' : text.slice(end + 2),
  };
}

function readSignature(line: string): Signature {
  const found = /^(.*?) ?<([^<>]*)> ?(-?\d+)?/.exec(line);
  return { name: found?.[1] || 'nobody', email: found?.[2] ?? '', at: Number(found?.[3] ?? 0) * 1000 };
}

const afterTrailers = /^[A-Za-z][A-Za-z-]*: .+$/;

/** The last paragraph of a message, if all of its lines are `Key: value` and it is not the only one. */
export function splitTrailers(message: string): { text: string; trailers: [string, string][] } {
  const paragraphs = message.trimEnd().split(/\n{2,}/);
  const lines = paragraphs.length > 1 ? paragraphs.at(-1)!.split('\n') : [];
  if (lines.length === 0 || !lines.every((line) => afterTrailers.test(line)))
    return { text: message.trimEnd(), trailers: [] };
  const trailers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 2),
  ]);
  return {
    text: message
      .trimEnd()
      .slice(0, message.trimEnd().lastIndexOf(paragraphs.at(-1)!))
      .trimEnd(),
    trailers,
  };
}

/** What a trailer of ours says is known, and not written by a person: who typed, and in which run. */
const ours = /(?<=\n)(co-authored-by|run)(?=\s*:)/gi;

/**
 * A message as git keeps it: text, an empty line, trailers. No control characters; an empty one says so. A line below the
 * first that would be read as a trailer of ours is indented: then it is text to git, too.
 */
export function joinMessage(text: string, trailers: [string, string][]): string {
  const clean = (part: string) =>
    part
      .toWellFormed()
      .replace(/\r\n?/g, '\n')
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
  const body = clean(text).trim().replace(ours, ' $1') || 'No message';
  const tail = trailers.map(([key, value]) => `${key}: ${clean(value).replace(/\s+/g, ' ')}\n`).join('');
  return body + '\n' + (tail && '\n' + tail);
}

/** What git accepts as a name or an address: no angle brackets, no line breaks, nothing but a fallback when nothing is left. */
export function cleanIdentity(text: string, fallback: string): string {
  const clean = text
    .toWellFormed()
    .replace(/[<>\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[ .,:;"'\\]+|[ .,:;"'\\]+$/g, '');
  return clean || fallback;
}
