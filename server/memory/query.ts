// QueryMemory (kernel/query-memory-spec.md): words by their stems in PostgreSQL's full text, meaning by nearness of vectors, both only within the
// volumes that the asker may read (ME1). Relevance is the chance that at least one of the two is right about an entry ("noisy or").
import type { z } from 'zod';
import type { MemoryAnswer, MemoryMatch, MemoryQuestion } from '#shared/api/memory.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Entry, EntryCache } from './entryCache.ts';
import { countHeld } from './heldStems.ts';
import type { EmbedTexts } from './memoryIndex.ts';
import type { Attributes, MemoryRecord, MemoryStore } from './memoryStore.ts';
import { nearness } from './vectors.ts';

export type ParsedQuestion = z.output<typeof MemoryQuestion>;
export type Readable = (actor: Actor) => Promise<{ id: string; name: string }[]>;

/** A score that says nothing. */
const noise = 0.02;
/** Entries that are compared before others have their turn. */
const atOnce = 2000;
/** Nearness of texts about different things, and of one thing in other words, as measured with the model that ships. */
const [unlike, alike] = [0.25, 0.75];
const meansThat = (near: number) => Math.min(1, Math.max(0, (near - unlike) / (alike - unlike)));
/** How much each is believed. */
const [byMeaning, byWords] = [0.95, 0.85];

export function createQuery({
  store,
  cache,
  embed,
  readable,
}: {
  store: MemoryStore;
  cache: EntryCache;
  embed: EmbedTexts;
  readable: Readable;
}) {
  return async function queryMemory({
    question,
    actor,
    only = null,
  }: {
    question: ParsedQuestion;
    actor: Actor;
    /** Names of volumes: nothing of others. */
    only?: readonly string[] | null;
  }): Promise<MemoryAnswer> {
    const started = performance.now();
    const places = (await readable(actor)).filter(({ name }) => only === null || only.includes(name));
    const asked =
      question.scope === 'project' && question.volume ? places.filter(({ name }) => name === question.volume) : places;
    const volumeIds = asked.map(({ id }) => id);
    void warm(volumeIds); // while the question is measured
    const [stems, vectors] = await Promise.all([store.stems(question.query), vectorsOf(question)]);

    const fits = filterOf(question);
    const best = createBest({ least: question.min_relevance, limit: question.limit });
    let searched = 0;
    for (const volumeId of volumeIds) {
      const volume = await cache.of(volumeId);
      const known = volume.numbers.known(stems);
      // of those whose words are not in memory the database knows
      let upTo = volume.wordsUpTo;
      let held = volume.words === 'here' ? null : await store.holding({ volumeId, stems, after: upTo });
      if (held && upTo !== null && volume.words === 'too many') {
        upTo = null;
        held = await store.holding({ volumeId, stems, after: null });
      }
      for (const entry of volume.entries.values()) {
        if (!fits(entry)) continue;
        if (++searched % atOnce === 0) await new Promise(setImmediate);
        const isRead = held === null || (upTo !== null && entry.fileId <= upTo);
        const words = isRead ? countHeld(entry.stems, known) / (stems.length || 1) : (held?.get(entry.fileId) ?? 0);
        const score = scoreOf({ entry, words, vectors });
        if (score > noise && best.beats(score)) best.add(entry.fileId, score * weightOf(entry));
      }
    }

    const good = best.all();
    const rows = await store.byIds(good.map(([fileId]) => fileId));
    const names = new Map(asked.map(({ id, name }) => [id, name]));
    const matches = good.flatMap(([fileId, score]) => {
      const row = rows.get(fileId);
      const volume = row && names.get(row.volumeId);
      return row && volume ? [matchOf({ row, volume, score })] : [];
    });
    return {
      matches,
      query_summary: summaryOf({
        matches,
        searched,
        by: vectors ? 'words and meaning' : 'words',
        places: asked,
        question,
      }),
      total_searched: searched,
      search_time_ms: Math.round((performance.now() - started) * 10) / 10,
    };
  };

  /** What is not in memory yet is read; the question finds out itself what cannot be. */
  async function warm(volumeIds: string[]): Promise<void> {
    for (const volumeId of volumeIds) if (!(await cache.of(volumeId).catch(() => null))) return;
  }

  /** Null: by words alone, because meaning is off or its model failed. */
  async function vectorsOf({ query, scope, project_context: context }: ParsedQuestion): Promise<Asked> {
    if (!embed) return null;
    const about = scope === 'similar' && context ? [query, context] : [query];
    const found = await embed(about, { soon: true }).catch(() => null);
    return found && { query: Float64Array.from(found[0]!), context: found[1] ? Float64Array.from(found[1]) : null };
  }
}

