// Skills as the Skills extension of MCP serves them: `skill://<volume>/<id>/SKILL.md`.
import { skillEntry, type Skill, type SkillSource } from '@modelcontextprotocol/server/ext/skills';
import type { LibraryEntry } from '#shared/api/library.ts';
import type { InnerApi } from '../platform/innerApi.ts';
import { definitionsEverywhere } from './everywhere.ts';
import { read } from './workspaceTools.ts';

const pageSize = 25;

export function createSkillSource(api: InnerApi): SkillSource {
  const all = () => definitionsEverywhere(api, 'skill');
  const placeOf = ({ volume, id }: LibraryEntry) => `${volume}/${id}`;
  const find = async (uri: string) => (await all()).find((skill) => uri === `skill://${placeOf(skill)}/SKILL.md`);
  const textOf = async (skill: LibraryEntry) => (await read(api, skill.volume, skill.path)).text;

  /** Undefined: its header is not what the standard asks for; it stays a file. */
  async function entryOf(skill: LibraryEntry): Promise<Skill | undefined> {
    try {
      return await skillEntry(placeOf(skill), { 'SKILL.md': await textOf(skill) });
    } catch {
      return undefined;
    }
  }

  return {
    async list({ cursor }) {
      const from = Number(cursor ?? 0) || 0;
      const skills = await all();
      const entries = await Promise.all(skills.slice(from, from + pageSize).map(entryOf));
      const next = from + pageSize;
      return {
        skills: entries.filter((entry) => entry !== undefined),
        ...(next < skills.length && { nextCursor: String(next) }),
      };
    },
    async get(uri) {
      const skill = await find(uri);
      return skill && entryOf(skill);
    },
    async read(uri) {
      const skill = await find(uri);
      return skill && { text: await textOf(skill), mimeType: 'text/markdown' };
    },
  };
}
