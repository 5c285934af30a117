// From a run to the loop: which text it follows, at which versions, with which model, tools, skills and limits; and the runs that it starts
// for others. What a run saw when it began is what it sees when it goes on or is branched.
import { Problem } from '#shared/errors.ts';
import type { KernelValues } from '#shared/kernelSettings.ts';
import type { Actor } from '#shared/permissions.ts';
import { readRun, type RunEvent, type RunHead, type RunState } from '#shared/run.ts';
import type { TypedDefinition } from '#shared/definitionTypes.ts';
import { readTyped } from '#shared/typedDefinition.ts';
import type { BoardsOfRuns, RunBoards } from '../devices/types.ts';
import type { Library, ResolvedDefinition } from '../library/types.ts';
import type { Models } from '../models/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { ChatMessage } from '../platform/model.ts';
import type { VolumeTarget } from '../platform/http.ts';
import { createBudget, limitsOf } from './budget.ts';
import { Interrupted } from './endings.ts';
import { runLoop } from './loop.ts';
import type { PromptSkill } from './prompt.ts';
import type { Spill } from './results.ts';
import { othersIn } from './others.ts';
import { hear, noTaint } from './taint.ts';
import type { StartChild, Tool, ToolsOfElsewhere } from './types.ts';
import { usedSoFar } from './usedSoFar.ts';
import type { Earlier, PlanRun, RunAllowance, RunRequest, Walk, WalkRun } from './walk.ts';

export type ToolsFor = (run: {
  head: RunHead;
  actor: Actor;
  agent: string;
  granted: readonly string[] | null;
  refused: readonly string[];
  /** Names of the tools that the run above has. */
  parent: readonly string[] | null;
  /** Null where the volume has none. */
  boards: RunBoards | null;
  /** Those of elsewhere. */
  more: readonly Tool[];
  startChild: StartChild;
  settings: KernelValues;
}) => { tools: Tool[]; spill: Spill };

export type WalkingNeeds = {
  library: Pick<Library, 'resolve' | 'skillsFor' | 'versions' | 'kernel'>;
  models: Models;
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  textAt: (place: { volumeId: string; at: string; path: string }) => Promise<string | null>;
  toolsFor: ToolsFor;
  toolsOfElsewhere: ToolsOfElsewhere;
  boards: BoardsOfRuns;
  /** From which import a definition came that nobody has reviewed; null: from none (RU8). */
  importedFrom: (place: { volume: string; path: string; actor: Actor }) => Promise<string | null>;
  /** A run for a call of another one. It may be there already, from before a restart. */
  openChild: (child: {
    parent: RunHead;
    call: string;
    goal: string;
    plan: Awaited<ReturnType<PlanRun>>;
    lent: NonNullable<Walk['lent']>;
    signal: AbortSignal;
  }) => Promise<{ run: string; isNew: boolean; over: Promise<Awaited<ReturnType<StartChild>>> }>;
  /** Of any run. */
  eventsOf: (run: string) => Promise<RunEvent[]>;
  clock: Clock;
  failed: (error: unknown) => void;
};

/** Whom a goal goes to when nobody is named. */
const usualAgent = 'SystemAgent';
const plainAgent = {
  name: 'Assistant',
  body: 'You help the people of this workspace with their files and goals. Look before you answer, do what was asked, and no more.',
};

