// Which tools a run has: those that its file grants, of those that its parent had (RU4). A file that names none has them all; one that
// names an empty list has none.
import { toolNamed } from '#shared/toolNames.ts';
import type { Tool } from '../types.ts';

export function grantTools({
  tools,
  granted,
  refused = [],
  parent = null,
}: {
  tools: readonly Tool[];
  /** As the file says; null: it does not. `mcp__server` stands for all tools of that server. */
  granted: readonly string[] | null;
  refused?: readonly string[];
  /** The names that the parent has; null: there is none. */
  parent?: readonly string[] | null;
}): Tool[] {
  const names = (list: readonly string[]) => new Set(list.map(toolNamed));
  const [given, taken] = [granted && names(granted), names(refused)];
  const holds = (set: Set<string>, name: string) =>
    set.has(name) || set.has('*') || (name.startsWith('mcp__') && set.has(name.split('__').slice(0, 2).join('__')));
  return tools.filter(
    ({ name }) =>
      (given === null || holds(given, name)) && !holds(taken, name) && (parent === null || parent.includes(name)),
  );
}
