// What can be chosen while a message is written: agents, skills, files, flags, models; what fits best first.
import { commandFlags } from '#shared/command.ts';
import type { Writing } from '#shared/commandWriting.ts';

export type ChoiceName = { kind: string; id: string; name: string; description: string; volume: string };
export type Choice = {
  value: string;
  label: string;
  note: string;
  kind: 'agent' | 'skill' | 'file' | 'flag' | 'model' | 'command';
};
export type Sources = { names: readonly ChoiceName[]; paths: Iterable<string>; models: readonly string[] };

const most = 8;

/** 0: no match; more: better. The start of a name, the start of a word in it, anywhere, then letters in order. */
export function fit(typed: string, name: string): number {
  if (typed === '') return 1;
  const [wanted, lower] = [typed.toLowerCase(), name.toLowerCase()];
  const last = lower.slice(lower.lastIndexOf('/') + 1);
  if (lower === wanted || last === wanted) return 6;
  if (last.startsWith(wanted)) return 5;
  if (lower.startsWith(wanted)) return 4;
  const at = lower.indexOf(wanted);
  if (at > 0) return /[^\p{L}\p{N}]/u.test(lower[at - 1]!) || name[at] !== lower[at] ? 3 : 2;
  let from = 0;
  for (const sign of wanted) {
    from = lower.indexOf(sign, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}

export function choicesFor(writing: Writing, { names, paths, models }: Sources): Choice[] {
  const { typed } = writing;
  const scored: { choice: Choice; score: number }[] = [];
  const put = (choice: Choice, score: number) => {
    if (score > 0) scored.push({ choice, score });
  };
  const named = (kind: 'agent' | 'skill') => {
    for (const one of names)
      if (one.kind === kind) {
        const value = kind === 'skill' ? one.id : one.name;
        const score = Math.max(fit(typed, one.name), fit(typed, one.id));
        put(
          { kind, value, label: value, note: one.description || one.volume },
          score && score + (kind === 'agent' ? 0.5 : 0),
        );
      }
  };
  if (writing.kind === 'command') {
    put(
      { kind: 'command', value: 'llmos', label: 'llmos', note: 'A goal: /llmos "what to do" @Agent' },
      fit(typed, 'llmos') * 1.1,
    );
    named('skill');
  } else if (writing.kind === 'mention') {
    named('agent');
    for (const path of paths) {
      const score = fit(typed, path);
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      put({ kind: 'file', value: path, label: path.slice(folder.length), note: folder.slice(0, -1) }, score);
    }
  } else if (writing.kind === 'flag') {
    for (const [name, { says }] of Object.entries(commandFlags))
      put({ kind: 'flag', value: name, label: `--${name}`, note: says }, fit(typed, name));
  } else for (const model of models) put({ kind: 'model', value: model, label: model, note: '' }, fit(typed, model));
  return scored
    .sort(
      (a, b) =>
        b.score - a.score ||
        a.choice.label.length - b.choice.label.length ||
        a.choice.label.localeCompare(b.choice.label),
    )
    .slice(0, most)
    .map(({ choice }) => choice);
}
