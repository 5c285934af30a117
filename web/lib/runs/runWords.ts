// Words and numbers of runs: what a call is about, how long, how much, how it ended.
import type { CallState, Effect, ResultPart, RunState, RunStatus } from '#shared/run.ts';
import { count, number } from '#lib/ui/words.ts';

export const statusWords: Record<RunStatus, string> = {
  running: 'Running',
  waiting: 'Waits',
  done: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
};

/** `41 ms`, `1.8 s`, `2:14`, `1:02:14` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}\u00a0ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  return clock(ms);
}

/** `2:14`, `1:02:14` */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** What is left until a time, as short as it stays clear. */
export function left(until: string, now: number): string {
  const ms = Date.parse(until) - now;
  if (ms <= 0) return 'time is over';
  if (ms < 3600_000) return `${clock(ms)} left`;
  return ms < 48 * 3600_000 ? `${Math.floor(ms / 3600_000)}\u00a0h left` : `${Math.floor(ms / 86_400_000)} days left`;
}

/** `950`, `38k`, `1.2M` */
export function short(n: number): string {
  if (n < 1000) return String(n);
  if (n < 999_500) return `${n < 9950 ? (n / 1000).toFixed(1).replace('.0', '') : Math.round(n / 1000)}k`;
  return `${(n / 1e6).toFixed(1).replace('.0', '')}M`;
}

export const shortId = (id: string): string => id.replaceAll('-', '').slice(-6);

const wordsOf = (value: unknown): string | null => (typeof value === 'string' && value.trim() ? value.trim() : null);
const oneLine = (text: string, most = 120) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

/** What a call is about, in a few words beside its name. */
export function aboutCall(call: Pick<CallState, 'args'>): string {
  const args = call.args;
  if (typeof args !== 'object' || args === null) return oneLine(String(args ?? ''));
  const of = args as Record<string, unknown>;
  for (const key of [
    'path',
    'file_path',
    'agent',
    'name',
    'skill',
    'query',
    'goal',
    'task',
    'question',
    'pattern',
    'url',
    'device',
    'command',
    'code',
  ])
    if (wordsOf(of[key])) return oneLine(key === 'code' ? firstCode(String(of[key])) : String(of[key]));
  const first = Object.values(of).find((value) => wordsOf(value));
  return first ? oneLine(String(first)) : '';
}
/** The first line that does something. */
const firstCode = (code: string) =>
  code.split('\n').find((line) => line.trim() && !/^\s*(?:#|import |from )/.test(line)) ?? code;

const titles: Record<string, (about: string) => string> = {
  read_file: (about) => `Read ${about}`,
  write_file: (about) => `Write ${about}`,
  edit_file: (about) => `Change ${about}`,
  delete_file: (about) => `Delete ${about}`,
  execute_python: () => 'Run Python',
  delegate_to_agent: (about) => `Hand over to ${about}`,
  generate_applet: (about) => `Make the applet ${about}`,
};
/** The head of an approval: what will happen. */
export const titleOfCall = (call: CallState): string =>
  titles[call.tool]?.(aboutCall(call)) ?? `Call ${call.tool.replaceAll('_', ' ')}`;

const consequences: Record<Effect, string> = {
  read: 'It only reads.',
  write: 'It writes into this volume. Versions keep what was there before.',
  external: 'It reaches outside of the workspace and cannot be taken back from here.',
  destructive: 'It destroys something.',
};
export const consequenceOf = (effect: Effect): string => `${consequences[effect]} Holds for these arguments only.`;

/** What came of a call, short: `4,812 rows`, `+3 −1`, `2 plots`, `failed`. */
export function outcomeOf(call: CallState): string {
  if (call.status === 'refused') return call.approval?.verdict === 'expired' ? 'nobody answered' : 'refused';
  if (call.status === 'failed') return 'failed';
  if (call.status === 'asked') return 'waits for a person';
  if (call.status !== 'ok') return '';
  const said = call.parts.map(partWords).filter(Boolean);
  if (said.length > 0) return [...new Set(said)].slice(0, 2).join(', ');
  const lines = (call.result ?? '').trim().split('\n');
  if (call.tool === 'list_directory' && lines.length > 1) return count(lines.length, 'entry', 'entries');
  const line = lines[0]!.trim();
  return line.length > 0 && line.length <= 32 ? line : '';
}

function partWords(part: ResultPart): string {
  switch (part.kind) {
    case 'plot':
      return 'plot';
    case 'table':
      return count(part.rows.length + (part.more ?? 0), 'row');
    case 'file':
      return part.added !== undefined || part.removed !== undefined
        ? `+${number(part.added ?? 0)} −${number(part.removed ?? 0)}`
        : part.change;
    case 'run':
      return part.agent;
    case 'json':
      return '';
  }
}

/** Why it failed or was stopped, for people. */
export const reasonWords = (reason: string | null): string =>
  reason === 'interrupted'
    ? 'The server stopped in the middle of it. What was said and done until then is kept.'
    : (reason ?? '');

/** How a run is going or how it went, in one sentence for a screen reader and a row. */
export function sentenceOfRun(state: RunState, waiting: number): string {
  if (state.status === 'waiting' || waiting > 0)
    return `${count(waiting || 1, 'step')} ${waiting > 1 ? 'wait' : 'waits'} for a person`;
  return state.reason && state.status === 'failed' ? `Failed: ${reasonWords(state.reason)}` : statusWords[state.status];
}
