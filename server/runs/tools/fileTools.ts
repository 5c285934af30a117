// What a model reads of files, and how it changes them. Numbers and limits are for models: a result must fit beside the others.
import type { RunHead } from '#shared/run.ts';
import { fitsPattern } from '#shared/pathPattern.ts';
import { hideSecrets } from '#shared/secrets.ts';
import { isOwn } from '../taint.ts';
import type { Reach, Tool, ToolContext, ToolResult } from '../types.ts';
import { isDefinition } from './definitionFiles.ts';
import type { RunFiles, Written } from './runFiles.ts';
import { specificationOf } from './toolTable.ts';

/** Characters of one reading. */
const longestReading = 12_000;
const longestLine = 2000;
const mostEntries = 400;

type Args = Record<string, unknown>;

/** What is in a volume may be read there. To carry it into a run that others may see is for a person to decide. */
export function readReach(args: Args, { run }: { run: RunHead }): Reach {
  const [volume, own] = [String(args['volume'] ?? run.volume), `user/${run.by.login}`];
  if (volume === 'system') return {};
  const isOwnDefinition = volume === own && isDefinition(String(args['path'] ?? ''));
  if (volume === run.volume || run.volume === own || isOwnDefinition) return { private: true };
  return { private: true, shows: `It shows what is in ${volume} to the people of ${run.volume}.` };
}

/** And to carry it out of there into another volume that others may see, too. */
export function writeReach(args: Args, { run }: { run: RunHead }): Reach {
  const volume = String(args['volume'] ?? run.volume);
  if (volume === run.volume || volume === `user/${run.by.login}`) return {};
  return { shows: `It writes from ${run.volume} into ${volume}, for the people there.` };
}

const writeOf = ({ path, content, volume }: Args) => ({
  path: path as string, volume: volume as string | undefined, text: content as string,
}); // prettier-ignore
const editOf = ({ path, volume, old, new: fresh, all = false }: Args) => ({
  path: path as string, volume: volume as string | undefined, old: old as string, new: fresh as string, all: all as boolean,
}); // prettier-ignore

/** What tells agents what to do is not for words of others to write, unless its person read it. */
const mayDefine = ({ taint, approved }: Pick<ToolContext, 'taint' | 'approved'>): boolean => approved || isOwn(taint);

export function fileTools(files: RunFiles): Tool[] {
  return [
    {
      ...specificationOf('read_file'),
      reach: readReach,
      async act(args) {
        const {
          path,
          volume,
          from_line: from = 1,
          lines = Infinity,
          numbers = false,
        } = args as {
          path: string;
          volume?: string;
          from_line?: number;
          lines?: number;
          numbers?: boolean;
        };
        const file = await files.read({ volume, path });
        const { shown, whole } = excerpt({ text: file.text, from, lines, numbers });
        if (whole) file.saw();
        return {
          ok: true,
          text: file.since === null ? shown : `(${file.since})\n\n${shown}`,
          parts: [{ kind: 'file', volume: file.volume, path: file.path, change: 'read' }],
          ...(file.untrusted === null ? {} : { untrusted: file.untrusted }),
        };
      },
    },
    {
      ...specificationOf('write_file'),
      reach: writeReach,
      governs: (args) => files.governs.write(writeOf(args)),
      async act(args, context) {
        return writtenResult(await files.write({ ...writeOf(args), mayDefine: mayDefine(context) }), context);
      },
    },
    {
      ...specificationOf('edit_file'),
      reach: (args, context) => ({ ...readReach(args, context), ...writeReach(args, context) }),
      governs: (args) => files.governs.edit(editOf(args)),
      async act(args, context) {
        return writtenResult(await files.edit({ ...editOf(args), mayDefine: mayDefine(context) }), context);
      },
    },
    {
      ...specificationOf('list_directory'),
      reach: readReach,
      async act(args) {
        const { path = '', volume, deep = false } = args as { path?: string; volume?: string; deep?: boolean };
        const found = await files.list({ volume, path, deep });
        const lines = found.entries.map(([name, size]) => (size === null ? name : `${name} (${size} bytes)`));
        return { ok: true, text: listed(lines, `Nothing is there yet in ${found.volume}.`) };
      },
    },
    {
      ...specificationOf('search_files'),
      reach: readReach,
      async act(args) {
        const {
          query,
          pattern,
          volume,
          limit = 30,
        } = args as { query?: string; pattern?: string; volume?: string; limit?: number };
        const fits = (path: string) => pattern === undefined || fitsPattern(path, pattern);
        if (query === undefined) {
          if (pattern === undefined)
            return { ok: false, text: 'Give words as `query`, or a `pattern` of paths, or both.' };
          const { entries } = await files.list({ volume, path: '', deep: true });
          const paths = entries.flatMap(([path, size]) => (size !== null && fits(path) ? path : []));
          return { ok: true, text: listed(paths.slice(0, limit), 'No path fits.', paths.length) };
        }
        const { hits, files: count, from } = await files.search({ volume, query, limit: Math.min(limit * 2, 200) });
        const fitting = hits.filter((hit) => fits(hit.path)).slice(0, limit);
        const lines = fitting.map(
          ({ path, line, before, match, after }) => `${path}:${line}: ${hideSecrets(`${before}${match}${after}`)}`,
        );
        const untrusted = await from([...new Set(fitting.map(({ fileId }) => fileId))]);
        const note = count > 0 && lines.length > 0 ? `\n(${count} files hold these words in their last version.)` : '';
        return {
          ok: true,
          text: listed(lines, 'No file holds all of these words.') + note,
          ...(untrusted === null ? {} : { untrusted }),
        };
      },
    },
  ];
}