export function createWalking(needs: WalkingNeeds): { plan: PlanRun; allowance: RunAllowance; walk: WalkRun } {
  const { library, models, findVolume, clock } = needs;

  async function findAgent({
    actor,
    volume,
    wanted,
    at,
  }: {
    actor: Actor;
    volume: string;
    wanted: string | null;
    at?: Record<string, string>;
  }): Promise<ResolvedDefinition | null> {
    const lookup = { actor, volume, kind: 'agent', ...(at ? { at } : {}) } as const;
    if (wanted === null) return library.resolve({ ...lookup, name: usualAgent });
    const name = wanted.replace(/^@/, '');
    const byPath = name.includes('/') ? await library.resolve({ ...lookup, path: name }) : null;
    return byPath ?? library.resolve({ ...lookup, name });
  }

  const plan: PlanRun = async ({ actor, volume, request, at }) => {
    const versions = at ?? (await library.versions({ actor, volume: volume.name }));
    const agent = await findAgent({ actor, volume: volume.name, wanted: request.agent, at: versions });
    if (!agent && request.agent !== null)
      throw new Problem('not-found', `There is no agent “${request.agent}” here.`, { agent: request.agent });
    const wanted = request.model ?? agent?.definition.model ?? null;
    const model = await models.open({ wanted, personId: payer(request, actor, volume.teamId), teamId: volume.teamId });
    const kernel = await library.kernel({ actor, volume: volume.name }); // now, also for a branch: what was tightened since holds
    return {
      agent: agent && refOf(agent),
      model: model.name,
      limits: limitsOf(kernel.limits, agent?.definition.limits),
      versions,
    };
  };

  /** The text that the run follows, as it was when it began. */
  async function definitionOf({ agent }: RunHead, actor: Actor): Promise<TypedDefinition | null> {
    if (agent === null) return null;
    const volume = await findVolume(agent.volume, actor);
    const text = volume && agent.oid && (await needs.textAt({ volumeId: volume.id, at: agent.oid, path: agent.path }));
    if (!text) throw new Problem('not-found', `${agent.path} of ${agent.volume} cannot be read any more.`);
    return readTyped({ path: agent.path, text });
  }

  const allowance: RunAllowance = async ({ head, actor }) => {
    const kernel = await library.kernel({ actor, volume: head.volume });
    const definition = await definitionOf(head, actor);
    return limitsOf(kernel.limits, definition?.limits);
  };

  /** Those that it was given when it began, or that fit. */
  async function skillsOf(
    { head, request, actor }: Walk,
    state: RunState,
    definition: TypedDefinition | null,
    most: number,
  ) {
    const { volume, goal, versions } = head;
    const lookup = { actor, volume, at: versions };
    const named = [...request.skills, ...(definition?.skills ?? [])];
    const before = await Promise.all(
      state.skills.map(async ({ path, why }) => {
        const skill = await library.resolve({ ...lookup, kind: 'skill', path });
        return skill ? [{ skill, why }] : [];
      }),
    );
    const chosen = before.length > 0 ? before.flat() : await library.skillsFor({ ...lookup, goal, named, most });
    return chosen.map(({ skill, why }): PromptSkill => ({
      name: skill.name,
      description: skill.definition.description,
      body: skill.definition.body,
      volume: skill.volume,
      path: skill.path,
      why,
    }));
  }

  /** Another agent does a call of this run: as it is written now, so that one that was just written can be asked, or as it was for a branch. */
  const startChild: StartChild = async ({
    agent: wanted,
    goal,
    parent,
    call,
    actor,
    tools,
    budget,
    taint,
    signal,
    started,
  }) => {
    const { volume } = parent;
    const pinned = parent.branchOf && (await findAgent({ actor, volume, wanted, at: parent.versions }));
    const agent = pinned ?? (await findAgent({ actor, volume, wanted }));
    if (!agent) throw new Problem('not-found', `There is no agent “${wanted}”. Look with discover_agents.`);
    const limits = limitsOf(parent.limits, agent.definition.limits);
    const { run, isNew, over } = await needs.openChild({
      parent,
      call,
      goal,
      signal,
      lent: { budget, taint, tools },
      plan: {
        agent: refOf(agent),
        model: agent.definition.model ?? parent.model,
        limits,
        versions: { ...parent.versions, [agent.volume]: agent.oid },
      },
    });
    if (isNew) await started({ run, agent: agent.name });
    return over;
  };

  /** Text from outside that is in the run before its first step: what it follows, what was answered before it in its conversation. */
  async function outsideIn({ head, actor, earlier }: Walk, skills: PromptSkill[]): Promise<string[]> {
    const places = [...(head.agent ? [head.agent] : []), ...skills].filter(({ volume }) => volume !== 'system');
    const found = await Promise.all(places.map(({ volume, path }) => needs.importedFrom({ volume, path, actor })));
    const said = earlier.some(({ tainted }) => tainted) ? ['an earlier answer of this conversation'] : [];
    return [...found.filter((one) => one !== null), ...said];
  }

  const walk: WalkRun = async (given) => {
    const { head, actor, request, events, earlier, emit, people, signal, lent } = given;
    const state = readRun(events);
    const definition = await definitionOf(head, actor);
    const volume = await findVolume(head.volume, actor);
    const teamId = volume?.teamId ?? null;
    const { values } = await library.kernel({ actor, volume: head.volume });
    const boards = needs.boards.forRun({ run: head.id, actor, volume: head.volume });
    const [model, skills, elsewhere, bench] = await Promise.all([
      models.open({ wanted: head.model, personId: payer(request, actor, teamId), teamId }),
      skillsOf(given, state, definition, values.skills_per_prompt!),
      needs.toolsOfElsewhere({ teamId }),
      boards.list(),
    ]);
    for (const text of elsewhere.notices) await emit({ type: 'notice', level: 'warning', text });
    const { tools, spill } = needs.toolsFor({
      head,
      actor,
      agent: definition?.name ?? plainAgent.name,
      granted: definition?.tools ?? null,
      refused: definition?.refusedTools ?? [],
      parent: lent?.tools ?? null,
      boards: bench.length > 0 ? boards : null,
      more: elsewhere.tools,
      startChild,
      settings: values,
    });
    const taint = lent?.taint ?? noTaint();
    for (const source of await outsideIn(given, skills))
      if (!taint.sources.includes(source)) taint.sources.push(source);
    const spoke = await othersIn({ events, eventsOf: needs.eventsOf, person: head.by });
    for (const by of [...spoke, ...earlier.map((one) => one.by)]) hear({ taint, by, head });
    const since = lent?.budget.since ?? '';
    const used = await usedSoFar({ events, eventsOf: needs.eventsOf, since });
    const budget = lent ? lent.budget.child(head.limits, used) : createBudget({ limits: head.limits, clock, used });
    const end = await runLoop({
      head,
      definition: definition ? { name: definition.name, body: definition.body } : plainAgent,
      messages: conversationOf(earlier),
      model,
      tools,
      budget,
      people,
      emit,
      signal,
      clock,
      actor,
      approvalMs: values.approval_minutes! * 60_000,
      past: state,
      skills,
      facts: factsOf(given, clock),
      spill,
      failed: needs.failed,
      taint,
    }).finally(() => {
      boards.close(); // whatever it drives is free again
      return elsewhere.close();
    });
    if (!(signal.reason instanceof Interrupted)) await emit({ type: 'ended', ...end });
  };

  return { plan, allowance, walk };
}

/** Whose providers it may use beside the team's and the server's. */
const payer = ({ unattended }: RunRequest, { personId }: Actor, teamId: string | null): string | null =>
  unattended && teamId !== null ? null : personId;

const refOf = ({ kind, id, name, volume, path, oid }: ResolvedDefinition): RunHead['agent'] => ({
  kind, id, name, volume, path, oid,
}); // prettier-ignore

/** What was said in a conversation before this goal. */
const conversationOf = (earlier: Earlier[]): ChatMessage[] =>
  earlier.flatMap(({ goal, answer }): ChatMessage[] => [
    { role: 'user', content: goal },
    { role: 'assistant', content: answer?.trim() || '(There was no answer.)', calls: [] },
  ]);

function factsOf({ head, request }: Walk, clock: Clock): string[] {
  const facts = [`Today is ${new Date(clock.now()).toISOString().slice(0, 10)}.`];
  if (request.paths.length > 0) facts.push(`The goal is about these files: ${request.paths.join(', ')}.`);
  if (head.branchOf)
    facts.push(
      `Your work goes on from before step ${head.branchOf.step} of an earlier run. Agents and skills are as they were then; files are as they are now, and read_file says which of them have changed since.`,
    );
  return facts;
}
