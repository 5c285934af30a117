// "Evolve": a definition of a farther volume is copied into a nearer one, where it wins from then on and may be changed. Where it came
// from is written into it. A skill is copied with its whole folder.
import { Problem } from '#shared/errors.ts';
import { setHeaderKeys } from '#shared/definitionEditing.ts';
import type { DefinitionPlace } from '#shared/api/library.ts';
import type { Versions } from '../volumes/versions/versions.ts';
import type { ResolvedDefinition } from './types.ts';

export type Evolving = {
  versions: Pick<Versions, 'list' | 'readBlob' | 'head' | 'textAt' | 'version'>;
  /** Paths that are taken in a volume. */
  find(place: { volumeId: string; path: string }): Promise<{ id: string } | null>;
  importFiles(files: {
    volumeId: string;
    person: string;
    files: { path: string; content: Uint8Array }[];
    message: string;
  }): Promise<unknown>;
};

export async function evolve({
  source,
  to,
  person,
  how,
  ...needs
}: Evolving & {
  source: ResolvedDefinition;
  to: { id: string; name: string };
  person: string;
  how: 'copied' | 'evolved';
}): Promise<DefinitionPlace> {
  if (to.id === source.volumeId) throw new Problem('invalid', 'It is in this volume already. Edit it there.');
  if (await needs.find({ volumeId: to.id, path: source.path }))
    throw new Problem('conflict', `“${source.path}” is there already in ${to.name}. Open that one.`, {
      path: source.path,
    });

  const origin = `${source.volume}/${source.path}@${source.oid.slice(0, 12)}`;
  const files = [{ path: source.path, content: Buffer.from(withOrigin({ source, origin, how })) }];
  if (/(^|\/)skill\.md$/i.test(source.path)) {
    const folder = source.path.slice(0, source.path.lastIndexOf('/') + 1);
    for (const { path, oid } of await needs.versions.list({ volumeId: source.volumeId, at: source.oid })) {
      if (folder === '' || !path.startsWith(folder) || path === source.path) continue;
      const bytes = await needs.versions.readBlob({ volumeId: source.volumeId, oid });
      if (bytes) files.push({ path, content: Buffer.from(bytes) });
    }
  }
  await needs.importFiles({
    volumeId: to.id,
    person,
    files,
    message: `${how === 'copied' ? 'Copy' : 'Evolve'} ${source.name} from ${source.volume}`,
  });
  const made = await needs.find({ volumeId: to.id, path: source.path });
  if (!made) throw new Problem('conflict', `“${source.path}” could not be kept in ${to.name}.`);
  return { volume: to.name, volumeId: to.id, path: source.path, fileId: made.id };
}

/** A text that cannot be changed by a program goes as it is: the message of its version says where it came from. */
function withOrigin({
  source: { path, text, definition },
  origin,
  how,
}: {
  source: ResolvedDefinition;
  origin: string;
  how: 'copied' | 'evolved';
}): string {
  const key = how === 'copied' ? 'copied_from' : 'evolved_from';
  if (/\.app$/i.test(path)) return text;
  if (/\.[jt]sx$/i.test(path)) {
    const comment = /^\s*\/\*\*/.exec(text);
    return comment
      ? `${comment[0]}\n * @${key} ${origin}${text.slice(comment[0].length)}`
      : `/**\n * @${key} ${origin}\n */\n${text}`;
  }
  if (definition.guessed) return text;
  const others = ['evolves_from', 'evolved_from', 'copied_from'].filter(
    (name) => name !== key && definition.header && Object.hasOwn(definition.header, name),
  );
  const gone = Object.fromEntries(others.map((name) => [name, null]));
  return setHeaderKeys(text, { ...gone, origin: how, [key]: origin }) ?? text;
}
