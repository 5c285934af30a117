// Which other definitions a text names: in its header, as `@Agent` or `/skill`, in backticks, or by a name that could be nothing else.
import { slugOf } from '#shared/typedDefinition.ts';
import type { TypedDefinition } from './types.ts';

const most = 300;

/** Ids. Whether there is something behind each is for the lookup to say. */
export function namesIn({ body, skills, tools, header }: TypedDefinition): ReadonlySet<string> {
  const ids = new Set<string>();
  const add = (name: string) => {
    const id = ids.size < most ? slugOf(name) : '';
    if (id) ids.add(id);
  };
  for (const name of [...skills, ...(tools ?? [])]) add(name);
  for (const key of ['agent', 'agents', 'uses'])
    for (const name of [header?.[key]].flat()) if (typeof name === 'string') add(name);
  // CamelCase with two humps, words joined by hyphens or underscores, and what stands in backticks or after @ and /
  const pattern =
    /\b[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+\b|\b[A-Z]{2,}[a-z]\w+\b|\b[a-z0-9]+(?:[-_][a-z0-9]+)+\b|`@?\/?([\w-]{2,60})`|[@/]([A-Za-z][\w-]{2,60})/g;
  for (const match of body.slice(0, 100_000).matchAll(pattern)) add(match[1] ?? match[2] ?? match[0]);
  return ids;
}
