import { expect, test } from 'vitest';
import type { Commit } from '#shared/api.ts';
import { afterAct, approversOf, readSections, stepAct } from './inbox.ts';

const commit = (oid: string, group: string) => ({ oid, group }) as Commit;
const items = [
  { volume: 'team/lab', commits: [commit('a', 'p1'), commit('b', 'p1'), commit('c', 'p2')] },
  { volume: 'team/ops', commits: [commit('d', 'p3')] },
  // the next page goes on with the same volume
  { volume: 'team/lab', commits: [commit('c', 'p2'), commit('e', 'p2')] },
];

test('[RV3] what landed is grouped by volume and pause, also over pages', () => {
  expect(
    readSections(items).map(({ volume, acts }) => [
      volume,
      acts.map((act) => act.commits.map((one) => one.oid).join('')),
    ]),
  ).toEqual([
    ['team/lab', ['ab', 'ce']],
    ['team/ops', ['d']],
  ]);
});

test('after an act comes the next, at the end the one before', () => {
  const acts = readSections(items).flatMap((section) => section.acts);
  expect(afterAct(acts, 'team/lab p1')).toBe('team/lab p2');
  expect(afterAct(acts, 'team/ops p3')).toBe('team/lab p2');
  expect(afterAct(acts.slice(0, 1), 'team/lab p1')).toBeNull();
  expect(stepAct(acts, null, 1)).toBe('team/lab p1');
  expect(stepAct(acts, 'team/ops p3', 1)).toBe('team/ops p3');
  expect(stepAct(acts, 'team/lab p2', -1)).toBe('team/lab p1');
});

test('[RV3] an act of several versions is approved by those who approved each of them', () => {
  const approved = (oid: string, ...by: string[]) =>
    ({ ...commit(oid, 'p1'), review: { approvedBy: by.map((id) => ({ id })) } }) as Commit;
  const act = (...commits: Commit[]) => ({ key: 'k', volume: 'team/lab', commits });
  const ids = (commits: Commit[]) => approversOf(act(...commits)).map(({ id }) => id);
  expect(ids([approved('a', 'mei', 'ravi')])).toEqual(['mei', 'ravi']);
  expect(ids([approved('a', 'mei', 'ravi'), approved('b', 'ravi')])).toEqual(['ravi']);
  expect(ids([approved('a', 'mei'), approved('b')])).toEqual([]);
});
