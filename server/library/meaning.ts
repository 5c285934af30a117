// What definitions are about, as vectors. They are computed beside the answering, kept by what they were computed from, and lost with
// the process: an embedding of a description takes milliseconds.
import crypto from 'node:crypto';
import type { Embed, TypedDefinition } from './types.ts';

const mostKept = 50_000;
const atOnce = 32;

export type Meaning = ReturnType<typeof createMeaning>;

/** `embed` null: nothing means anything, words alone decide. */
export function createMeaning({ embed, failed }: { embed: Embed | null; failed: (error: unknown) => void }) {
  const vectors = new Map<string, Float32Array>();
  let wanted = new Map<string, string>();
  let working: Promise<void> | null = null;

  const keyOf = (text: string) => crypto.createHash('sha1').update(text).digest('base64');

  async function work(): Promise<void> {
    while (wanted.size > 0) {
      const some = [...wanted].slice(0, atOnce);
      for (const [key] of some) wanted.delete(key);
      const found = await embed!(some.map(([, text]) => text));
      for (const [index, [key]] of some.entries()) vectors.set(key, found[index]!);
      for (const key of vectors.keys()) {
        if (vectors.size <= mostKept) break;
        vectors.delete(key);
      }
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
    keyFor({ name, description, keywords, capabilities }: TypedDefinition): { key: string; text: string } {
      const text = `${name}. ${description} ${[...keywords, ...capabilities].join(', ')}`.slice(0, 2000);
      return { key: keyOf(text), text };
    },
    /** 0 to 1 for each; `late`: not all could be computed within `waitMs`, and the next who asks finds more. */
    async compare({
      text,
      among,
      waitMs,
    }: {
      text: string;
      among: { key: string; text: string }[];
      waitMs: number;
    }): Promise<{ near: Map<string, number>; late: boolean }> {
      if (!embed || text.trim() === '') return { near: new Map(), late: false };
      try {
        for (const one of among) if (!vectors.has(one.key)) wanted.set(one.key, one.text);
        const asked = await late(embed([text.slice(0, 4000)], { soon: true }), waitMs);
        if (wanted.size > 0 || working) await late(catchUp(), waitMs);
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
