// What becomes of a question that a model asks of the memory.
import { expect, test } from 'vitest';
import { adaActor, headOf } from '../testLoop.ts';
import type { AskMemory, ToolContext } from '../types.ts';
import { memoryTools } from './memoryTools.ts';

const heard: Parameters<AskMemory>[0][] = [];
const ask: AskMemory = async (asked) => {
  heard.push(asked);
  return { matches: [], query_summary: '', total_searched: 0, search_time_ms: 0, untrusted: null };
};
const [queryMemory] = memoryTools({ ask, limit: 10, minRelevance: 0.3 });
const use = async (args: object, volume = 'team/lab') => {
  const context = { actor: adaActor, run: headOf({ volume }) } as ToolContext;
  const { ok } = await queryMemory!.act(args as never, context);
  expect(ok).toBe(true);
  return heard.at(-1)!;
};

test('[ME1] an agent asks everywhere that its run reaches, unless it says less', async () => {
  expect(await use({ query: 'tides' })).toMatchObject({
    question: {
      query: 'tides',
      scope: 'global',
      memory_type: 'all',
      limit: 10,
      min_relevance: 0.3,
      volume: 'team/lab',
    },
    only: ['team/lab', 'system'],
  });
  expect((await use({ query: 'tides' }, 'user/ada')).only).toBeNull();
  expect((await use({ query: 'tides', scope: 'project' })).question).toMatchObject({
    scope: 'project',
    volume: 'team/lab',
  });
});

test('[ME1] the name of a project narrows to it; a description of one does not', async () => {
  for (const context of ['sales', 'projects/sales', 'projects/sales/'])
    expect((await use({ query: 'x', scope: 'project', project_context: context })).question.project).toBe('sales');
  const words = { query: 'x', scope: 'project', project_context: 'We sell things by the sea.' };
  expect((await use(words)).question.project).toBeUndefined();
  expect((await use({ ...words, scope: 'similar' })).question).toMatchObject({
    project_context: words.project_context,
  });
});

test('[RU3] what cannot be asked is told to the model; too many are as many as there may be', async () => {
  expect((await use({ query: 'x', limit: 5000 })).question.limit).toBe(50);
  for (const [args, words] of [
    [{ query: 'x', time_range: { from: 'last week' } }, /time_range\.from/],
    [{ query: 'x', filters: { outcome: { verdict: 'success' } } }, /filters\.outcome/],
    [{ query: 'x'.repeat(2001) }, /query/],
  ] as const)
    await expect(use(args)).rejects.toThrow(words);
});
