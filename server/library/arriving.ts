// Definitions that come from outside - one file, `.claude/agents`, folders of Agent Skills, an archive of any of them - and where in a
// volume each goes, so that it is found there. Nothing is written here.
import { kindByPath, kindOf } from '#shared/definitionKind.ts';
import type { ImportPlan } from '#shared/api/library.ts';
import { safePath } from '#shared/path.ts';
import { readTyped, slugOf } from '#shared/typedDefinition.ts';
import type { TypedDefinition } from './types.ts';
import { isListed } from './volumeIndex.ts';

export type Arrived = { path: string; content: Uint8Array };
type Item = ImportPlan['items'][number];
type Told = 'agent' | 'skill' | 'tool';
export type Placed = {
  from: string;
  path: string;
  kind: Item['kind'];
  guessed: boolean;
  text: string;
  definition: TypedDefinition;
  files: Arrived[];
};

/** Folders of a volume in which definitions are found. */
const homes = ['agents', 'skills', 'tools', 'workflows', 'applets', 'kernel'];
const about = /^(readme|agents|claude|changelog|contributing|license|notice|index)\.md$/i;

export function placeArrived({
  files,
  as = {},
  textFrom,
}: {
  files: Arrived[];
  as?: Record<string, Told>;
  /** Null: it is no text. */
  textFrom: (bytes: Uint8Array) => string | null;
}): {
  placed: Placed[];
  left: ImportPlan['left'];
} {
  const placed: Placed[] = [];
  const left: ImportPlan['left'] = [];
  const taken = new Set<string>();
  const folders = files
    .filter(({ path }) => /(^|\/)skill\.md$/i.test(path))
    .map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1))
    .sort((a, b) => b.length - a.length); // the innermost first
  const folderOf = (path: string) => folders.find((folder) => path.startsWith(folder)) ?? null;

  for (const file of files) {
    const { path: from } = file;
    const folder = folderOf(from);
    const isSkillFile = /(^|\/)skill\.md$/i.test(from);
    // files beside a SKILL.md go with it; other definitions beside one that lies at the very top do not
    if (folder !== null && !isSkillFile && (folder !== '' || kindByPath(from) === 'plain')) continue;
    const text = textFrom(file.content);
    const one = text === null ? 'It is no text.' : placeOne({ from, text, told: as[from] ?? null });
    if (typeof one === 'string') {
      left.push({ path: from, why: one });
      continue;
    }
    const safe = safePath(one.path);
    if (safe.problem !== null) left.push({ path: from, why: safe.problem });
    else if (taken.has(safe.path.toLowerCase())) left.push({ path: from, why: `Another one goes to ${safe.path}.` });
    else {
      taken.add(safe.path.toLowerCase());
      const to = safe.path.slice(0, safe.path.lastIndexOf('/') + 1);
      const beside =
        isSkillFile && folder !== null
          ? files.filter(
              (other) =>
                other !== file &&
                folderOf(other.path) === folder &&
                (folder !== '' || kindByPath(other.path) === 'plain'),
            )
          : [];
      placed.push({
        ...one,
        path: safe.path,
        files: [
          { path: safe.path, content: file.content },
          ...beside.map(({ path, content }) => ({ path: to + path.slice(folder!.length), content })),
        ],
      });
    }
  }
  return { placed, left };
}

/** A sentence where it goes nowhere. */
function placeOne({
  from,
  text,
  told,
}: {
  from: string;
  text: string;
  told: Told | null;
}): Omit<Placed, 'files'> | string {
  const parts = from.split('/');
  const file = parts.at(-1)!;
  const home = parts.findLastIndex((part, at) => at < parts.length - 1 && homes.includes(part.toLowerCase()));
  const inside = home < 0 ? file : [parts[home]!.toLowerCase(), ...parts.slice(home + 1)].join('/');
  if (/^skill\.md$/i.test(file)) {
    const path = home >= 0 && parts[home] === 'skills' && parts.length - home > 2 ? inside : null;
    const definition = readTyped({ path: path ?? `${parts.at(-2) ?? 'skill'}/SKILL.md`, text });
    const name = parts.at(-2) ?? definition.id;
    return { from, path: path ?? `skills/${name}/SKILL.md`, kind: 'skill', guessed: false, text, definition };
  }
  if (about.test(file)) return 'It is about a folder, not a definition.';
  if (!/\.(md|app|[jt]sx)$/i.test(file)) return 'It defines nothing.';
  if (parts.includes('commands') && parts.includes('.claude')) return 'Commands of Claude Code stay there.';
  if (/\.(app|[jt]sx)$/i.test(file)) return finish(`applets/${file}`, false);
  if (/\.workflow\.md$/i.test(file)) return finish(`workflows/${file}`, false);
  const byPlace = kindByPath(inside);
  if (told === null && isListed(byPlace)) return finish(inside, false);
  const { header } = readTyped({ path: file, text });
  const said = kindOf({ path: file, header });
  if (said === 'trace' || said === 'memory') return 'It is memory, not a definition.';
  const named = typeof header?.['name'] === 'string';
  const inAgents = home >= 0 && parts[home]!.toLowerCase() === 'agents';
  const kind = told ?? (isListed(said) ? said : null) ?? (inAgents || named ? 'agent' : null);
  if (kind === null) return 'It defines nothing: its header has no name.';
  const guessed = !isListed(said) && !inAgents;
  if (kind === 'skill') return finish(`skills/${slugOf(file.replace(/\.md$/i, '')) || 'skill'}/SKILL.md`, guessed);
  return finish(`${kind === 'workflow' ? 'workflows' : `${kind}s`}/${file}`, guessed);

  function finish(path: string, isGuess: boolean): Omit<Placed, 'files'> | string {
    const definition = readTyped({ path, text });
    if (!isListed(definition.kind)) return 'It defines nothing.';
    return { from, path, kind: definition.kind, guessed: isGuess, text, definition };
  }
}
