// Asking what is remembered, and saying what is to be remembered.
import type { z } from 'zod';
import { MemoryQuestion } from '#shared/api/memory.ts';
import { Problem } from '#shared/errors.ts';
import type { AskMemory, Tool } from '../types.ts';
import { specificationOf } from './toolTable.ts';

const longestExcerpt = 600;
const mostMatches = 50;

/** `limit`, `minRelevance`: where the question says nothing. */
export function memoryTools({
  ask,
  limit,
  minRelevance,
}: {
  ask: AskMemory | null;
  limit: number;
  minRelevance: number;
}): Tool[] {
  return [
    {
      ...specificationOf('query_memory'),
      reach: { private: true },
      async act(args, { actor, run }) {
        if (!ask) throw new Problem('unavailable', 'There is no memory to ask here. Use search_files.');
        const question = questionOf({ limit, min_relevance: minRelevance, ...args }, run.volume);
        const only = run.volume === `user/${run.by.login}` ? null : [run.volume, 'system'];
        const { untrusted, ...answer } = await ask({ question, actor, volume: run.volume, only });
        const lines = answer.matches.map(
          ({ path, relevance, type, excerpt }) =>
            `- ${path} (${type}, relevance ${relevance.toFixed(2)})\n  ${excerpt.slice(0, longestExcerpt).replace(/\s*\n\s*/g, '\n  ')}`,
        );
        const text = [answer.query_summary, ...lines].join('\n');
        return {
          ok: true,
          text: lines.length > 0 ? text : 'Nothing like it is remembered.',
          parts: [{ kind: 'json', value: answer }],
          ...(untrusted === null ? {} : { untrusted }),
        };
      },
    },
    {
      // the trace is written from the calls of the run: this one says what belongs under its learnings
      ...specificationOf('log_trace'),
      async act(args) {
        const { learnings } = args as { learnings: string[] };
        return {
          ok: true,
          text: `${learnings.length === 1 ? 'It' : `All ${learnings.length}`} will stand in the trace of this run.`,
          parts: [{ kind: 'json', value: args }],
        };
      },
    },
  ];
}

/** Everywhere, unless told. A name as `project_context` of the scope `project` is the project itself. */
function questionOf(args: Record<string, unknown>, volume: string): z.output<typeof MemoryQuestion> {
  const { scope = 'global', project_context: context, limit } = args;
  const name = typeof context === 'string' ? /^(?:projects\/)?([\w-]+)\/?$/.exec(context.trim())?.[1] : undefined;
  const read = MemoryQuestion.safeParse({
    ...args,
    scope,
    volume,
    ...(typeof limit === 'number' && { limit: Math.min(limit, mostMatches) }),
    ...(scope === 'project' && name !== undefined && { project: name }),
  });
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.') || 'question'}: ${message}`);
  throw new Problem('invalid', `The question cannot be asked so. ${wrong.slice(0, 4).join(' ')}`);
}
