// What a stranger's agent can do here: a name and a description that a model reads, and the route of the API that it is.
import { z } from 'zod';
import { Problem } from '#shared/errors.ts';
import type { InnerApi } from '../platform/innerApi.ts';

type WorkspaceTool<I extends z.ZodObject = z.ZodObject> = {
  name: string;
  title: string;
  description: string;
  input: I;
  readOnly: boolean;
  /** Throws `Problem` with a sentence that the model reads. */
  act(args: z.output<I>, api: InnerApi): Promise<unknown>;
};
const tool = <I extends z.ZodObject>(made: WorkspaceTool<I>): WorkspaceTool => made as unknown as WorkspaceTool;

const volume = z.string().describe('Name of a volume, e.g. team/lab or user/ada');
const path = z.string().describe('Path of a file in the volume, e.g. notes/plan.md');
const most = 100_000;

export const workspaceTools: WorkspaceTool[] = [
  tool({
    name: 'list_volumes',
    title: 'Volumes',
    description: 'Lists the volumes that you can read, with your role in each.',
    input: z.object({}),
    readOnly: true,
    act: async (_, api) =>
      (await api('GET /volumes')).data.volumes.map(({ name, title, role, files }) => ({ name, title, role, files })),
  }),
  tool({
    name: 'list_directory',
    title: 'Files',
    description: 'Lists files and folders of a volume; below a folder when one is given.',
    input: z.object({ volume, folder: z.string().default('').describe('Path of a folder; empty for all') }),
    readOnly: true,
    async act({ volume, folder }, api) {
      const { files, folders } = (await api('GET /volumes/:volume/tree', { params: { volume } })).data;
      const inside = (at: string) => folder === '' || at.startsWith(`${folder.replace(/\/+$/, '')}/`);
      const found = files.filter((file) => inside(file.path)).map(({ path, kind, size }) => ({ path, kind, size }));
      return {
        files: found.slice(0, 2000),
        more: Math.max(0, found.length - 2000),
        folders: folders.filter(inside).slice(0, 500),
      };
    },
  }),
  tool({
    name: 'read_file',
    title: 'Read a file',
    description:
      'Reads a text file as it is now. The answer begins with its base, which write_file and edit_file want.',
    input: z.object({
      volume,
      path,
      from: z.int().min(0).default(0).describe('Character to start from, for long files'),
    }),
    readOnly: true,
    async act({ volume, path, from }, api) {
      const { text, base } = await read(api, volume, path);
      const part = text.slice(from, from + most);
      const rest = text.length - from - part.length;
      return `base: ${base}\n\n${part}${rest > 0 ? `\n\n[${rest} more characters; read on from ${from + part.length}]` : ''}`;
    },
  }),
  tool({
    name: 'search_files',
    title: 'Search',
    description: 'Finds words in the files of a volume, with the lines around them.',
    input: z.object({ volume, query: z.string().min(1).max(200), limit: z.int().min(1).max(100).default(20) }),
    readOnly: true,
    act: async ({ volume, query, limit }, api) =>
      (await api('GET /volumes/:volume/search', { params: { volume }, query: { q: query, limit } })).data,
  }),
  tool({
    name: 'write_file',
    title: 'Write a file',
    description:
      'Makes a text file, or gives one a new text. For one that exists pass the base from read_file: what others typed since is merged.',
    input: z.object({ volume, path, text: z.string(), base: z.string().optional() }),
    readOnly: false,
    act: ({ volume, path, text, base }, api) => write(api, { volume, path, text, base }),
  }),
  tool({
    name: 'edit_file',
    title: 'Edit a file',
    description: 'Replaces one passage of a text file. The old passage must occur exactly once; give enough of it.',
    input: z.object({ volume, path, old: z.string().min(1), new: z.string() }),
    readOnly: false,
    async act({ volume, path, old, new: put }, api) {
      const { text, base } = await read(api, volume, path);
      const times = text.split(old).length - 1;
      if (times !== 1)
        throw new Problem(
          'invalid',
          times === 0 ? 'The old passage is not in the file.' : `The old passage is there ${times} times.`,
        );
      return write(api, { volume, path, text: text.replace(old, () => put), base });
    },
  }),
  tool({
    name: 'list_agents',
    title: 'Agents',
    description: 'Lists the agents that can be used from a volume: yours, the team’s, the system’s; the nearest wins.',
    input: z.object({ volume, query: z.string().optional() }),
    readOnly: true,
    act: async ({ volume, query }, api) =>
      (await api('GET /library/agents', { query: { volume, q: query, limit: 100 } })).data.agents.map(brief),
  }),
  tool({
    name: 'list_skills',
    title: 'Skills',
    description: 'Lists the skills that can be used from a volume.',
    input: z.object({ volume, query: z.string().optional() }),
    readOnly: true,
    act: async ({ volume, query }, api) =>
      (await api('GET /library/skills', { query: { volume, q: query, limit: 100 } })).data.skills.map(brief),
  }),
  tool({
    name: 'query_memory',
    title: 'Memory',
    description: 'Asks what was done and learned before, by words and by meaning: traces of runs, patterns, knowledge.',
    input: z.object({ volume, query: z.string().min(1).max(2000), limit: z.int().min(1).max(50).default(10) }),
    readOnly: true,
    act: async ({ volume, query, limit }, api) =>
      (await api('POST /memory/query', { body: { query, volume, scope: 'project', limit } })).data,
  }),
  tool({
    name: 'start_run',
    title: 'Start a run',
    description: 'Starts an agent on a goal in a volume. It works on by itself; follow it with read_run.',
    input: z.object({ volume, goal: z.string().min(1).max(20_000), agent: z.string().optional() }),
    readOnly: false,
    act: async ({ volume, goal, agent }, api) =>
      (await api('POST /runs', { body: { volume, goal, ...(agent && { agent }) } })).data,
  }),
  tool({
    name: 'read_run',
    title: 'Read a run',
    description: 'Says how a run stands: its state, what it waits for, its last words.',
    input: z.object({ run: z.string() }),
    readOnly: true,
    async act({ run: id }, api) {
      const { run, events } = (await api('GET /runs/:id', { params: { id } })).data;
      const words = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
      const ended = events.findLast((event) => event.type === 'ended');
      return { run, answer: ended?.type === 'ended' ? ended.answer : null, lastWords: words.slice(-4000) };
    },
  }),
  tool({
    name: 'stop_run',
    title: 'Stop a run',
    description: 'Stops a run now.',
    input: z.object({ run: z.string() }),
    readOnly: false,
    act: async ({ run: id }, api) => (await api('POST /runs/:id/stop', { params: { id } })).data,
  }),
];

export async function read(api: InnerApi, volume: string, path: string): Promise<{ text: string; base: string }> {
  const { data, headers } = await api('GET /volumes/:volume/files/*path', { params: { volume, path }, query: {} });
  return { text: data, base: headers.get('etag')?.replace(/^(W\/)?"|"$/g, '') ?? '' };
}

async function write(
  api: InnerApi,
  { volume, path, text, base }: { volume: string; path: string; text: string; base?: string | undefined },
): Promise<unknown> {
  const headers: Record<string, string> = base ? { 'if-match': `"${base}"` } : {};
  try {
    const { data } = await api('PUT /volumes/:volume/files/*path', { params: { volume, path }, body: text, headers });
    return { path: data.path, base: data.oid, conflicts: data.conflicts.length };
  } catch (error) {
    if (error instanceof Problem && error.status === 428)
      throw new Problem('conflict', 'This file exists. Read it first, and pass its base.');
    throw error;
  }
}

const brief = ({
  id,
  name,
  description,
  volume,
  path,
}: {
  id: string;
  name: string;
  description: string;
  volume: string;
  path: string;
}) => ({
  id,
  name,
  description,
  volume,
  path,
});
