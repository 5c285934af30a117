// What a person writes to an agent, read into what a run needs: `/llmos "goal" @Agent`, `/skill-name words`, or plain words; files as
// `@path`, flags such as `--private`. Nothing throws: what cannot be read is said in `problems`, at its place in the text.

export type CommandBudget = {
  iterations?: number;
  toolCalls?: number;
  minutes?: number;
  tokens?: number;
  money?: number;
};
/** Offsets are UTF-16 units of the text. `blocks`: sending it would not do what it says. */
export type CommandProblem = { from: number; to: number; text: string; blocks: boolean };
export type Command = {
  goal: string;
  agent: string | null;
  skills: string[];
  paths: string[];
  model: string | null;
  /** Null: it does not say. */
  private: boolean | null;
  budget: CommandBudget;
  problems: CommandProblem[];
};

/** What there is, where it is known: a bare `@word` that names nothing stays a word. */
export type Known = { isAgent: (name: string) => boolean; isFile: (path: string) => boolean };

type Flag = { takes: 'nothing' | 'words' | 'number'; says: string; set: (command: Command, value: string) => void };
const count =
  (key: keyof CommandBudget): Flag['set'] =>
  (command, value) =>
    (command.budget[key] = Number(value));

/** Each flag once, with the words of its completion. */
export const commandFlags: Record<string, Flag> = {
  private: { takes: 'nothing', says: 'Only I see this run', set: (command) => (command.private = true) },
  shared: { takes: 'nothing', says: 'The team sees this run', set: (command) => (command.private = false) },
  model: {
    takes: 'words',
    says: 'Another model: --model provider/name',
    set: (command, name) => (command.model = name),
  },
  skill: { takes: 'words', says: 'A skill to use: --skill name', set: (command, name) => command.skills.push(name) },
  money: { takes: 'number', says: 'At most so many dollars: --money 0.50', set: count('money') },
  minutes: { takes: 'number', says: 'At most so long: --minutes 5', set: count('minutes') },
  tokens: { takes: 'number', says: 'At most so many tokens: --tokens 50000', set: count('tokens') },
  calls: { takes: 'number', says: 'At most so many tool calls: --calls 20', set: count('toolCalls') },
  turns: { takes: 'number', says: 'At most so many turns: --turns 10', set: count('iterations') },
};

type Range = { from: number; to: number };
type Token = Range & { kind: 'quote' | 'flag' | 'mention' | 'word'; value: string; open?: boolean };

const quotes: Record<string, string> = { '"': '"', '“': '”' };
const commandWord = /^\s*\/([\p{L}\p{N}][\p{L}\p{N}_.-]*)(?=\s|$)/u;

export function readCommand(text: string, known?: Known): Command {
  const command: Command = {
    goal: '', agent: null, skills: [], paths: [], model: null, private: null, budget: {}, problems: [],
  }; // prettier-ignore
  const slash = commandWord.exec(text);
  const name = slash?.[1]?.toLowerCase();
  const from = slash ? slash[0].length : 0;
  if (slash && name !== 'llmos') command.skills.push(slash[1]!);

  const flags = slash ? flagsOfLine(text, from, command) : flagsAtEnd(text, command);
  const rest = { text, from, gaps: flags };
  const tokens = tokensOf(text, from).filter(
    (token) => !flags.some((gap) => token.from >= gap.from && token.to <= gap.to),
  );
  const first = tokens.find((token) => token.kind !== 'mention');
  if (name === 'llmos' && first?.kind === 'quote') {
    if (first.open) command.problems.push({ ...first, text: 'This quote is not closed.', blocks: false });
    for (const token of tokens) if (token.kind === 'mention') mention(command, token, known);
    command.goal = tokens
      .filter((token) => token.kind !== 'mention')
      .map((token) => token.value)
      .join(' ')
      .trim();
  } else command.goal = readWords(command, rest, known);

  if (command.goal.startsWith('//')) command.goal = command.goal.slice(1);
  if (command.goal === '' && command.skills.length > 0 && name !== 'llmos')
    command.goal = `Use the skill ${slash![1]!}.`;
  command.skills = [...new Set(command.skills)];
  command.paths = [...new Set(command.paths)];
  return { ...command, problems: command.problems.map(({ from, to, text, blocks }) => ({ from, to, text, blocks })) };
}

