// What lookup finds, as files for others: `.claude/agents` and `.claude/skills` for Claude Code, or folders of Agent Skills.
import { agentForClaude, portableId, skillForStandard } from '#shared/definitionExport.ts';
import type { Versions } from '../volumes/versions/versions.ts';
import type { Library, Lookup } from './types.ts';

export type ExportedFile = { path: string; content: Uint8Array };

/** So that the folder works in Claude Code: the command, and the way back into the workspace. Taken from the system volume. */
const alongside = ['.claude/commands/llmos.md', '.mcp.json', 'AGENTS.md'];

/** `ids`: only these; all agents and skills when null. Two that would have one name: the first keeps it. */
export async function* exportDefinitions({
  library,
  versions,
  systemId,
  form,
  ids,
  ...lookup
}: Lookup & {
  library: Pick<Library, 'list' | 'resolve'>;
  versions: Pick<Versions, 'list' | 'readBlob' | 'head' | 'textAt'>;
  systemId: string | null;
  form: 'claude' | 'agent-skills';
  ids: readonly string[] | null;
}): AsyncGenerator<ExportedFile> {
  const root = form === 'claude' ? '.claude/' : '';
  const kinds = form === 'claude' ? (['agent', 'skill'] as const) : (['skill'] as const);
  const taken = new Set<string>();
  const head = form === 'claude' && ids === null && systemId ? await versions.head(systemId) : null;
  for (const path of head ? alongside : []) {
    const text = await versions.textAt({ volumeId: systemId!, at: head!.oid, path });
    if (text !== null) yield { path, content: Buffer.from(text) };
  }
  for (const { kind, id } of await library.list({ ...lookup, kinds })) {
    if ((ids && !ids.includes(id)) || (kind !== 'agent' && kind !== 'skill')) continue;
    const found = await library.resolve({ ...lookup, kind, id });
    if (!found) continue;
    if (kind === 'agent') {
      const path = `${root}agents/${portableId(id)}.md`;
      if (taken.has(path)) continue;
      taken.add(path);
      yield { path, content: Buffer.from(agentForClaude(found)) };
      continue;
    }
    const { folder, text } = skillForStandard(found);
    const base = `${root}skills/${folder}/`;
    if (taken.has(base)) continue;
    taken.add(base);
    yield { path: `${base}SKILL.md`, content: Buffer.from(text) };
    if (!/\/skill\.md$/i.test(found.path)) continue;
    const from = found.path.slice(0, found.path.lastIndexOf('/') + 1);
    for (const { path, oid } of await versions.list({ volumeId: found.volumeId, at: found.oid })) {
      if (!path.startsWith(from) || path === found.path) continue;
      const bytes = await versions.readBlob({ volumeId: found.volumeId, oid });
      if (bytes) yield { path: base + path.slice(from.length), content: bytes };
    }
  }
}
