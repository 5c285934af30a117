// How well a definition fits some words: by the words themselves and by meaning, 0 to 1. And which skills a goal needs (LI4).
import { slugOf } from '#shared/typedDefinition.ts';
import type { Meaning } from './meaning.ts';
import type { Indexed } from './volumeIndex.ts';
import type { WordIndex } from './words.ts';

type Entry = Indexed & { volume: { id: string } };
export type Score = { score: number; words: number; meaning: number; shared: string[] };

/** A score by words of this much is half of what is possible. */
const halfWay = 30;
/** Nearness in meaning that says something by itself. */
const leastMeaning = 0.35;

/** By file id; those that fit not at all are left out. */
export async function scoreEntries({
  text,
  partial,
  entries,
  words,
  meaning,
  waitMs,
  onLate,
}: {
  text: string;
  partial: boolean;
  entries: readonly Entry[];
  words: (volumeId: string) => WordIndex<string>;
  meaning: Meaning;
  waitMs: number;
  /** Meanings are still being computed: what fits by meaning may be missing. */
  onLate?: (() => void) | undefined;
}): Promise<Map<string, Score>> {
  // a goal is long and shares only some words with a skill; what is typed into a search field is meant as a whole
  const covered = partial ? 0.7 : 0.4;
  const hits = new Map<string, { score: number; shared: string[]; coverage: number }>();
  for (const volumeId of new Set(entries.map(({ volume }) => volume.id)))
    for (const [fileId, hit] of words(volumeId).find(text, { partial })) hits.set(fileId, hit);
  const { near, late } = await meaning.compare({ text, among: entries.map((entry) => entry.meaning), waitMs });
  if (late) onLate?.();
  const scores = new Map<string, Score>();
  for (const entry of entries) {
    const hit = hits.get(entry.fileId);
    const byWords = hit ? (hit.score / (hit.score + halfWay)) * (1 - covered + covered * hit.coverage) : 0;
    const byMeaning = near.get(entry.meaning.key) ?? 0;
    if (byWords === 0 && byMeaning < leastMeaning) continue;
    scores.set(entry.fileId, {
      score: 1 - (1 - byWords) * (1 - 0.9 * byMeaning),
      words: byWords,
      meaning: byMeaning,
      shared: hit?.shared ?? [],
    });
  }
  return scores;
}

/** Below this a skill is more likely to distract than to help. */
const leastForSkill = 0.3;

/**
 * `named`: skills that the agent or the person asks for; they come first. `among`: only these, where somebody limits them. A skill that
 * is called by name in the goal (`/csv-forecast`, “use CSV forecast”) is asked for too.
 */
export function chooseSkills({
  goal,
  named,
  among,
  entries,
  scores,
  most,
}: {
  goal: string;
  named: readonly string[];
  among: readonly string[] | null;
  entries: readonly Entry[];
  scores: Map<string, Score>;
  most: number;
}): { entry: Entry; score: number; why: string }[] {
  const allowed = among && new Set(among.map(slugOf));
  const asked = named.map((name) => slugOf(name.replace(/^\//, '')));
  const spoken = ` ${goal
    .slice(0, 20_000)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  const isNamedInGoal = ({ definition: { id, name } }: Entry) =>
    goal.includes(`/${id}`) ||
    [id, slugOf(name)].some((slug) => slug.includes('-') && spoken.includes(` ${slug.replace(/-/g, ' ')} `));
  return entries
    .filter(({ definition }) => allowed === null || allowed.has(definition.id))
    .flatMap((entry) => {
      const { id, name } = entry.definition;
      const place = asked.findIndex((slug) => slug === id || slug === slugOf(name));
      const score = scores.get(entry.fileId);
      if (place >= 0) return { entry, score: 1, order: -100 + place, why: 'asked for by name' };
      if (isNamedInGoal(entry)) return { entry, score: 1, order: -50, why: 'named in the goal' };
      if (!score || score.score < leastForSkill) return [];
      return { entry, score: score.score, order: 1 - score.score, why: whyOf(score) };
    })
    .sort((a, b) => a.order - b.order)
    .slice(0, most)
    .map(({ entry, score, why }) => ({ entry, score, why }));
}

function whyOf({ words, meaning, shared }: Score): string {
  const named = shared.slice(0, 3).map((word) => `“${word}”`);
  if (meaning > words || named.length === 0) return 'about the same thing';
  return `shares ${named.join(', ')}`;
}