/** Plain words, in which mentions are read where they stand: a file stays as its path, an agent at an end of the text goes. */
function readWords(
  command: Command,
  { text, from, gaps }: { text: string; from: number; gaps: Range[] },
  known?: Known,
): string {
  let out = '';
  let at = from;
  const code = codeOf(text);
  const pieces = mentionsOf(text, from).filter(
    (one) => ![...code, ...gaps].some((range) => one.from >= range.from && one.to <= range.to),
  );
  const put = (to: number) => {
    for (const gap of gaps.filter((range) => range.from >= at && range.to <= to)) {
      out += text.slice(at, gap.from);
      at = gap.to;
    }
    out += text.slice(at, to);
    at = to;
  };
  for (const piece of pieces) {
    put(piece.from);
    const before = command.agent;
    const kind = mention(command, piece, known);
    at = piece.to;
    const isFirst = out.trim() === '';
    const isLast = withoutGaps(text, piece.to, gaps).trim() === '';
    if (kind === 'agent' && before === null && (isFirst || isLast)) out = isFirst ? '' : out.replace(/[\s,]+$/, '');
    else out += kind === 'words' ? text.slice(piece.from, piece.to) : piece.value;
  }
  put(text.length);
  return out.replace(/\\@/g, '@').trim();
}

const withoutGaps = (text: string, from: number, gaps: Range[]): string =>
  gaps.reduceRight(
    (rest, gap) => (gap.from >= from ? rest.slice(0, gap.from - from) + rest.slice(gap.to - from) : rest),
    text.slice(from),
  );

const codeOf = (text: string): Range[] =>
  [...text.matchAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g)].map((found) => ({
    from: found.index,
    to: found.index + found[0].length,
  }));

function mentionsOf(text: string, from: number): Token[] {
  const found: Token[] = [];
  const pattern = /(^|[\s(])@(?:"([^"\n]+)"|([^\s@"()]+))/g;
  pattern.lastIndex = Math.max(0, from - 1);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const start = match.index + match[1]!.length;
    const value = match[2] ?? trimEnd(match[3]!);
    const to = match[2] !== undefined ? pattern.lastIndex : start + 1 + value.length;
    pattern.lastIndex = to;
    if (start >= from && value) found.push({ kind: 'mention', from: start, to, value });
  }
  return found;
}

/** The full stop after a name belongs to the sentence. */
const trimEnd = (name: string) => name.replace(/[.,;:!?]+$/, '');
const looksLikePath = (name: string) => name.includes('/') || /\.[A-Za-z0-9]{1,8}$/.test(name);

function mention(command: Command, { value, from, to }: Token, known?: Known): 'agent' | 'path' | 'words' {
  if (known ? known.isFile(value) : looksLikePath(value)) {
    command.paths.push(value);
    return 'path';
  }
  if (known && !known.isAgent(value)) {
    command.problems.push({
      from,
      to,
      text: `No agent or file here is called ${value}. It goes as words.`,
      blocks: false,
    });
    return 'words';
  }
  if (command.agent === null) command.agent = value;
  return 'agent';
}

// ---- flags -------------------------------------------------------------------------------------------------------------------

/** A command has its flags on its first line, in any place. */
function flagsOfLine(text: string, from: number, command: Command): Range[] {
  const end = text.indexOf('\n', from);
  const line = end < 0 ? text : text.slice(0, end);
  const tokens = tokensOf(line, from);
  const code = codeOf(line);
  const taken: Range[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind !== 'flag' || code.some((range) => token.from >= range.from && token.to <= range.to)) continue;
    const { range, problem } = readFlag(token, tokens[i + 1], command);
    if (problem) command.problems.push(problem);
    taken.push(range);
  }
  return taken;
}

