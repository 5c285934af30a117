// The edge of the library.
import { Readable } from 'node:stream';
import type { Figures } from '#shared/api/library.ts';
import { notFound, Problem } from '#shared/errors.ts';
import { decide, type Actor, type Verb } from '#shared/permissions.ts';
import type { HandlersOf, VolumeTarget } from '../platform/http.ts';
import { evolve, type Evolving } from './evolving.ts';
import { exportDefinitions, type ExportedFile } from './exporting.ts';
import { originOf } from './origin.ts';
import { createImport, type ImportNeeds } from './importing.ts';
import type { Library, LibraryKind } from './types.ts';

type LibraryRoutes = HandlersOf<
  | 'GET /library'
  | 'GET /library/agents'
  | 'GET /library/skills'
  | 'GET /library/names'
  | 'GET /library/definition'
  | 'GET /library/origin'
  | 'GET /library/figures'
  | 'POST /library/import/check'
  | 'POST /library/import'
  | 'POST /library/evolve'
  | 'GET /library/export'
>;
type Query = {
  volume?: string | undefined;
  q?: string | undefined;
  hidden?: '0' | '1' | undefined;
  cursor?: string | undefined;
  limit: number;
};

/** Names of models that every provider is asked to know, beside those that definitions use. */
const commonModels = ['inherit', 'opus', 'sonnet', 'haiku'];

export function libraryRoutes({
  library,
  textFrom,
  unpack,
  textNow,
  findVolume,
  pack,
  figures,
  now,
  ...evolving
}: Evolving &
  Pick<ImportNeeds, 'textFrom' | 'unpack' | 'importFiles'> & {
    library: Library;
    textNow: ImportNeeds['textAt'];
    findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
    pack: (archive: { files: AsyncIterable<ExportedFile>; at: number }) => Readable;
    figures: (actor: Actor) => Promise<Figures>;
    now: () => number;
  }): LibraryRoutes {
  const { versions } = evolving;
  const imports = createImport({ library, textFrom, unpack, textAt: textNow, importFiles: evolving.importFiles });
  const seenFrom = (actor: Actor, volume: string | undefined) => ({ actor, volume: volume ?? `user/${actor.login}` });

  async function allowed(name: string, actor: Actor, verb: Verb): Promise<VolumeTarget> {
    const target = await findVolume(name, actor);
    const verdict = target
      ? decide({ actor, verb, resource: { kind: 'volume', name, volumeKind: target.kind, role: target.role } })
      : 'not-found';
    if (!target || verdict === 'not-found') throw notFound('such volume');
    if (verdict !== 'allow') throw new Problem('forbidden', 'Your role does not allow that.');
    return target;
  }

  const allowedToRead = (actor: Actor) => (name: string) =>
    allowed(name, actor, 'volume.read').catch((error: unknown) => {
      if (error instanceof Problem) return null;
      throw error;
    });

  async function page(actor: Actor, query: Query, kinds?: readonly LibraryKind[]) {
    if (query.volume) await allowed(query.volume, actor, 'volume.read');
    let late = false;
    const from = Math.max(0, Number(query.cursor ?? 0) || 0);
    const { entries, total } = await library.page({
      ...seenFrom(actor, query.volume),
      onLate: () => (late = true),
      ...(kinds ? { kinds } : {}),
      ...(query.q ? { q: query.q } : {}),
      hidden: query.hidden === '1',
      from,
      limit: query.limit,
    });
    const next = from + entries.length;
    return { entries, total, late, cursor: next < total ? String(next) : null };
  }

  return {
    'GET /library': ({ actor, query }) => page(actor, query, query.kind ? [query.kind] : undefined),
    'GET /library/agents': async ({ actor, query }) => {
      const { entries: agents, ...rest } = await page(actor, query, ['agent']);
      return { agents, ...rest };
    },
    'GET /library/skills': async ({ actor, query }) => {
      const { entries: skills, ...rest } = await page(actor, query, ['skill']);
      return { skills, ...rest };
    },
    'GET /library/names': async ({ actor, query }) => {
      if (query.volume) await allowed(query.volume, actor, 'volume.read');
      const found = await library.list(seenFrom(actor, query.volume));
      return {
        names: found.map(({ kind, id, name, description, volume, path, fileId }) => ({
          kind, id, name, description: description.slice(0, 160), volume, path, fileId,
        })), // prettier-ignore
        models: [...new Set([...commonModels, ...found.flatMap(({ model }) => model ?? [])])],
      };
    },
    'GET /library/definition': async ({ actor, query }) => {
      const place = { volume: query.in, path: query.path };
      const detail = await library.detail({ ...seenFrom(actor, query.volume ?? query.in), place });
      if (!detail) throw notFound('such definition');
      return detail;
    },
    'GET /library/origin': async ({ actor, query }) => {
      const of = await library.at({ ...seenFrom(actor, query.in), place: { volume: query.in, path: query.path } });
      if (!of) throw notFound('such definition');
      const origin = await originOf({
        from: of.definition.origin.from,
        findVolume: allowedToRead(actor),
        textNow,
        versions,
      });
      if (!origin) throw notFound('such origin, or you may not read it');
      return origin;
    },
    'GET /library/figures': ({ actor }) => figures(actor),
    'POST /library/import/check': async ({ actor, body: asked }) =>
      imports.check({ actor, to: await allowed(asked.to, actor, 'volume.import'), asked }),
    'POST /library/import': async ({ actor, body: asked }) =>
      imports.bring({ actor, to: await allowed(asked.to, actor, 'volume.import'), asked }),
    'POST /library/evolve': async ({ actor, body: { from, to, how } }) => {
      await allowed(from.volume, actor, 'volume.read');
      const target = await allowed(to, actor, 'volume.write');
      const lookup = seenFrom(actor, from.volume);
      const source = await library.at({ ...lookup, place: from });
      if (!source) throw notFound('such definition');
      return evolve({ ...evolving, source, to: target, person: actor.personId, how });
    },
    'GET /library/export': async ({ actor, query }) => {
      if (query.volume) await allowed(query.volume, actor, 'volume.export');
      const ids = query.ids?.split(',').map((id) => id.trim()) ?? null;
      const { form } = query;
      const lookup = seenFrom(actor, query.volume);
      const systemId = (await findVolume('system', actor))?.id ?? null;
      const files = exportDefinitions({ ...lookup, library, versions, systemId, form, ids });
      const stream = pack({ files, at: Math.floor(now() / 1000) });
      return new Response(Readable.toWeb(stream) as ReadableStream, {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="${form === 'claude' ? 'claude-agents' : 'agent-skills'}.zip"`,
          'x-content-type-options': 'nosniff',
        },
      });
    },
  };
}
