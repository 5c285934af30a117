// Which kind of definition a file is. Its place decides; where the place says nothing, a few keys of the header do.
export type DefinitionKind =
  'agent' | 'skill' | 'tool' | 'kernel' | 'workflow' | 'applet' | 'memory' | 'trace' | 'plain';

/** Files about a folder, not in it. */
const about = /^(readme|agents|claude|changelog|contributing|license|notice|index)\.md$/i;

/** By the path alone; `plain` where it says nothing. */
export function kindByPath(path: string): DefinitionKind {
  const parts = path.split('/');
  const file = parts.at(-1)!;
  const folder = parts.at(-2)?.toLowerCase() ?? '';
  if (/\.app$/i.test(file)) return 'applet';
  if (/\.[jt]sx$/i.test(file)) return folder === 'applets' ? 'applet' : 'plain';
  if (!/\.md$/i.test(file)) return 'plain';
  if (/^skill\.md$/i.test(file)) return 'skill';
  const folders = parts.slice(0, -1).map((part) => part.toLowerCase());
  const memory = folders.lastIndexOf('memory');
  if (memory >= 0 && folders.slice(memory + 1).includes('traces')) return 'trace';
  if (/\.workflow\.md$/i.test(file)) return 'workflow';
  if (!about.test(file)) {
    if (folder === 'agents') return 'agent';
    if (folder === 'skills') return 'skill';
    if (folder === 'tools') return 'tool';
    if (folder === 'workflows') return 'workflow';
    if (path.toLowerCase() === `kernel/${file.toLowerCase()}`) return 'kernel';
  }
  return memory >= 0 ? 'memory' : 'plain';
}

export function kindOf({ path, header }: { path: string; header: Record<string, unknown> | null }): DefinitionKind {
  const byPath = kindByPath(path);
  if (byPath !== 'plain' && byPath !== 'memory') return byPath;
  if (!header || !/\.md$/i.test(path)) return byPath;
  const type = typeof header['type'] === 'string' ? header['type'].toLowerCase() : '';
  if (header['trace_id'] !== undefined) return 'trace';
  if (byPath === 'memory') return 'memory';
  if (header['agent_name'] !== undefined || type === 'agent') return 'agent';
  if (header['skill_id'] !== undefined || type === 'skill') return 'skill';
  if (header['tool_name'] !== undefined || type === 'tool') return 'tool';
  if (type === 'workflow') return 'workflow';
  return 'plain';
}
