// The definitions of one volume, kept in memory. It is filled when somebody first looks, and follows what is typed and what lands: files
// that may have changed are noted, and read again by whoever asks next.
import { kindByPath } from '#shared/definitionKind.ts';
import { readTyped } from '#shared/typedDefinition.ts';
import type { Meaning, Meant } from './meaning.ts';
import { namesIn } from './naming.ts';
import type { DefinitionKind, LibraryKind, TypedDefinition } from './types.ts';
import { createWordIndex, weighWords } from './words.ts';

export type Text = { fileId: string; path: string; text: string; updatedAt: Date };
/** A definition without its text: that is read when it is needed. */
export type Indexed = {
  fileId: string;
  path: string;
  updatedAt: Date;
  /** Words are typed that no version holds. */
  pending: boolean;
  definition: Omit<TypedDefinition, 'kind' | 'body' | 'keys' | 'code' | 'header'> & { kind: LibraryKind };
  /** Ids of what it names. */
  names: ReadonlySet<string>;
  meaning: Meant;
  /** Of kernel files only: they are few, and read at each run. */
  kernel: string | null;
};

export type Reading = {
  /** Candidates with the text of their last version. */
  inVolume(volumeId: string): Promise<Text[]>;
  byIds(fileIds: string[]): Promise<(Text & { volumeId: string })[]>;
  /** The text as it is typed now; null: the last version is the text. */
  living(fileId: string): Promise<string | null>;
  /** Files with words that are in no version. */
  pending(): Promise<{ fileId: string }[]>;
};

/** What the library lists. Memory and traces have their own index. */
const libraryKinds: readonly DefinitionKind[] = ['agent', 'skill', 'tool', 'kernel', 'workflow', 'applet'];
export const isListed = (kind: DefinitionKind): kind is LibraryKind => libraryKinds.includes(kind);
/** May this file define something, as far as its name says? */
export const mayDefine = (path: string) => isListed(kindByPath(path));

export type VolumeIndex = ReturnType<typeof createVolumeIndex>;

export function createVolumeIndex({
  volumeId,
  reading,
  typed,
  meaning,
}: {
  volumeId: string;
  reading: Reading;
  /** File -> how often it was typed in, for files with words in no version. */
  typed: Map<string, number>;
  meaning: Meaning;
}) {
  const entries = new Map<string, Indexed>();
  const words = createWordIndex<string>();
  const stale = new Set<string>();
  let filled = false;
  let revision = 0;
  let turn: Promise<void> = Promise.resolve();

  function put({ fileId, path, text, updatedAt }: Text, pending: boolean): void {
    const read = readTyped({ path, text });
    const { body: _body, keys: _keys, code: _code, header: _header, kind, ...rest } = read;
    if (!isListed(kind)) return drop(fileId);
    const definition = { kind, ...rest };
    revision++;
    entries.set(fileId, {
      fileId,
      path,
      updatedAt,
      pending,
      definition,
      names: namesIn(read),
      meaning: meaning.meantBy(read, volumeId),
      kernel: kind === 'kernel' ? text : null,
    });
    words.set(fileId, weighWords(read));
  }
  function drop(fileId: string): void {
    if (entries.delete(fileId)) revision++;
    words.remove(fileId);
  }

  async function fill(): Promise<void> {
    const waiting = await reading.pending(); // before the texts: what comes later is told
    const texts = await reading.inVolume(volumeId);
    for (const [index, text] of texts.entries()) {
      put(text, false);
      if (index % 10 === 9) await new Promise(setImmediate); // others have their turn between
    }
    await meaning.recall(
      volumeId,
      Array.from(entries.values(), (entry) => entry.meaning),
    );
    const here = new Set(texts.map(({ fileId }) => fileId));
    for (const { fileId } of waiting) {
      if (!typed.has(fileId)) typed.set(fileId, 1);
      if (here.has(fileId)) stale.add(fileId);
    }
    filled = true;
  }

  async function readAgain(): Promise<void> {
    const ids = [...stale];
    stale.clear();
    try {
      const rows = new Map((await reading.byIds(ids)).map((row) => [row.fileId, row]));
      for (const fileId of ids) {
        const row = rows.get(fileId);
        if (!row || row.volumeId !== volumeId) {
          drop(fileId);
          if (!row) typed.delete(fileId);
          continue;
        }
        const count = typed.get(fileId);
        const living = count === undefined ? null : await reading.living(fileId);
        if (count !== undefined && (living === null || living === row.text) && typed.get(fileId) === count)
          typed.delete(fileId);
        put({ ...row, text: living ?? row.text }, living !== null && living !== row.text);
      }
    } catch (error) {
      for (const id of ids) stale.add(id);
      throw error;
    }
  }

  return {
    entries: entries as ReadonlyMap<string, Indexed>,
    words,
    /** Another number when something in it changed. */
    revision: () => revision,
    /** This file may be different now. */
    note: (fileId: string) => void stale.add(fileId),
    /** Resolves when everything noted so far is read. */
    fresh(): Promise<void> {
      if (filled && stale.size === 0) return turn;
      turn = turn
        .catch(() => undefined)
        .then(async () => {
          if (!filled) await fill();
          if (stale.size > 0) await readAgain();
        });
      return turn;
    },
  };
}
