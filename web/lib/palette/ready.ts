// What the palette offers before anything is typed: what belongs to the thing in front comes first, leaving comes last.
import type { Action } from '#lib/workspace/actions.svelte.ts';

const groups: Action['group'][] = ['Versions', 'File', 'Edit', 'Bench', 'Go', 'View', 'Account'];

export const readyActions = <T extends Pick<Action, 'group'>>(offered: readonly T[]): T[] =>
  offered.toSorted((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
