// An import into a volume: what it would bring and what is odd in it, and then the import itself.
import type { ImportAsked, ImportPlan } from '#shared/api/library.ts';
import { Problem } from '#shared/errors.ts';
import type { Actor } from '#shared/permissions.ts';
import type { ChangeResult } from '#shared/api.ts';
import { placeArrived, type Arrived, type Placed } from './arriving.ts';
import type { DefinitionPlace, Library, LibraryEntry } from './types.ts';

export type ImportNeeds = {
  library: Pick<Library, 'list'>;
  /** The text that is there now. Null: there is none. */
  textAt(place: { volumeId: string; path: string }): Promise<string | null>;
  textFrom(bytes: Uint8Array): string | null;
  unpack(bytes: Buffer): Promise<Arrived[]>;
  importFiles(files: { volumeId: string; person: string; files: Arrived[]; message: string }): Promise<ChangeResult>;
};
type Asked = ImportAsked & { as: NonNullable<ImportAsked['as']>; without: string[] };
type Target = { id: string; name: string };

export function createImport(needs: ImportNeeds) {
  async function read({ actor, to, asked }: { actor: Actor; to: Target; asked: Asked }) {
    const files: Arrived[] = asked.files.map(({ path, base64 }) => ({ path, content: Buffer.from(base64, 'base64') }));
    if (asked.archive) files.push(...(await needs.unpack(Buffer.from(asked.archive, 'base64'))));
    const { placed, left } = placeArrived({ files, as: asked.as, textFrom: needs.textFrom });
    const wanted = placed.filter(({ from }) => !asked.without.includes(from));
    const there = await needs.library.list({ actor, volume: to.name, hidden: true });
    const items = await Promise.all(wanted.map((one) => describe(one, { actor, to, there })));
    return { plan: { items, left }, wanted };
  }

  async function describe(
    { definition, ...one }: Placed,
    { actor, to, there }: { actor: Actor; to: Target; there: LibraryEntry[] },
  ): Promise<ImportPlan['items'][number]> {
    const order = [`user/${actor.login}`, to.name, 'system'];
    const rank = (volume: string) => order.indexOf(volume);
    const same = there.filter(({ kind, id }) => kind === one.kind && id === definition.id && kind !== 'kernel');
    const others = same.filter(({ volume, path }) => volume !== to.name || path !== one.path);
    const twin = others.find(({ volume }) => volume === to.name);
    const now = await needs.textAt({ volumeId: to.id, path: one.path });
    const diagnostics = definition.diagnostics.map(({ line, message, severity }) => ({
      line,
      message,
      severity: severity ?? ('error' as const),
    }));
    if (twin) diagnostics.push({ line: 1, message: `“${twin.path}” has the same name.`, severity: 'warning' });
    const nearer = others.find(({ volume }) => rank(volume) < rank(to.name));
    return {
      from: one.from,
      path: one.path,
      files: one.files.map(({ path }) => path),
      kind: one.kind,
      id: definition.id,
      name: definition.name,
      description: definition.description,
      guessed: one.guessed,
      diagnostics,
      state: now === null ? 'new' : now === one.text ? 'same' : 'merges',
      hides: others.filter(({ volume }) => rank(volume) > rank(to.name)).map(placeOf),
      hiddenBy: nearer ? placeOf(nearer) : null,
    };
  }

  return {
    check: async (import_: { actor: Actor; to: Target; asked: Asked }): Promise<ImportPlan> =>
      (await read(import_)).plan,
    async bring(import_: { actor: Actor; to: Target; asked: Asked }): Promise<ImportPlan & { conflicts: number }> {
      const { plan, wanted } = await read(import_);
      if (wanted.length === 0) throw new Problem('invalid', 'Nothing of this defines an agent, a skill or a tool.');
      const { conflicts, skipped } = await needs.importFiles({
        volumeId: import_.to.id,
        person: import_.actor.personId,
        files: wanted.flatMap(({ files }) => files),
        message: `Import ${wanted.length === 1 ? wanted[0]!.definition.name : `${wanted.length} definitions`}`,
      });
      return { ...plan, left: [...plan.left, ...(skipped ?? [])], conflicts: conflicts.length };
    },
  };
}

const placeOf = ({ volume, volumeId, path, fileId }: LibraryEntry): DefinitionPlace => ({
  volume,
  volumeId,
  path,
  fileId,
});
