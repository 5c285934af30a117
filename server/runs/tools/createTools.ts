// All tools of one run, before what its file does not grant is taken away.
import { kernelDefaults, type KernelValues } from '#shared/kernelSettings.ts';
import type { Actor } from '#shared/permissions.ts';
import type { RunHead } from '#shared/run.ts';
import type { Library } from '../../library/types.ts';
import type { RunBoards } from '../../devices/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AskMemory, BrowserCalls, StartChild, Tool } from '../types.ts';
import type { Spill } from '../results.ts';
import { agentTools } from './agentTools.ts';
import { browserTools } from './browserTools.ts';
import { deviceTools } from './deviceTools.ts';
import { fileTools } from './fileTools.ts';
import { grantTools } from './granting.ts';
import { memoryTools } from './memoryTools.ts';
import { openRunFiles } from './runFiles.ts';
import type { FileParts } from './runReading.ts';
import { specificationOf } from './toolTable.ts';

export type ToolParts = {
  files: FileParts;
  library: Pick<Library, 'list' | 'resolve'>;
  /** Of definitions: what a run wrote of them was seen by its person, if words from outside could have asked for it. */
  importedFrom?: FileParts['cameFrom'];
  /** Null: there is none. */
  memory: AskMemory | null;
  browsers: BrowserCalls;
  browserOf: (run: string) => Promise<string>;
  clock: Clock;
  startChild: StartChild;
};

/** `agent`: the name that is followed. `boards`: null where the volume has none. `more`: tools of elsewhere, e.g. of MCP servers. */
export function createTools({
  parts,
  head,
  actor,
  agent,
  granted,
  refused = [],
  parent = null,
  boards = null,
  more = [],
  settings = kernelDefaults,
}: {
  parts: ToolParts;
  head: RunHead;
  actor: Actor;
  agent: string;
  granted: readonly string[] | null;
  refused?: readonly string[];
  parent?: readonly string[] | null;
  boards?: RunBoards | null;
  more?: readonly Tool[];
  settings?: KernelValues;
}): { tools: Tool[]; spill: Spill } {
  const files = openRunFiles({ parts: parts.files, head, actor, agent });
  let names: string[] = [];
  const all: Tool[] = [
    ...fileTools(files),
    ...memoryTools({ ask: parts.memory, limit: settings.memory_limit!, minRelevance: settings.min_relevance! }),
    ...agentTools({
      library: parts.library,
      startChild: parts.startChild,
      names: () => names,
      cameFrom: parts.importedFrom,
    }),
    ...browserTools({
      files,
      browsers: parts.browsers,
      browserOf: parts.browserOf,
      pythonMs: settings.python_seconds! * 1000,
    }),
    askPerson,
    ...(boards ? deviceTools({ boards, files, clock: parts.clock }) : []),
  ];
  const taken = new Set(all.map(({ name }) => name));
  const tools = grantTools({
    tools: [...all, ...more.filter(({ name }) => !taken.has(name))],
    granted,
    refused,
    parent,
  });
  names = tools.map(({ name }) => name);
  return {
    tools,
    async spill({ call, tool, text }) {
      const path = `memory/short_term/run-${head.id.slice(0, 8)}/${`${tool}-${call}`.replace(/[^\w-]+/g, '-').slice(0, 80)}.txt`;
      const { part } = await files.write({ path, text, anyway: true, mayDefine: false });
      return { volume: part.volume, path: part.path };
    },
  };
}

const askPerson: Tool = {
  ...specificationOf('ask_person'),
  async act(args, { ask }) {
    const { question, choices = [] } = args as { question: string; choices?: string[] };
    const { by, text } = await ask({ text: question, choices });
    return { ok: true, text: `${by.name} answers: ${text}` };
  },
};