/** The `limit` best that reach `least`, without sorting all; of equals those that came first. */
function createBest({ least, limit }: { least: number; limit: number }) {
  let found: [fileId: string, score: number][] = [];
  let full = false;
  const cut = () => {
    found = found.sort((a, b) => b[1] - a[1]).slice(0, limit);
    full = found.length === limit;
    if (full) least = Math.max(least, found.at(-1)![1]);
  };
  const beats = (score: number) => (full ? score > least : score >= least);
  return {
    beats,
    add(fileId: string, score: number): void {
      if (!beats(score)) return;
      found.push([fileId, score]);
      if (found.length >= 4 * limit + 100) cut();
    },
    all() {
      cut();
      return found;
    },
  };
}

type Asked = { query: Float64Array; context: Float64Array | null } | null;

/** `words`: the share of the question's words that it holds. */
function scoreOf({ entry: { vector }, words, vectors }: { entry: Entry; words: number; vectors: Asked }): number {
  const near = vector && vectors ? nearness(vector, vectors.query) : 0;
  const score = 1 - (1 - byMeaning * meansThat(near)) * (1 - byWords * words ** 1.5);
  if (score <= noise || !vectors?.context || !vector) return score;
  return score * (0.7 + 0.3 * meansThat(nearness(vector, vectors.context)));
}

/** What worked and what is recent comes a little before its like. What was archived comes after. */
function weightOf({ at, outcome, state }: Attributes): number {
  const days = Math.max(0, Date.now() - at.getTime()) / 86_400_000;
  const recent = 0.95 + 0.05 * Math.exp(-days / 60);
  return recent * (outcome === 'failure' ? 0.95 : 1) * (state === 'archived' ? 0.85 : 1);
}

function filterOf(question: ParsedQuestion): (entry: Attributes) => boolean {
  const { memory_type: type, time_range: range, filters = {}, project, scope } = question;
  const from = range?.from ? Date.parse(range.from) : -Infinity;
  // a day means all of it
  const to = range?.to ? Date.parse(range.to) + (range.to.length === 10 ? 86_400_000 - 1 : 0) : Infinity;
  const wanted = Object.entries(filters);
  return (entry) => {
    if (type !== 'all' && entry.type !== type) return false;
    if (scope === 'project' && project && entry.project !== project) return false;
    const at = entry.at.getTime();
    if (at < from || at > to) return false;
    return wanted.every(([key, value]) => {
      const has = key === 'state' || key === 'outcome' || key === 'project' ? entry[key] : entry.metadata[key];
      return Array.isArray(has) ? has.includes(String(value)) : String(has ?? '') === String(value);
    });
  };
}

function matchOf({ row, volume, score }: { row: MemoryRecord; volume: string; score: number }): MemoryMatch {
  const { path, fileId, title, type, excerpt, metadata, state, outcome, project, at } = row;
  const relevance = Math.round(score * 1000) / 1000;
  const more = { ...metadata, state, outcome, project, created_at: at.toISOString() };
  return { path, volume, fileId, title, relevance, type, excerpt, metadata: more };
}

const nouns: Record<MemoryRecord['type'], [one: string, many: string]> = {
  agent_templates: ['agent', 'agents'],
  workflow_patterns: ['workflow pattern', 'workflow patterns'],
  domain_knowledge: ['note', 'notes'],
  skills: ['skill', 'skills'],
  traces: ['trace', 'traces'],
};

function summaryOf({
  matches,
  searched,
  by,
  places,
  question,
}: {
  matches: MemoryMatch[];
  searched: number;
  by: string;
  places: { name: string }[];
  question: ParsedQuestion;
}): string {
  const where =
    places.length > 3 ? `${places.length} volumes` : places.map(({ name }) => name).join(', ') || 'no volume';
  const about = `“${question.query.slice(0, 80)}”`;
  if (matches.length === 0) return `Nothing fits ${about}: ${searched} entries searched by ${by} in ${where}.`;
  const counts = Map.groupBy(matches, ({ type }) => type);
  const found = [...counts].map(([type, { length }]) => `${length} ${nouns[type][length === 1 ? 0 : 1]}`).join(', ');
  return `${found} for ${about}, by ${by} in ${where}.`;
}
