// The library: what can be used from where, found by name, by words and by meaning. Nothing is registered: a definition is a file, and
// what is typed in it is live for the next who asks (LI1).
import { readKernelSettings, runLimits, type KernelFolder } from '#shared/kernelSettings.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import { readTyped } from '#shared/typedDefinition.ts';
import type { VolumeTarget } from '../platform/http.ts';
import type { Versions } from '../volumes/versions/versions.ts';
import { findCalled, inOrder, rank, type Call, type Ranked } from './lookup.ts';
import { createMeaning } from './meaning.ts';
import type { MeaningStore } from './meaningStore.ts';
import { createPinned } from './pinned.ts';
import { chooseSkills, scoreEntries } from './scoring.ts';
import type {
  DefinitionPlace,
  Embed,
  Library,
  LibraryEntry,
  LibraryKind,
  Listed,
  Lookup,
  ResolvedDefinition,
} from './types.ts';
import { createVolumeIndex, mayDefine, type Indexed, type Reading, type VolumeIndex } from './volumeIndex.ts';

export type LibraryNeeds = {
  findVolume(name: string, actor: Actor): Promise<VolumeTarget | null>;
  versions: Pick<Versions, 'head' | 'checkpointNow' | 'textAt' | 'list' | 'readBlob'>;
  reading: Reading;
  /** Null: by words alone. */
  embed: Embed | null;
  kept: MeaningStore;
  failed: (error: unknown) => void;
};

type Volume = { id: string; name: string };
type Placed = Indexed & { volume: Volume };

const mostVolumes = 128;
const mostTyped = 100_000;
/** How long a run waits for meaning, and somebody who types. */
const [meaningWaitMs, searchWaitMs] = [1500, 150];
/** What fits this much worse than the best hit is noise. */
const leastOfBest = 0.25;