/** What a model hears of its write; what waits for a person is said to the people too. */
export async function writtenResult({ part, overlaps, waitsFor }: Written, context: ToolContext): Promise<ToolResult> {
  const { volume, path, change, added = 0, removed = 0 } = part;
  const sentences = [
    change === 'created'
      ? `Wrote ${path} in ${volume}: ${added} lines.`
      : `Changed ${path} in ${volume}: ${added} lines added, ${removed} removed.`,
    overlaps > 0
      ? `In ${overlaps} ${overlaps === 1 ? 'place' : 'places'} somebody had changed the same words meanwhile: theirs stand, yours are kept beside them until a person chooses.`
      : null,
    waitsFor
      ? `Definitions that an agent writes go to ${volume} first, where this one is live at once. To reach ${waitsFor} a person has to put it there.`
      : null,
  ];
  if (waitsFor)
    await context.notice({
      level: 'info',
      text: `${path} is meant for ${waitsFor}. It is in ${volume} for now, live there; a person has to bring it to ${waitsFor}.`,
    });
  return { ok: true, text: sentences.filter(Boolean).join(' '), parts: [part] };
}

function excerpt({ text, from, lines, numbers }: { text: string; from: number; lines: number; numbers: boolean }) {
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  if (from > Math.max(1, all.length)) return { shown: `(The file has ${all.length} lines.)`, whole: false };
  const shown: string[] = [];
  let [size, cut] = [0, false];
  for (let at = from - 1; at < all.length && shown.length < lines; at++) {
    const line =
      all[at]!.length > longestLine ? `${all[at]!.slice(0, longestLine)} [${all[at]!.length} characters]` : all[at]!;
    cut ||= line !== all[at];
    const words = numbers ? `${String(at + 1).padStart(5)}\t${line}` : line;
    if (size + words.length > longestReading && shown.length > 0) break;
    size += words.length + 1;
    shown.push(words);
  }
  const last = from - 1 + shown.length;
  const whole = from === 1 && last === all.length && !cut;
  const note = whole
    ? ''
    : `\n\n[lines ${from} to ${last} of ${all.length}${last < all.length ? `; go on with from_line ${last + 1}` : ''}]`;
  return { shown: (shown.join('\n') || '(The file is empty.)') + note, whole };
}

function listed(lines: string[], nothing: string, total = lines.length): string {
  if (lines.length === 0) return nothing;
  const shown = lines.slice(0, mostEntries);
  const rest = Math.max(lines.length, total) - shown.length;
  return shown.join('\n') + (rest > 0 ? `\n(and ${rest} more)` : '');
}
