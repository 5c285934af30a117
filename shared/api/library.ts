// What /api/v1 says about the library: definitions that can be used from a volume, with what hides what. Lookup: the asker's own volume,
// then the one that is named, then the system's.
import { z } from 'zod';
import { cursor, Face, flag, path, time } from './words.ts';

const volume = z.string().min(1).max(100);
const kind = z.enum(['agent', 'skill', 'tool', 'kernel', 'workflow', 'applet']);
const lookup = {
  /** Seen from there; one's own volume without it. */
  volume: volume.optional(),
  q: z.string().max(500).optional(),
  /** Also those that a nearer one hides. */
  hidden: flag,
  cursor,
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
};

export const DefinitionPlace = z.object({
  volume: z.string(),
  volumeId: z.string(),
  path: z.string(),
  fileId: z.string(),
});
export const LibraryEntry = DefinitionPlace.extend({
  kind,
  id: z.string(),
  name: z.string(),
  description: z.string(),
  type: z.string().nullable(),
  category: z.string().nullable(),
  version: z.string().nullable(),
  tools: z.array(z.string()).nullable(),
  model: z.string().nullable(),
  keywords: z.array(z.string()),
  origin: z.object({ how: z.string().nullable(), from: z.string().nullable() }),
  executable: z.boolean(),
  diagnostics: z.array(z.object({ line: z.int(), message: z.string(), severity: z.enum(['error', 'warning']) })),
  pending: z.boolean(),
  updatedAt: time,
  hides: z.array(DefinitionPlace),
  hiddenBy: DefinitionPlace.nullable(),
});
const place = z.object({ volume: z.string(), path: z.string(), fileId: z.string(), oid: z.string().nullable() });
export const LibraryDetail = z.object({
  entry: LibraryEntry,
  /** Every volume that is looked in, the nearest first, and what is there. */
  lookup: z.array(z.object({ volume: z.string(), found: place.nullable(), used: z.boolean() })),
  limits: z.record(z.string(), z.number()),
  skills: z.array(z.string()),
  mcpServers: z.array(z.string()),
  inputs: z.array(z.object({ name: z.string(), type: z.string(), description: z.string(), required: z.boolean() })),
  /** Definitions that name it. */
  namedBy: z.array(DefinitionPlace.extend({ kind, id: z.string(), name: z.string() })),
});
const ImportAsked = z.object({
  to: volume,
  /** Files as they were dropped: paths as the desktop has them. */
  files: z.array(z.object({ path: z.string().min(1).max(1000), base64: z.base64() })).max(2000),
  /** A zip or tar instead, or beside them. */
  archive: z.base64().optional(),
  /** What a file is, where it does not say so itself: `from` of the plan -> kind. */
  as: z.record(z.string(), z.enum(['agent', 'skill', 'tool'])).default({}),
  /** `from` of those that are not wanted. */
  without: z.array(z.string()).max(2000).default([]),
});
const Origin = z.object({
  volume: z.string(),
  path: z.string(),
  /** Null: the note names no version, or one that is gone; then it is the text of now. */
  oid: z.string().nullable(),
  text: z.string(),
});
export const ImportPlan = z.object({
  items: z.array(
    z.object({
      /** Its path among what came. */
      from: z.string(),
      /** Where it goes, and what goes with it. */
      path: z.string(),
      files: z.array(z.string()),
      kind,
      id: z.string(),
      name: z.string(),
      description: z.string(),
      /** The kind was guessed: nothing in the file or its place says it. */
      guessed: z.boolean(),
      diagnostics: z.array(z.object({ line: z.int(), message: z.string(), severity: z.enum(['error', 'warning']) })),
      /** `merges`: another text is there, and both are merged word by word. */
      state: z.enum(['new', 'same', 'merges']),
      /** What it will hide, or what will hide it. */
      hides: z.array(DefinitionPlace),
      hiddenBy: DefinitionPlace.nullable(),
    }),
  ),
  /** What is not brought, and why. */
  left: z.array(z.object({ path: z.string(), why: z.string() })),
});
const Use = z.object({
  run: z.string(),
  goal: z.string(),
  status: z.enum(['running', 'waiting', 'done', 'failed', 'stopped']),
  /** US dollars; null: the price is not known. */
  money: z.number().nullable(),
  by: Face,
  at: time,
});
export const Figures = z.object({
  days: z.int(),
  /** More runs than are counted: the oldest are left out. */
  cut: z.boolean(),
  figures: z.array(
    z.object({
      kind: z.enum(['agent', 'skill', 'tool']),
      /** Of an agent or a skill. */
      volume: z.string().nullable(),
      path: z.string().nullable(),
      /** Of a tool: what runs call it. */
      tool: z.string().nullable(),
      /** Runs of an agent or with a skill, calls of a tool. */
      uses: z.int(),
      /** Runs that came to an answer, calls that did what they should. */
      finished: z.int(),
      /** Of itself: what a person stopped or a provider did not answer is neither. */
      failed: z.int(),
      /** Uses in equal parts of the days, the oldest first. */
      points: z.array(z.int()),
      /** The newest first. */
      last: z.array(Use),
      delegatedBy: z.array(z.object({ name: z.string(), volume: z.string(), path: z.string(), runs: z.int() })),
    }),
  ),
});
const Name = z.object({
  kind,
  id: z.string(),
  name: z.string(),
  description: z.string(),
  volume: z.string(),
  path: z.string(),
  fileId: z.string(),
});
export type DefinitionPlace = z.output<typeof DefinitionPlace>;
export type LibraryEntry = z.output<typeof LibraryEntry>;
export type LibraryDetail = z.output<typeof LibraryDetail>;
export type ImportPlan = z.output<typeof ImportPlan>;
export type ImportAsked = z.input<typeof ImportAsked>;
export type Figures = z.output<typeof Figures>;
export type LibraryName = z.output<typeof Name>;