export function createLibrary({ findVolume, versions, reading, embed, kept, failed }: LibraryNeeds): Library {
  const indexes = new Map<string, VolumeIndex>(); // least recently used first
  const typed = new Map<string, number>();
  /** Typed in, and in no index that is loaded. */
  const unplaced = new Set<string>();
  const uninteresting = new Set<string>();
  /** What each index had when it was last looked at, in the order of lookup. */
  const orders = new WeakMap<VolumeIndex, { revision: number; entries: Placed[] }>();
  const meaning = createMeaning({ embed, kept, failed });
  const pinned = createPinned({ versions });

  function indexOf(volumeId: string): VolumeIndex {
    const index = indexes.get(volumeId) ?? createVolumeIndex({ volumeId, reading, typed, meaning });
    indexes.delete(volumeId);
    indexes.set(volumeId, index);
    for (const old of indexes.keys()) {
      if (indexes.size <= mostVolumes) break;
      indexes.delete(old);
    }
    return index;
  }

  /** The volumes that somebody looks in, the nearest first. Those that may not be read are not there. */
  async function volumesOf({ actor, volume, own = true }: Lookup & { own?: boolean }): Promise<Volume[]> {
    const names = [...new Set([...(own ? [`user/${actor.login}`] : []), volume, 'system'])];
    const found: Volume[] = [];
    for (const name of names) {
      const target = await findVolume(name, actor);
      if (!target) continue;
      const resource = { kind: 'volume', name, volumeKind: target.kind, role: target.role } as const;
      if (decide({ actor, verb: 'volume.read', resource }) === 'allow') found.push({ id: target.id, name });
    }
    return found;
  }

  async function place(): Promise<void> {
    if (unplaced.size === 0) return;
    const ids = [...unplaced];
    unplaced.clear();
    const rows = new Map((await reading.byIds(ids)).map((row) => [row.fileId, row]));
    for (const id of ids) {
      const row = rows.get(id);
      if (row && mayDefine(row.path)) indexes.get(row.volumeId)?.note(id);
      else if (uninteresting.size < mostTyped) uninteresting.add(id);
    }
  }

  /** What each volume has now, the nearest first. */
  async function look(volumes: Volume[]): Promise<Placed[][]> {
    await place();
    return Promise.all(
      volumes.map(async (volume) => {
        const index = indexOf(volume.id);
        await index.fresh();
        const known = orders.get(index);
        if (known?.revision === index.revision()) return known.entries;
        const entries = inOrder(Array.from(index.entries.values(), (entry) => ({ ...entry, volume })));
        orders.set(index, { revision: index.revision(), entries });
        return entries;
      }),
    );
  }

  const placeOf = ({ volume, path, fileId }: Pick<Placed, 'volume' | 'path' | 'fileId'>): DefinitionPlace => ({
    volume: volume.name,
    volumeId: volume.id,
    path,
    fileId,
  });

  /** Reads a definition at a commit that holds what is typed in it now. Null: it changed under our hands, look again. */
  async function readNow({ entry, hides }: Ranked<Placed>): Promise<ResolvedDefinition | null> {
    const { volume, fileId, path, pending } = entry;
    const head =
      pending || typed.has(fileId)
        ? (await versions.checkpointNow({ volumeId: volume.id, fileIds: [fileId] })).head
        : await versions.head(volume.id);
    const text = head && (await versions.textAt({ volumeId: volume.id, at: head.oid, path }));
    if (!head || text === null) return null;
    const definition = readTyped({ path, text });
    const { kind, id, name } = definition;
    if (kind !== entry.definition.kind || id !== entry.definition.id) return null;
    return { ...placeOf(entry), kind, id, name, oid: head.oid, text, definition, hides: hides.map(placeOf) };
  }

  async function resolveNow(volumes: Volume[], kind: LibraryKind, call: Call): Promise<ResolvedDefinition | null> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const ranked = rank(await look(volumes));
      const found = findCalled(ranked, kind, call);
      if (!found) return null;
      // a file that is held back is in no version: what it hides is used
      const candidates = [found, ...found.hides.map((entry): Ranked<Placed> => ({ entry, hides: [], hiddenBy: null }))];
      for (const candidate of attempt < 2 ? [found] : candidates) {
        const resolved = await readNow(candidate);
        if (resolved) return resolved;
        indexes.get(candidate.entry.volume.id)?.note(candidate.entry.fileId);
      }
    }
    return null;
  }

  async function resolveAt(
    volumes: Volume[],
    at: Record<string, string>,
    kind: LibraryKind,
    call: Call,
  ): Promise<ResolvedDefinition | null> {
    const there = await Promise.all(
      volumes.map(async (volume) => {
        const oid = at[volume.name];
        if (!oid) return [];
        return inOrder((await pinned(volume.id, oid)).map((one) => ({ ...one, volume, oid, fileId: '' })));
      }),
    );
    const found = findCalled(rank(there), kind, call);
    if (!found) return null;
    const { definition, oid, text, path, volume } = found.entry;
    const { id, name } = definition;
    const now = [...indexOf(volume.id).entries.values()].find((entry) => entry.path === path);
    return {
      ...placeOf({ volume, path, fileId: now?.fileId ?? '' }),
      kind,
      id,
      name,
      oid,
      text,
      definition,
      hides: found.hides.map(placeOf),
    };
  }

  const describe = ({ entry, hides, hiddenBy }: Ranked<Placed>): LibraryEntry => {
    const { definition, pending, updatedAt } = entry;
    const { kind, id, name, description, type, category, version, tools, model, keywords, origin } = definition;
    const here = placeOf(entry);
    const twin = hiddenBy?.volume.id === entry.volume.id ? hiddenBy : null;
    const diagnostics = definition.diagnostics.map(({ line, message, severity }) => ({
      line,
      message,
      severity: severity ?? ('error' as const),
    }));
    if (twin)
      diagnostics.push({
        line: 1,
        message: `“${twin.path}” has the same name and wins.`,
        severity: 'warning' as const,
      });
    return {
      ...here,
      kind, id, name, description, type, category, version, tools, model, keywords, origin,
      executable: definition.executable !== null,
      diagnostics,
      pending,
      updatedAt: updatedAt.toISOString(),
      hides: hides.map(placeOf),
      hiddenBy: hiddenBy && placeOf(hiddenBy),
    }; // prettier-ignore
  };

  /** All that fit, the best first; without a question in the order of lookup. */
  async function find({ kinds, q = '', hidden = false, onLate, ...lookup }: Listed): Promise<Ranked<Placed>[]> {
    const volumes = await volumesOf(lookup);
    const ranked = rank(await look(volumes)).filter(
      ({ entry, hiddenBy }) => (hidden || hiddenBy === null) && (!kinds || kinds.includes(entry.definition.kind)),
    );
    if (q.trim() === '') return ranked;
    const scores = await scoreEntries({
      text: q,
      partial: true,
      entries: ranked.map(({ entry }) => entry),
      words: (volumeId) => indexOf(volumeId).words,
      meaning,
      waitMs: searchWaitMs,
      onLate,
    });
    let best = 0;
    for (const { score } of scores.values()) best = Math.max(best, score);
    return ranked
      .flatMap((one) => {
        const score = scores.get(one.entry.fileId)?.score ?? 0;
        return score > best * leastOfBest ? [{ one, score }] : [];
      })
      .sort((a, b) => b.score - a.score)
      .map(({ one }) => one);
  }

  return {
    async resolve(question) {
      const volumes = await volumesOf(question);
      const { kind, at } = question;
      return at ? resolveAt(volumes, at, kind, question) : resolveNow(volumes, kind, question);
    },

    async page({ from, limit, ...question }) {
      const found = await find(question);
      return { entries: found.slice(from, from + limit).map(describe), total: found.length };
    },
    async list({ limit = Infinity, ...question }) {
      return (await find(question)).slice(0, limit).map(describe);
    },

    async at({ place: { volume, path }, ...question }) {
      const volumes = await volumesOf(question);
      for (let attempt = 0; attempt < 3; attempt++) {
        const one = rank(await look(volumes)).find(({ entry }) => entry.volume.name === volume && entry.path === path);
        const found = one && (await readNow(one));
        if (!one || found) return found ?? null;
        indexes.get(one.entry.volume.id)?.note(one.entry.fileId);
      }
      return null;
    },

    async detail({ place: { volume, path }, ...question }) {
      const volumes = await volumesOf(question);
      const here = await look(volumes);
      const ranked = rank(here);
      const one = ranked.find(({ entry }) => entry.volume.name === volume && entry.path === path);
      if (!one) return null;
      const { kind, id, limits, skills, mcpServers, executable } = one.entry.definition;
      const same = ranked.filter(({ entry: { definition } }) => definition.kind === kind && definition.id === id);
      const lookup = volumes.map(({ name }) => {
        const found = same.find(({ entry }) => entry.volume.name === name);
        return { volume: name, found, used: found !== undefined && found.hiddenBy === null };
      });
      const heads = new Map(
        await Promise.all(volumes.map(async ({ id, name }) => [name, await versions.head(id)] as const)),
      );
      const namedBy = ranked.filter(
        ({ entry, hiddenBy }) => hiddenBy === null && entry.names.has(id) && entry.definition.id !== id,
      );
      return {
        entry: describe(one),
        lookup: lookup.map(({ volume: name, found, used }) => ({
          volume: name,
          found: found
            ? { volume: name, path: found.entry.path, fileId: found.entry.fileId, oid: heads.get(name)?.oid ?? null }
            : null,
          used,
        })),
        limits: { ...limits },
        skills,
        mcpServers,
        inputs: (executable?.inputs ?? []).map(({ name, type, description, required }) => ({
          name, type, description, required,
        })), // prettier-ignore
        namedBy: namedBy.slice(0, 50).map(({ entry }) => ({
          ...placeOf(entry),
          kind: entry.definition.kind,
          id: entry.definition.id,
          name: entry.definition.name,
        })),
      };
    },

    async skillsFor({ goal, named = [], among, most = 3, ...question }) {
      const volumes = await volumesOf(question);
      const ranked = rank(await look(volumes)).filter(
        ({ entry, hiddenBy }) => entry.definition.kind === 'skill' && hiddenBy === null,
      );
      const entries = ranked.map(({ entry }) => entry);
      const scores = await scoreEntries({
        text: withoutFolders(goal), partial: false, entries, words: (volumeId) => indexOf(volumeId).words, meaning, waitMs: meaningWaitMs,
      }); // prettier-ignore
      const choices = chooseSkills({ goal, named, among: among ?? null, entries, scores, most });
      const chosen = [];
      for (const { entry, score, why } of choices) {
        const call = { id: entry.definition.id };
        const skill = question.at
          ? await resolveAt(volumes, question.at, 'skill', call)
          : await resolveNow(volumes, 'skill', call);
        if (skill) chosen.push({ skill, score, why });
      }
      return chosen;
    },

    async versions(question) {
      const volumes = await volumesOf(question);
      const heads: Record<string, string> = {};
      for (const [index, entries] of (await look(volumes)).entries()) {
        const { id, name } = volumes[index]!;
        const fileIds = entries
          .filter(({ fileId, pending }) => pending || typed.has(fileId))
          .map(({ fileId }) => fileId);
        const head =
          fileIds.length > 0 ? (await versions.checkpointNow({ volumeId: id, fileIds })).head : await versions.head(id);
        if (head) heads[name] = head.oid;
      }
      return heads;
    },

    async kernel(question) {
      const volumes = await volumesOf(question);
      const folders = question.at
        ? await Promise.all(
            volumes.map(async ({ id, name }) => {
              const oid = question.at![name];
              const found = oid ? await pinned(id, oid) : [];
              return kernelFolder(
                name,
                found.flatMap(({ path, text, definition }) => (definition.kind === 'kernel' ? { path, text } : [])),
              );
            }),
          )
        : (await look(volumes)).map((entries, index) =>
            kernelFolder(
              volumes[index]!.name,
              entries.flatMap(({ path, kernel }) => (kernel === null ? [] : { path, text: kernel })),
            ),
          );
      const { values, remarks } = readKernelSettings(groundFirst(folders));
      return { values, limits: runLimits(values), remarks };
    },

    edited({ fileId }) {
      if (typed.size < mostTyped || typed.has(fileId)) typed.set(fileId, (typed.get(fileId) ?? 0) + 1);
      for (const index of indexes.values()) if (index.entries.has(fileId)) return index.note(fileId);
      if (!uninteresting.has(fileId)) unplaced.add(fileId);
    },
    committed({ volumeId, fileIds }) {
      const index = indexes.get(volumeId);
      for (const id of fileIds) {
        uninteresting.delete(id); // it may have another name now
        if (index) index.note(id);
        else typed.delete(id);
      }
    },
  };
}

const kernelFolder = (from: string, files: { path: string; text: string }[]): KernelFolder => ({
  from,
  files: Object.fromEntries(files.map(({ path, text }) => [path.slice(path.lastIndexOf('/') + 1), text])),
});

/** The system's numbers are the ground, also where somebody may not read its volume: then it is empty, and the software's own hold. */
function groundFirst(nearestFirst: KernelFolder[]): KernelFolder[] {
  const system = nearestFirst.find(({ from }) => from === 'system') ?? { from: 'system', files: {} };
  return [system, ...nearestFirst.filter((folder) => folder !== system).reverse()];
}

/** Where a file lies that the goal names says nothing about the work: `@notes/tides.csv` is not about notes. */
const withoutFolders = (goal: string): string => goal.replace(/@[^\s"'`]*\//g, '@');
