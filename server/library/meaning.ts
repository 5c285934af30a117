// What definitions are about, as vectors. They are computed beside the answering and kept by what they were computed from, in memory and,
// for the next start, in the database: measuring a text takes some milliseconds, and a library has thousands.
import crypto from 'node:crypto';
import type { MeaningStore } from './meaningStore.ts';
import type { Embed, TypedDefinition } from './types.ts';

const mostKept = 50_000;
const atOnce = 32;
/** So many new texts are waited for; more are not, they take seconds. */
const fewEnough = 16;
/** Part of every key: vectors of another model are not compared with these. */
const model = 'universal-sentence-encoder-1';

/** `text` of a definition in this volume; `key` names the text. */
export type Meant = { key: string; text: string; volumeId: string };
export type Meaning = ReturnType<typeof createMeaning>;

/** `embed` null: nothing means anything, words alone decide. */
export function createMeaning({
  embed,
  kept,
  failed,
}: {
  embed: Embed | null;
  kept: Pick<MeaningStore, 'ofVolume' | 'put' | 'drop'>;
  failed: (error: unknown) => void;
}) {
  const vectors = new Map<string, Float32Array>();
  let wanted = new Map<string, Meant>();
  let working: Promise<void> | null = null;

  const keyOf = (text: string) => crypto.createHash('sha1').update(`${model}\n${text}`).digest('base64');

  function remember(key: string, vector: Float32Array): void {
    vectors.set(key, vector);
    for (const oldest of vectors.keys()) {
      if (vectors.size <= mostKept) break;
      vectors.delete(oldest);
    }
  }

  async function work(): Promise<void> {
    while (wanted.size > 0) {
      const some = [...wanted.values()].slice(0, atOnce);
      const found = await embed!(some.map(({ text }) => text));
      for (const [index, { key }] of some.entries()) {
        remember(key, found[index]!);
        wanted.delete(key);
      }
      await kept.put(some.map(({ key, volumeId }, index) => ({ key, volumeId, vector: found[index]! })));
    }
  }
  /** Resolves when everything wanted so far is there. */
  function catchUp(): Promise<void> {
    working ??= work()
      .catch((error: unknown) => {
        wanted = new Map();
        failed(error);
      })
      .finally(() => (working = null));
    return working;
  }

  return {
    available: embed !== null,
    /** What a definition is known by. */
    meantBy({ name, description, keywords, capabilities }: TypedDefinition, volumeId: string): Meant {
      const text = `${name}. ${description} ${[...keywords, ...capabilities].join(', ')}`.slice(0, 2000);
      return { key: keyOf(text), text, volumeId };
    },
    /** These are all definitions of a volume: what was computed for them before is known again, what is of others is forgotten. */
    async recall(volumeId: string, all: readonly Meant[]): Promise<void> {
      if (!embed) return;
      try {
        const now = new Set(all.map(({ key }) => key));
        const before = await kept.ofVolume(volumeId);
        for (const [key, vector] of before) if (now.has(key)) remember(key, vector);
        await kept.drop(
          volumeId,
          [...before.keys()].filter((key) => !now.has(key)),
        );
      } catch (error) {
        failed(error);
      }
    },
    /** 0 to 1 for each; `late`: not all could be computed within `waitMs`, and the next who asks finds more. */
    async compare({
      text,
      among,
      waitMs,
    }: {
      text: string;
      among: Meant[];
      waitMs: number;
    }): Promise<{ near: Map<string, number>; late: boolean }> {
      if (!embed || text.trim() === '') return { near: new Map(), late: false };
      try {
        for (const one of among) if (!vectors.has(one.key)) wanted.set(one.key, one);
        const asked = await late(embed([text.slice(0, 4000)], { soon: true }), waitMs);
        const few = wanted.size <= fewEnough;
        const coming = wanted.size > 0 || working ? catchUp() : null;
        if (coming && few) await late(coming, waitMs);
        const vector = asked?.[0];
        if (!vector) return { near: new Map(), late: true };
        const near = new Map(
          among.flatMap(({ key }) => {
            const other = vectors.get(key);
            return other ? [[key, closeness(vector, other)] as const] : [];
          }),
        );
        return { near, late: among.some(({ key }) => !vectors.has(key)) };
      } catch (error) {
        failed(error);
        return { near: new Map(), late: false };
      }
    },
  };
}

/** Undefined when it takes longer. */
async function late<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sentence embeddings of unlike texts still lie near each other: below 0.25 is nothing, 0.85 is the same. */
function closeness(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length && i < b.length; i++) dot += a[i]! * b[i]!;
  return Math.max(0, Math.min(1, (dot - 0.25) / 0.6));
}
