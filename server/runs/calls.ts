// The calls of one turn: said first, so that everybody sees what is coming, then done: reads together, at most four, everything else one
// by one in its order. Whatever happens, each gets exactly one result (RU3).
import type { CallState, Effect, RunHead, StepState } from '#shared/run.ts';
import type { Actor } from '#shared/permissions.ts';
import { toolNamed } from '#shared/toolNames.ts';
import type { Clock } from '../platform/clock.ts';
import { askApproval, canonical, untilAborted, whyAsk } from './approval.ts';
import { checkArguments, parseArguments } from './arguments.ts';
import type { Budget } from './budget.ts';
import type { WrittenCall } from './callPieces.ts';
import { Interrupted } from './endings.ts';
import { failureOf, shapeResult, type Spill } from './results.ts';
import { hear, isOwn, reachOf, type Taint } from './taint.ts';
import type { Telling } from './telling.ts';
import type { Bound, People, Tool, ToolContext, ToolResult, Verdict } from './types.ts';

export type CallSurroundings = {
  head: RunHead;
  actor: Actor;
  tools: Map<string, Tool>;
  budget: Budget;
  taint: Taint;
  people: People;
  telling: Telling;
  clock: Clock;
  approvalMs: number;
  signal: AbortSignal;
  spill: Spill;
  /** Characters of a result that a model reads at once. */
  longestResult: number;
  failed: (error: unknown) => void;
};

/** Reads at the same time. */
const together = 4;
/** Of what a call streams while it acts. */
const longestOutput = 64 * 1024;
/** Time for a write to end by itself once the run is stopped. */
const graceMs = 2000;

/** The same call three times in a row leads nowhere. */
export const repetitions = 3;

/** Says the calls of a turn. `cut`: the answer ended inside of them. Those that cannot be done have their result at once. */
export async function sayCalls({
  calls,
  step,
  cut,
  around,
}: {
  calls: WrittenCall[];
  step: number;
  cut: boolean;
  around: CallSurroundings;
}): Promise<void> {
  const { telling, tools } = around;
  const wrong = new Map<string, string>();
  let told = Promise.resolve();
  for (const { id, name, args: written } of calls) {
    const tool = findTool(tools, name);
    const parsed = parseArguments(written);
    const isCut = cut && ('wrong' in parsed || parsed.repaired);
    if (!tool) wrong.set(id, unknownTool(name, tools));
    else if (isCut) wrong.set(id, 'The call was cut off because the answer became too long. Write less at once.');
    else if ('wrong' in parsed) wrong.set(id, parsed.wrong);
    else {
      if (tool.fit) parsed.args = tool.fit(parsed.args);
      const misfit = checkArguments(tool.parameters, parsed.args);
      if (misfit) wrong.set(id, misfit);
    }
    const args = 'wrong' in parsed ? written.slice(0, 20_000) : parsed.args;
    const effect = tool && !wrong.has(id) ? effectOf(tool, args as Record<string, unknown>) : 'read';
    const repaired = 'repaired' in parsed && parsed.repaired ? { repaired: true } : {};
    told = telling.tell({ type: 'call', step, call: id, tool: tool?.name ?? (name || '?'), args, effect, ...repaired });
  }
  for (const [call, text] of wrong) told = telling.tell({ type: 'result', call, ok: false, text, parts: [], ms: 0 });
  await told; // together: each that comes after another is durable with it
}

/** Does the calls of the last turn that have no result; what came of them is told, not yet durable. A string: why the run has to end. `limited`: a limit refused some of them. */
export async function doCalls(around: CallSurroundings): Promise<{ end: string | null; limited: string | null }> {
  const { telling, signal } = around;
  let limited: string | null = null;
  const calls = lastStep(telling)?.calls ?? [];
  const firstRepeated = calls.findIndex((call) => repeats(telling, call) >= repetitions);
  const repeated = calls[firstRepeated]?.tool;
  const end = repeated === undefined ? null : `It made the same call ${repetitions} times in a row: ${repeated}.`;
  const notDone = new Set(firstRepeated < 0 ? [] : calls.slice(firstRepeated).map(({ id }) => id));
  const open = calls.filter((call) => call.result === null);
  for (const batch of batches(open, around.tools)) {
    await Promise.all(
      batch.map(async (call) => {
        if (signal.aborted) return cancel(around, call, false);
        if (notDone.has(call.id)) return refuse(around, call, `Not done. ${end}`);
        const full = call.status === 'acting' ? null : around.budget.takeCall();
        if (full === null) return doCall(around, call);
        limited = full;
        return refuse(around, call, `Not done. ${full} Answer with what you have.`);
      }),
    );
  }
  return { end, limited };
}

