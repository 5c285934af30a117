// Asking what is remembered, and saying what is to be remembered.
import { Problem } from '#shared/errors.ts';
import type { AskMemory, MemoryQuestion, Tool } from '../types.ts';
import { specificationOf } from './toolTable.ts';

const longestExcerpt = 600;

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
        const question = args as MemoryQuestion;
        const only = run.volume === `user/${run.by.login}` ? null : [run.volume, 'system'];
        const { untrusted, ...answer } = await ask({
          limit,
          min_relevance: minRelevance,
          ...question,
          actor,
          volume: run.volume,
          only,
        });
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