/** In plain words a flag counts at the very end only, and only one that exists: `git log --oneline` is a thing to say. */
function flagsAtEnd(text: string, command: Command): Range[] {
  const tokens = tokensOf(text, 0);
  let start = tokens.length;
  for (let i = tokens.length - 1; i >= 0; i--) {
    const token = tokens[i]!;
    const isFlag = token.kind === 'flag' && nameOf(token) in commandFlags;
    if (isFlag && (i + 1 === start || (i + 2 === start && takesNext(token)))) start = i;
    else if (start - i > 1) break;
  }
  if (start === 0) return [];
  const taken: Range[] = [];
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind !== 'flag') continue;
    const { range, problem } = readFlag(token, tokens[i + 1], command);
    if (problem) command.problems.push(problem);
    taken.push(range);
  }
  return taken;
}

const nameOf = (token: Token) => token.value.split('=')[0]!.toLowerCase();
const takesNext = (token: Token) => !token.value.includes('=') && commandFlags[nameOf(token)]?.takes !== 'nothing';

function readFlag(token: Token, next: Token | undefined, command: Command): { range: Range; problem?: CommandProblem } {
  const name = nameOf(token);
  const flag = Object.hasOwn(commandFlags, name) ? commandFlags[name]! : null;
  const problem = (text: string, to = token.to): { range: Range; problem: CommandProblem } => ({
    range: { from: token.from, to },
    problem: { from: token.from, to, text, blocks: true },
  });
  if (!flag) return problem(`There is no --${name}. Put the goal in quotes to say it as it is.`);
  if (flag.takes === 'nothing') {
    if (token.value.includes('=')) return problem(`--${name} takes no value.`);
    flag.set(command, '');
    return { range: token };
  }
  const own = token.value.includes('=') ? unquote(token.value.slice(name.length + 1)) : null;
  const value = own ?? (next && next.kind !== 'flag' && next.kind !== 'mention' ? next.value : '');
  const to = own === null && value !== '' ? next!.to : token.to;
  if (value === '') return problem(`--${name} needs ${flag.takes === 'number' ? 'a number' : 'a name'} after it.`);
  if (flag.takes === 'number' && !(Number(value) > 0))
    return problem(`--${name} needs a number above 0, not ${value}.`, to);
  flag.set(command, value);
  return { range: { from: token.from, to } };
}

const unquote = (value: string) => value.replace(/^["“]|["”]$/g, '');

function tokensOf(text: string, from: number): Token[] {
  const tokens: Token[] = [];
  let at = from;
  while (at < text.length) {
    const sign = text[at]!;
    if (/\s/.test(sign)) {
      at += 1;
      continue;
    }
    const start = at;
    if (quotes[sign]) {
      const { value, to, open } = readQuoted(text, at, quotes[sign]);
      at = to;
      tokens.push({ kind: 'quote', from: start, to, value, ...(open && { open }) });
      continue;
    }
    if (sign === '@' && text[at + 1] === '"') {
      const { value, to } = readQuoted(text, at + 1, '"');
      at = to;
      tokens.push({ kind: 'mention', from: start, to, value });
      continue;
    }
    while (at < text.length && !/\s/.test(text[at]!))
      at = text[at] === '"' && text[at - 1] === '=' ? readQuoted(text, at, '"').to : at + 1;
    const word = text.slice(start, at);
    if (sign === '@' && trimEnd(word.slice(1)))
      tokens.push({ kind: 'mention', from: start, to: at, value: trimEnd(word.slice(1)) });
    else if (/^--[A-Za-z]/.test(word)) tokens.push({ kind: 'flag', from: start, to: at, value: word.slice(2) });
    else tokens.push({ kind: 'word', from: start, to: at, value: word });
  }
  return tokens;
}

function readQuoted(text: string, from: number, close: string): { value: string; to: number; open: boolean } {
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '\\' && (text[at + 1] === close || text[at + 1] === '\\')) value += text[++at]!;
    else if (sign === close) return { value, to: at + 1, open: false };
    else value += sign;
  }
  return { value, to: text.length, open: true };
}