async function doCall(around: CallSurroundings, call: CallState): Promise<void> {
  const { taint, telling, signal } = around;
  const tool = around.tools.get(call.tool);
  const args = call.args as Record<string, unknown>;
  if (!tool) return refuse(around, call, unknownTool(call.tool, around.tools)); // of a run that went on with fewer tools
  let approved: boolean;
  let bound: Bound | null;
  try {
    // it began before a restart: what only reads is done again, anything else is asked about, never repeated (RU1)
    if (call.status === 'acting' && call.effect !== 'read' && !tool.continues)
      return await askWhatHappened(around, call);
    const reach = reachOf(tool, args, around.head);
    const governs = isOwn(taint) ? null : await definitionOf(around, tool, args);
    // said a while ago: what was free then, because a turn covered it, may have to be asked about now
    const effect = graver(call.effect, effectOf(tool, args));
    const why = whyAsk({ effect, repaired: call.repaired, reach, governs, taint });
    const personOnly = reach.shows !== undefined || governs !== null;
    bound = why === null ? null : await boundOf(around, tool, args);
    const asked = why === null ? null : await askApproval({ ...around, call, why: [why, bound?.words].filter(Boolean).join(' '), bound, personOnly }); // prettier-ignore
    if (asked?.by && asked.note) hear({ taint, by: asked.by, head: around.head });
    if (asked && asked.verdict !== 'approved') return await refuse(around, call, `${refusal(asked)} It was not done.`);
    approved = asked !== null;
    // from here to the first await nothing else can look at the taint: calls that run together cannot each be the second
    taint.private ||= reach.private === true;
    taint.outside ||= reach.outside === true;
    await telling.tell({ type: 'acting', call: call.id });
  } catch (error) {
    if (!signal.aborted) throw error;
    return cancel(around, call, false);
  }
  await act({ around, call, tool, args, approved, bound: bound?.what ?? null });
}

/** What cannot be found out is not bound: the tool says so when it acts. */
const boundOf = async (
  { signal }: CallSurroundings,
  tool: Tool,
  args: Record<string, unknown>,
): Promise<Bound | null> =>
  tool.binds
    ? await untilAborted(
        tool.binds(args).catch(() => null),
        signal,
      )
    : null;

/** A place that cannot be found out holds none: the tool says so when it acts, and looks again there. */
const definitionOf = async ({ signal }: CallSurroundings, tool: Tool, args: Record<string, unknown>) =>
  tool.governs
    ? await untilAborted(
        tool.governs(args).catch(() => null),
        signal,
      )
    : null;

async function act({
  around,
  call,
  tool,
  args,
  approved,
  bound,
}: {
  around: CallSurroundings;
  call: CallState;
  tool: Tool;
  args: Record<string, unknown>;
  approved: boolean;
  bound: string | null;
}): Promise<void> {
  const { telling, head, actor, signal, taint, budget } = around;
  const output = telling.stream((text) => ({ type: 'output', call: call.id, text }), {
    most: longestOutput,
    hide: true,
  });
  const began = performance.now();
  const context: ToolContext = {
    run: head,
    call: call.id,
    actor,
    signal,
    budget,
    taint,
    approved,
    bound,
    output: (text) => output.add(text),
    ask: (question) => ask(around, call.id, question),
    child: (child) => telling.tell({ type: 'child', call: call.id, ...child }),
    notice: (notice) => telling.tell({ type: 'notice', ...notice }),
  };
  let source: string | undefined;
  let shaped: Awaited<ReturnType<typeof shapeResult>>;
  try {
    const work = Promise.resolve().then(() => tool.act(structuredClone(args), context));
    const result: ToolResult = await (call.effect === 'read' ? untilAborted(work, signal) : withGrace(work, signal));
    source = result.untrusted;
    shaped = await shapeResult({ result, call, around });
  } catch (error) {
    if (signal.aborted) {
      output.end();
      return cancel(around, call, true);
    }
    shaped = { ...failureOf(error, around.failed), parts: [] };
  }
  output.end();
  const ms = Math.round(performance.now() - began);
  // what is outside may speak through a failure too
  source ??= !shaped.ok && reachOf(tool, args, head).outside ? tool.name : undefined;
  if (source !== undefined && !taint.sources.includes(source)) taint.sources.push(source);
  const untrusted = source === undefined ? {} : { untrusted: true };
  // durable before the next call acts or the model is asked again, in one statement with what is told then
  void telling.tell({ type: 'result', call: call.id, ...shaped, ms, ...untrusted });
  await tellTaint(around);
}

