import { expect, test } from 'vitest';
import type { DefinitionRef } from '#shared/run.ts';
import { figuresOf, type UseRow } from './figures.ts';

const now = Date.UTC(2026, 10, 22);
const ago = (days: number) => new Date(now - days * 86_400_000);
const by = { id: 'p', login: 'ada', name: 'Ada', colour: 1 };
const agent = (name: string): DefinitionRef => ({
  kind: 'agent', id: name, name, volume: 'team/lab', path: `agents/${name}.md`, oid: null,
}); // prettier-ignore
const row = (id: string, more: Partial<UseRow> = {}): UseRow => ({
  id,
  parentId: null,
  agent: agent('Planner'),
  by,
  goal: `goal ${id}`,
  used: null,
  status: 'done',
  reason: null,
  money: 0.01,
  createdAt: ago(1),
  ...more,
});

test('what a person stopped, a provider did not answer or still goes on is neither success nor failure', () => {
  const [figure] = figuresOf({
    now,
    rows: [
      row('a'),
      row('b', { status: 'failed', reason: 'It has used its 10 minutes.' }),
      row('c', { status: 'failed', reason: 'interrupted' }),
      row('d', { status: 'failed', reason: 'The model cannot be reached: refused' }),
      row('e', { status: 'failed', reason: 'The provider asks to slow down; try again in 3 s.' }),
      row('f', { status: 'stopped' }),
      row('g', { status: 'running' }),
    ],
  });
  expect(figure).toMatchObject({ kind: 'agent', path: 'agents/Planner.md', uses: 7, finished: 1, failed: 1 });
  expect(figure!.last.map(({ run }) => run)).toEqual(['a', 'b', 'c']);
});

test('who delegated to whom is counted, and uses fall into the days in which they were', () => {
  const figures = figuresOf({
    now,
    rows: [
      row('child', { parentId: 'boss', createdAt: ago(0.1) }),
      row('boss', { agent: agent('Boss'), createdAt: ago(0.2) }),
      row('old', { createdAt: ago(29.9) }),
    ],
  });
  const planner = figures.find(({ path }) => path === 'agents/Planner.md')!;
  expect(planner.delegatedBy).toEqual([{ name: 'Boss', volume: 'team/lab', path: 'agents/Boss.md', runs: 1 }]);
  expect(planner.points).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('a skill is used once a run, a tool once a call', () => {
  const used = {
    skills: [{ volume: 'system', path: 'skills/plan/SKILL.md' }],
    tools: { read_file: { ok: 3, failed: 1 } },
  };
  const figures = figuresOf({ now, rows: [row('a', { used, agent: null }), row('b', { used, status: 'failed' })] });
  expect(figures.find(({ kind }) => kind === 'skill')).toMatchObject({ uses: 2, finished: 1, failed: 1 });
  expect(figures.find(({ kind }) => kind === 'tool')).toMatchObject({
    tool: 'read_file', uses: 8, finished: 6, failed: 2,
  }); // prettier-ignore
});
