// Words for kinds of definitions and for where they come from.
import type { LibraryEntry } from '#shared/api/library.ts';

type Kind = LibraryEntry['kind'];
export const kindWords: Record<Kind, { one: string; many: string }> = {
  agent: { one: 'Agent', many: 'Agents' },
  skill: { one: 'Skill', many: 'Skills' },
  tool: { one: 'Tool', many: 'Tools' },
  workflow: { one: 'Workflow', many: 'Workflows' },
  applet: { one: 'Applet', many: 'Applets' },
  kernel: { one: 'Kernel file', many: 'Kernel' },
};

/** `team/lab` -> `team`: whose it is, seen from where one stands. */
export const levelOf = (volume: string): string => volume.split('/')[0]!;

/** “hides system”; “hidden by user”. Null: neither. */
export function hidingWords({ hides, hiddenBy }: Pick<LibraryEntry, 'hides' | 'hiddenBy'>): string | null {
  if (hiddenBy) return `hidden by ${levelOf(hiddenBy.volume)}`;
  const levels = [...new Set(hides.map(({ volume }) => levelOf(volume)))];
  return levels.length > 0 ? `hides ${levels.join(' and ')}` : null;
}

/** “evolved from system/agents/Planner.md”; “not evolved”. */
export const originWords = ({ how, from }: LibraryEntry['origin']): string =>
  from ? `${how ?? 'made'} from ${from.replace(/@[0-9a-f]{7,40}$/, '')}` : 'not evolved';

/** The text of a new definition, which works as it is. */
export function template(kind: 'agent' | 'skill' | 'tool'): {
  folder: string;
  file: (name: string) => string;
  text: (name: string) => string;
} {
  switch (kind) {
    case 'agent':
      return {
        folder: 'agents/',
        file: (name) => `agents/${name}.md`,
        text: (name) =>
          `---\nname: ${name}\ndescription: What it is for, and when to use it.\ntools: [read_file, search_files]\n---\n\nYou ...\n\n1. Read what the goal names.\n2. ...\n\nYour answer contains ...\n`,
      };
    case 'skill':
      return {
        folder: 'skills/',
        file: (name) => `skills/${name}/SKILL.md`,
        text: (name) =>
          `---\nname: ${name}\ndescription: What it is about, and when to read it.\n---\n\n# ${name}\n\nWhat is most often done wrong, first.\n`,
      };
    case 'tool':
      return {
        folder: 'tools/',
        file: (name) => `tools/${name}.md`,
        text: (name) =>
          `---\nname: ${name}\ndescription: What it is, and when an agent should use it.\n---\n\n# ${name}\n\nWhere it is, how it is used, what to beware of.\n`,
      };
  }
}
