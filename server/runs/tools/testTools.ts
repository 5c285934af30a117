// For tests: the tools of runs on real volumes, rooms and git. ada owns team/lab, ben edits it, vic reads it, mallory is nobody there.
import { expect } from 'vitest';
import type { RunHead } from '#shared/run.ts';
import { createConflictStore } from '../../volumes/files/conflictStore.ts';
import { createFiles } from '../../volumes/files/files.ts';
import { createMerges } from '../../volumes/files/merge.ts';
import { searchVolume } from '../../volumes/search/search.ts';
import { createSearchStore } from '../../volumes/search/searchStore.ts';
import { actorOf, idOf, startVolumes, type Person } from '../../volumes/testVolumes.ts';
import { checkArguments } from '../arguments.ts';
import { createBudget, defaultLimits } from '../budget.ts';
import { reachOf } from '../taint.ts';
import { noTaint } from '../taint.ts';
import { headOf } from '../testLoop.ts';
import type { BrowserCalls, Tool, ToolContext, ToolResult } from '../types.ts';
import { createTools } from './createTools.ts';
import { openRunFiles } from './runFiles.ts';
import type { FileParts } from './runReading.ts';

export const faceOf = (login: Person) => ({ id: idOf(login), login, name: login.toUpperCase(), colour: 1 });

export type TestTools = Awaited<ReturnType<typeof startTools>>;

export async function startTools(postgresUrl: string) {
  const world = await startVolumes({ postgresUrl });
  for (const login of ['ada', 'ben', 'mallory'] as const)
    await world.volumes.ensureForPerson({ id: idOf(login), login });
  const { rooms, versions, store, database } = world;
  const shown: { fileId: string; name: string }[] = [];
  const merges = createMerges({
    store: createConflictStore(database),
    rooms,
    people: { faces: async () => new Map() },
    news: { conflicts: () => undefined },
    clock: { now: () => Date.now() },
  });
  /** Files whose words came from outside. */
  const outside = new Set<string>();
  const search = createSearchStore(database);
  const files: FileParts = {
    findVolume: (name, actor) => world.volumes.find(name, actor),
    files: createFiles({ store, versions, rooms, merges, news: { folders: () => undefined } }),
    store,
    rooms: { read: rooms.read, showAgent: ({ fileId, face }) => void shown.push({ fileId, name: face.name }) },
    merges,
    versions,
    cameFrom: async ({ fileIds }) => (fileIds.some((id) => outside.has(id)) ? 'an import' : null),
    search: (question) => searchVolume({ store: search, ...question }),
  };

  /** A run of somebody; `use` does a call as the loop would, without asking anybody. */
  function runOf(
    who: Person,
    head: Partial<RunHead> = {},
    browsers?: BrowserCalls['call'],
    more: Tool[] = [],
    browserOf: () => Person = () => who,
  ) {
    const run = headOf({ id: crypto.randomUUID(), by: faceOf(who), ...head });
    const notices: string[] = [];
    const { tools, spill } = createTools({
      parts: {
        files,
        library: { list: async () => [], resolve: async () => null },
        memory: null,
        browsers: { call: browsers ?? (async () => ({ unavailable: 'No browser is open.' })) },
        browserOf: async () => idOf(browserOf()),
        clock: { now: () => Date.now() },
        startChild: async () => ({ run: 'r2', agent: 'Other', outcome: 'done', reason: '', answer: 'done' }),
      },
      head: run,
      actor: actorOf(who),
      agent: 'Coder',
      granted: null,
      more,
    });
    const context: ToolContext = {
      run,
      call: 'c1',
      actor: actorOf(who),
      signal: new AbortController().signal,
      output: () => undefined,
      ask: async () => ({ by: faceOf(who), text: 'yes' }),
      child: async () => undefined,
      notice: async ({ text }) => void notices.push(text),
      budget: createBudget({ limits: defaultLimits, clock: { now: () => Date.now() } }),
      taint: noTaint(),
      approved: false,
      bound: null,
    };
    const toolOf = (name: string) => tools.find((tool) => tool.name === name)!;
    const use = async (name: string, args: Record<string, unknown>): Promise<ToolResult> => {
      expect(checkArguments(toolOf(name).parameters, args)).toBeNull();
      return toolOf(name)
        .act(args, context)
        .catch((error: Error) => ({ ok: false, text: error.message }));
    };
    const why = (name: string, args: Record<string, unknown>) => reachOf(toolOf(name), args, run);
    const filesOf = () => openRunFiles({ parts: files, head: run, actor: actorOf(who), agent: 'Coder' });
    return { run, use, why, notices, tools, spill, context, filesOf };
  }
  const fileId = async (path: string, volume = 'team/lab') =>
    (await store.byPath((await world.volumes.find(volume, actorOf('ada')))!.id, path))!.id;
  /** What is there now. */
  const textOf = async (id: string) => (await rooms.read(id)) ?? (await versions.textOf(id));
  return { world, shown, outside, runOf, fileId, textOf };
}
