// Every tool that comes with the workspace: what a model is told of it, and what it may do to the world. The kernel's map of concepts is
// held against this table. Arguments that a tool does not know are refused, so that a model hears of its misunderstanding.
import type { BuiltInTool } from '#shared/toolNames.ts';
import type { Effect } from '#shared/run.ts';
import type { JsonSchema } from '../../platform/model.ts';
import { count, object, text } from './schemaWords.ts';

export type ToolSpecification = { name: BuiltInTool; description: string; parameters: JsonSchema; effect: Effect };

const volume = text(
  'The volume, as `team/<name>`, `user/<login>` or `system`. Leave it out for the volume of this run.',
);
const path = text('Path of the file in its volume, e.g. `notes/plan.md`.');

export const toolTable: readonly ToolSpecification[] = [
  {
    name: 'read_file',
    description:
      'Reads a text file as it is now, with what people are typing. Long files come in parts: go on with `from_line`.',
    parameters: object(
      {
        path,
        volume,
        from_line: count('The first line to read; 1 is the first of the file.'),
        lines: count('How many lines at most.'),
        numbers: { type: 'boolean', description: 'Put the number of each line before it.' },
      },
      ['path'],
    ),
    effect: 'read',
  },
  {
    name: 'write_file',
    description:
      'Writes a whole text file: a new one, or one that you have read whole in this run. What people type in it meanwhile stays. For a small change use edit_file.',
    parameters: object({ path, content: text('All of the text.'), volume }, ['path', 'content']),
    effect: 'write',
  },
  {
    name: 'edit_file',
    description:
      'Replaces an exact piece of a text file by another. `old` must be there letter for letter and only once, unless `all` is true.',
    parameters: object(
      {
        path,
        old: text('What is there now, letter for letter, with its spaces and line breaks.', { minLength: 1 }),
        new: text('What is to be there instead; empty to take it out.'),
        all: { type: 'boolean', description: 'Replace every place where it is.' },
        volume,
      },
      ['path', 'old', 'new'],
    ),
    effect: 'write',
  },
  {
    name: 'list_directory',
    description: 'Lists the files and folders in a folder of a volume.',
    parameters: object(
      {
        path: text('The folder; leave it out for the top.'),
        volume,
        deep: { type: 'boolean', description: 'Also everything in the folders below.' },
      },
      [],
    ),
    effect: 'read',
  },
  {
    name: 'search_files',
    description:
      'Finds files of a volume that hold all the given words, with the lines they are on, or files whose path fits a pattern like `**/agents/*.md`.',
    parameters: object(
      {
        query: text('Words that must all be in the file.'),
        pattern: text('What the path must look like: `*` within a name, `**` for any folders.'),
        volume,
        limit: count('How many at most.'),
      },
      [],
    ),
    effect: 'read',
  },
  {
    name: 'query_memory',
    description:
      'Asks what is remembered of earlier work: traces, agents, workflows, facts, skills. Finds by words and by meaning.',
    parameters: object(
      {
        query: text('What you want to know.', { minLength: 1 }),
        memory_type: {
          enum: ['agent_templates', 'workflow_patterns', 'domain_knowledge', 'skills', 'traces', 'all'],
          description: 'What kind of memory; all unless told.',
        },
        scope: { enum: ['project', 'global', 'similar'], description: 'Where to look; everywhere unless told.' },
        project_context: text('The project, for the scopes `project` and `similar`.'),
        time_range: object({ from: text('A date, e.g. 2026-01-31.'), to: text('A date.') }, []),
        limit: count('How many at most; 10 unless told.'),
        min_relevance: { type: 'number', minimum: 0, maximum: 1, description: '0.3 unless told.' },
        filters: { type: 'object', description: 'Values of the header that must be so, e.g. {"outcome": "success"}.' },
      },
      ['query'],
    ),
    effect: 'read',
  },
  {
    name: 'log_trace',
    description:
      'Writes into the trace of this run what others should learn from it. The steps themselves are in the trace anyway.',
    parameters: object(
      {
        learnings: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'One sentence each.' },
        decisions: { type: 'array', items: { type: 'string' }, description: 'What was decided, and why.' },
        tags: { type: 'array', items: { type: 'string' } },
      },
      ['learnings'],
    ),
    effect: 'write',
  },
  {
    name: 'discover_agents',
    description: 'Lists the agents that can be given a task, the best for a query first.',
    parameters: object({ query: text('What the agent should be able to do.'), limit: count('How many at most.') }, []),
    effect: 'read',
  },
  {
    name: 'delegate_to_agent',
    description:
      'Gives a task to another agent, which works with its own instructions and at most your tools, and waits for its answer. It knows nothing of this conversation: say all that it needs.',
    parameters: object(
      {
        agent: text('Its name, or the path of its file.', { minLength: 1 }),
        task: text('The goal, with everything needed to reach it.', { minLength: 1 }),
        context: text('What you found out that helps.'),
      },
      ['agent', 'task'],
    ),
    effect: 'write',
  },
  {
    name: 'use_skill',
    description: 'Reads the whole text of a skill by its name, to follow it.',
    parameters: object({ skill: text('Its name.', { minLength: 1 }) }, ['skill']),
    effect: 'read',
  },
  {
    name: 'execute_python',
    description:
      'Runs Python in the browser of the person of this run (Pyodide, no network). What is printed and drawn comes back. Name the files that it reads; files that it writes are put into the volume.',
    parameters: object(
      {
        code: text('The program.', { minLength: 1 }),
        files: {
          type: 'array',
          items: { type: 'string' },
          maxItems: 20,
          description: 'Paths of files of the volume of this run that the code opens, by the same paths.',
        },
      },
      ['code'],
    ),
    effect: 'write',
  },
  {
    name: 'generate_applet',
    description:
      'Writes a small interactive program (one React component in TSX, exported as default) into applets/ and shows it at once. Errors come back; call it again with the same name and mended code.',
    parameters: object(
      {
        name: text('A short name, e.g. `budget-calculator`.', { minLength: 1, maxLength: 64 }),
        code: text('The TSX source. It may import from `react` only.', { minLength: 1 }),
        volume,
      },
      ['name', 'code'],
    ),
    effect: 'write',
  },
  {
    name: 'ask_person',
    description: 'Asks the person of this run a question and waits for the answer.',
    parameters: object(
      {
        question: text('One question.', { minLength: 1 }),
        choices: { type: 'array', items: { type: 'string' }, maxItems: 8, description: 'Answers to choose from.' },
      },
      ['question'],
    ),
    effect: 'read',
  },
];

export const specificationOf = (name: BuiltInTool): ToolSpecification => toolTable.find((one) => one.name === name)!;