const entries = z.array(LibraryEntry);
/** `late`: meanings are still being computed; ask again for what fits by meaning alone. */
const page = { total: z.int(), late: z.boolean(), cursor: z.string().nullable() };

// prettier-ignore
export const libraryRoutes = {
  'GET /library': { may: 'self.read', summary: 'Definitions that can be used from a volume', query: z.object({ ...lookup, kind: kind.optional() }), answer: z.object({ entries, ...page }) },
  'GET /library/agents': { may: 'self.read', summary: 'Agents that can be used from a volume', query: z.object(lookup), answer: z.object({ agents: entries, ...page }) },
  'GET /library/skills': { may: 'self.read', summary: 'Skills that can be used from a volume', query: z.object(lookup), answer: z.object({ skills: entries, ...page }) },
  'GET /library/names': { may: 'self.read', summary: 'Names alone, for completion', query: z.object({ volume: volume.optional() }), answer: z.object({ names: z.array(Name), models: z.array(z.string()) }) },
  'GET /library/definition': { may: 'self.read', summary: 'One definition: what it hides, what hides it, who names it', query: z.object({ volume: volume.optional(), in: volume, path }), answer: LibraryDetail },
  'GET /library/origin': { may: 'self.read', summary: 'The text that a definition was copied or evolved from, as it was then', query: z.object({ in: volume, path }), answer: Origin },
  'GET /library/figures': { may: 'self.read', summary: 'How often agents, skills and tools were used in the runs that I may see', answer: Figures },
  'POST /library/import/check': { may: 'self.read', summary: 'What an import would bring, and what is odd in it; nothing is written', body: ImportAsked, answer: ImportPlan, limit: 24 * 2 ** 20 },
  'POST /library/import': { may: 'self.write', summary: 'Import definitions: files, folders of agents or skills, an archive', body: ImportAsked, answer: ImportPlan.extend({ conflicts: z.int() }), limit: 24 * 2 ** 20 },
  'POST /library/evolve': { may: 'self.write', summary: 'Copy a definition into a nearer volume, with its origin noted', body: z.object({ from: z.object({ volume, path }), to: volume, how: z.enum(['copied', 'evolved']).default('evolved') }), answer: DefinitionPlace },
  'GET /library/export': { may: 'self.read', summary: 'Agents and skills as a folder for Claude Code, or as Agent Skills', query: z.object({ volume: volume.optional(), form: z.enum(['claude', 'agent-skills']).default('claude'), ids: z.string().max(5000).optional() }), answer: z.any() },
} as const;
