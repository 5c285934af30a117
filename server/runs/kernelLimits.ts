// Limits that a kernel sets: numbers in the table of `kernel/config.md`, live as soon as they are typed. A volume's own kernel may tighten what
// the system's says, never loosen it.
import type { Actor } from '#shared/permissions.ts';
import type { Limits } from '#shared/run.ts';
import type { Library } from '../library/types.ts';

const keys: Record<string, keyof Limits> = {
  iterations: 'iterations', tool_calls: 'toolCalls', minutes: 'minutes', tokens: 'tokens', money: 'money', depth: 'depth', fan_out: 'fanOut',
}; // prettier-ignore

/** Of one file: rows like `| max_iterations | 15 | ... |`. Words that are no number set nothing. */
export function readLimits(text: string): Partial<Limits> {
  const found: Partial<Limits> = {};
  for (const [, name = '', value = ''] of text.matchAll(/^\|\s*`?([A-Za-z][\w -]*?)`?\s*\|\s*`?\$?([\d.]+)`?\s*\|/gm)) {
    const key = keys[name.toLowerCase().replace(/[\s-]+/g, '_').replace(/^(max|run|most)_/, '')]; // prettier-ignore
    const number = Number(value);
    if (key && Number.isFinite(number)) found[key] = Math.min(found[key] ?? Infinity, number);
  }
  return found;
}

export function createKernelLimits({
  library,
  living,
}: {
  library: Pick<Library, 'list'>;
  /** What is typed there now. */
  living: (fileId: string) => Promise<string | null>;
}) {
  return async ({ actor, volume }: { actor: Actor; volume: string }): Promise<Partial<Limits>> => {
    const files = await library.list({ actor, volume, kinds: ['kernel'], hidden: true, limit: 200 });
    const isConfig = (path: string) => path.toLowerCase() === 'kernel/config.md';
    const relevant = files.filter((file) => isConfig(file.path) && ['system', volume].includes(file.volume));
    const limits: Partial<Limits> = {};
    for (const { fileId } of relevant) {
      const own = readLimits((await living(fileId)) ?? '');
      for (const key of Object.keys(own) as (keyof Limits)[])
        limits[key] = Math.min(limits[key] ?? Infinity, own[key]!);
    }
    return limits;
  };
}
