// What a person is in the middle of writing (shared/command.ts reads the whole): what a list of choices replaces, and the text after.

/** What a person is in the middle of writing: `from` to `to` is replaced by what they choose. */
export type Writing = { from: number; to: number; kind: 'command' | 'mention' | 'flag' | 'model'; typed: string };

export function readWriting(text: string, caret: number): Writing | null {
  const before = text.slice(0, caret);
  const end = caret + /^[^\s"]*/.exec(text.slice(caret))![0].length;
  const slash = /^\s*\/([^\s/]*)$/.exec(before);
  if (slash) return { kind: 'command', from: caret - slash[1]!.length - 1, to: end, typed: slash[1]! };
  const quoted = /(?:^|[\s(])@"([^"\n]*)$/.exec(before);
  if (quoted)
    return {
      kind: 'mention',
      from: caret - quoted[1]!.length - 2,
      to: end + (text[end] === '"' ? 1 : 0),
      typed: quoted[1]!,
    };
  const at = /(?:^|[\s(])@([^\s@"()]*)$/.exec(before);
  if (at) return { kind: 'mention', from: caret - at[1]!.length - 1, to: end, typed: at[1]! };
  const model = /\s--model[ =]([^\s]*)$/.exec(before);
  if (model) return { kind: 'model', from: caret - model[1]!.length, to: end, typed: model[1]! };
  const flag = /\s--([A-Za-z]*)$/.exec(before);
  if (flag) return { kind: 'flag', from: caret - flag[1]!.length - 2, to: end, typed: flag[1]! };
  return null;
}

/** The text and the caret after a choice. */
export function writeChoice(text: string, writing: Writing, value: string): { text: string; caret: number } {
  const name = /\s/.test(value) ? `"${value}"` : value;
  const sign = { command: '/', mention: '@', flag: '--', model: '' }[writing.kind];
  const after = text.slice(writing.to);
  const put = `${sign}${name}${/^\s/.test(after) ? '' : ' '}`;
  return {
    text: text.slice(0, writing.from) + put + after,
    caret: writing.from + put.length + (/^\s/.test(after) ? 1 : 0),
  };
}

/** A command that says the same again. */
export function writeCommand({ goal, agent }: { goal: string; agent?: string | null }): string {
  const quoted = `"${goal.replace(/[\\"]/g, (sign) => `\\${sign}`)}"`;
  return `/llmos ${quoted}${agent ? ` @${/\s/.test(agent) ? `"${agent}"` : agent}` : ''}`;
}
