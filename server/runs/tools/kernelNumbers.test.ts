// Numbers of the kernel that tools follow.
import { expect, test } from 'vitest';
import { kernelDefaults } from '#shared/kernelSettings.ts';
import { headOf, adaActor } from '../testLoop.ts';
import type { AskMemory, BrowserCalls } from '../types.ts';
import { createTools } from './createTools.ts';

function open(settings?: typeof kernelDefaults) {
  const heard: { ms: number[]; asked: { limit: unknown; min_relevance: unknown }[] } = { ms: [], asked: [] };
  const call: BrowserCalls['call'] = async ({ ms }) => {
    heard.ms.push(ms);
    return { unavailable: 'nobody' };
  };
  const memory: AskMemory = async ({ question: { limit, min_relevance } }) => {
    heard.asked.push({ limit, min_relevance });
    return { matches: [], query_summary: '', total_searched: 0, search_time_ms: 0, untrusted: null };
  };
  const nothing = { list: async () => [], resolve: async () => null };
  const findVolume = async (name: string) => ({
    id: 'v',
    name,
    kind: 'team',
    teamId: 't',
    personId: null,
    role: 'owner',
  });
  const parts = {
    files: { findVolume } as never,
    library: nothing,
    memory,
    browsers: { call },
    browserOf: async () => 'p',
    clock: { now: () => 0 },
  };
  const startChild = async () => ({ run: 'r', agent: 'x', outcome: 'done' as const, reason: '', answer: '' });
  const { tools } = createTools({
    parts: { ...parts, startChild },
    head: headOf(),
    actor: adaActor,
    agent: 'x',
    granted: null,
    ...(settings && { settings }),
  });
  const use = (name: string, args: object) =>
    tools
      .find((tool) => tool.name === name)!
      .act(args as never, { run: headOf(), call: 'c', actor: adaActor } as never);
  return { heard, use };
}

test('[RU6] Python has the seconds that the kernel says, and a question of memory its limits where it says nothing', async () => {
  const tight = open({ ...kernelDefaults, python_seconds: 7, memory_limit: 2, min_relevance: 0.5 });
  await tight.use('execute_python', { code: '1' });
  await tight.use('query_memory', { query: 'x' });
  await tight.use('query_memory', { query: 'x', limit: 4, min_relevance: 0.1 });
  expect(tight.heard).toEqual({
    ms: [7000],
    asked: [
      { limit: 2, min_relevance: 0.5 },
      { limit: 4, min_relevance: 0.1 },
    ],
  });
  const usual = open();
  await usual.use('execute_python', { code: '1' });
  expect(usual.heard.ms).toEqual([300_000]);
});