export async function tellTaint({ taint, telling }: Pick<CallSurroundings, 'taint' | 'telling'>): Promise<void> {
  for (const source of taint.sources)
    if (!telling.state.taint.includes(source)) await telling.tell({ type: 'taint', source });
}

async function ask(
  { telling, people, budget, signal, taint, head }: CallSurroundings,
  call: string,
  { text, choices }: { text: string; choices: string[] },
) {
  await telling.tell({ type: 'question', call, text, choices });
  const answer = await budget.whileWaiting(untilAborted(people.answer({ call, text, choices, signal }), signal));
  hear({ taint, by: answer.by, head });
  await telling.tell({ type: 'answer', call, by: answer.by, text: answer.text });
  return answer;
}

function refusal({ verdict, by, note }: Verdict): string {
  if (verdict === 'expired') return 'Nobody approved it in time.';
  return `${by?.name ?? 'A person'} refused it${note ? `: ${note}` : ''}.`;
}

const happened = ['It happened', 'It did not happen'];

async function askWhatHappened(around: CallSurroundings, call: CallState): Promise<void> {
  const text = `The server stopped while ${call.tool} was at work. Did it happen? It will not be done again by itself.`;
  const { by, text: answer } = await ask(around, call.id, { text, choices: happened });
  const words = `It was interrupted, and not repeated. ${by.name} says: ${answer}`;
  await giveResult(around, call, { ok: answer === happened[0], text: words });
}

const giveResult = (around: CallSurroundings, call: CallState, { ok, text }: { ok: boolean; text: string }) =>
  around.telling.tell({ type: 'result', call: call.id, ok, text, parts: [], ms: 0 });

const refuse = (around: CallSurroundings, call: CallState, text: string) =>
  giveResult(around, call, { ok: false, text });

/** Stopped. `acting`: it had begun. When the server stops it stays open instead. */
function cancel(around: CallSurroundings, call: CallState, acting: boolean): Promise<void> {
  if (around.signal.reason instanceof Interrupted) return Promise.resolve();
  const isOver = call.effect === 'read' || !acting;
  const text = isOver ? 'Cancelled: the run was stopped.' : 'The run was stopped while it acted. It may have happened.';
  return giveResult(around, call, { ok: false, text });
}

/** A write that is stopped gets a moment to end in a way that is known. */
function withGrace<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = () => (timer = setTimeout(() => reject(signal.reason as Error), graceMs));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  });
}

const lastStep = ({ state }: Telling): StepState | null => {
  const item = state.items.findLast((one) => one.kind === 'step');
  return item?.kind === 'step' ? item : null;
};

/** How many calls up to this one, in a row, were just this. */
function repeats({ state }: Telling, call: CallState): number {
  const calls = state.items.flatMap((item) => (item.kind === 'step' ? item.calls : []));
  const key = canonical([call.tool, call.args]);
  let [count, at] = [1, calls.findIndex(({ id }) => id === call.id) - 1];
  for (; at >= 0 && canonical([calls[at]!.tool, calls[at]!.args]) === key; at--) count++;
  return count;
}

function* batches(calls: CallState[], tools: Map<string, Tool>): Generator<CallState[]> {
  let batch: CallState[] = [];
  for (const call of calls) {
    const beside = call.effect === 'read' || tools.get(call.tool)?.together === true;
    if (!beside || batch.length === together) {
      if (batch.length > 0) yield batch;
      batch = [];
    }
    if (beside) batch.push(call);
    else yield [call];
  }
  if (batch.length > 0) yield batch;
}

const gravity: readonly Effect[] = ['read', 'write', 'external', 'destructive'];
const graver = (one: Effect, other: Effect): Effect => (gravity.indexOf(one) < gravity.indexOf(other) ? other : one);

export const effectOf = (tool: Tool, args: Record<string, unknown>): Effect =>
  typeof tool.effect === 'function' ? tool.effect(args) : tool.effect;

const findTool = (tools: Map<string, Tool>, name: string): Tool | null =>
  tools.get(name) ?? tools.get(toolNamed(name)) ?? null;

const unknownTool = (name: string, tools: Map<string, Tool>): string =>
  `There is no tool “${name.slice(0, 100)}” here. There is: ${[...tools.keys()].join(', ') || 'none'}.`;
