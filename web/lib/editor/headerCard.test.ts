import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readDefinition } from '#shared/definition.ts';
import { readCard } from './headerCard.ts';

test('the card shows what matters to a reader, first what everyone knows', () => {
  const card = readCard(
    {
      name: 'PlanningAgent',
      type: 'specialist',
      version: '1.0.0',
      zeta: 1,
      tools: ['read-file'],
      description: 'Plans',
      model: 'a/b',
      empty: null,
    },
    'agents/PlanningAgent.md',
  );
  expect(card).toMatchObject({ name: 'PlanningAgent', kind: 'specialist', version: '1.0.0', icon: 'agent' });
  expect(card.rows.map((row) => row.label)).toEqual(['Does', 'Model', 'Tools', 'Zeta']);
});

test('strange values never break the card', () => {
  const card = readCard(
    {
      name: 7,
      tools: [{ name: 'a' }, { x: 1, y: 2 }, null],
      description: { deep: true },
      list: Array.from({ length: 40 }, (_, i) => i),
    },
    'x.md',
  );
  expect(card.name).toBe('7');
  expect(card.rows.find((row) => row.label === 'Tools')?.value).toEqual(['a', 'x, y', 'null']);
  expect(card.rows.find((row) => row.label === 'List')?.more).toBe(28);
});

test('every definition of the original volume reads as a card without a diagnostic, or says where it is wrong', () => {
  const root = path.join(import.meta.dirname, '../../../samples/llmos-original');
  const files = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) {
    const text = fs.readFileSync(path.join(root, name), 'utf8');
    const definition = readDefinition(text);
    expect(text.slice(definition.bodyFrom).length).toBeGreaterThanOrEqual(0);
    if (definition.header) expect(readCard(definition.header, name).name).not.toBe('');
    else if (definition.hasHeader) expect(definition.diagnostics.length).toBeGreaterThan(0);
  }
});
