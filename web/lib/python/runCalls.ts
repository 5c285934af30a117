// A run asks this tab to execute Python (`browser-call`): the code of an agent, in an interpreter of that run alone, with the files
// that the server lists and nothing else. What comes out is an answer in words for the model and in parts for people.
import type { BrowserAnswer, ToBrowser } from '#shared/live.ts';
import type { ResultPart } from '#shared/run.ts';
import type { Api } from '#lib/api.ts';
import { count } from '#lib/ui/words.ts';
import { pythonOf, type Outcome, type Python } from './python.svelte.ts';
import { changedFiles, namedPaths, readFiles, textOf, type ReadFile } from './volumeFiles.ts';

type Call = Pick<Extract<ToBrowser, { type: 'browser-call' }>, 'run' | 'args' | 'volume' | 'paths'>;
type Context = { output: (text: string) => void; signal: AbortSignal };

/** So few files are all handed in; of more only those that the code names. */
const few = 20;
const most = { parts: 40, files: 50, output: 60_000, ms: 120_000 };

/** Never rejects: what goes wrong is an answer. */
export function createPythonPerform({ api, python = pythonOf(api) }: { api: Api; python?: Pick<Python, 'run'> }) {
  return async (call: Call, { output, signal }: Context): Promise<BrowserAnswer> => {
    const code = typeof call.args['code'] === 'string' ? call.args['code'] : '';
    if (code.trim() === '') return refused('There is no code to run: pass it as `code`.');
    let given: ReadFile[];
    try {
      given = await read(call, code);
    } catch (error) {
      return refused(`The files could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    const outcome = await python.run({
      code,
      name: 'code.py',
      lane: 'runs',
      session: call.run,
      files: given,
      signal,
      timeoutMs: most.ms,
      onOutput: (_kind, text) => output(text),
    });
    return answerOf({ outcome, given });
  };

  async function read({ args, volume, paths }: Call, code: string): Promise<ReadFile[]> {
    if (paths.length === 0) return [];
    const { files } = await api('GET /volumes/:volume/tree', { params: { volume } });
    const may = files.filter((file) => paths.includes(file.path));
    const asked = Array.isArray(args['files']) ? args['files'].filter((path) => typeof path === 'string') : [];
    const wanted = may.length <= few ? may.map((file) => file.path) : [...namedPaths({ code, files: may }), ...asked];
    return readFiles({ api, volume, files: may, paths: wanted });
  }
}

const refused = (text: string): BrowserAnswer => ({ ok: false, text, parts: [], files: [] });

export function answerOf({ outcome, given }: { outcome: Outcome; given: readonly ReadFile[] }): BrowserAnswer {
  const files = changedFiles(given, outcome.files);
  const kept = files.slice(0, most.files);
  const parts: ResultPart[] = [
    ...outcome.plots.map((plot) => ({
      kind: 'plot' as const,
      mime: plot.mime,
      base64: base64Of(plot.data),
      ...(plot.title && { title: plot.title }),
    })),
    ...outcome.tables.map(({ columns, rows, total }) => ({
      kind: 'table' as const,
      columns,
      rows,
      ...(total > rows.length && { more: total - rows.length }),
    })),
  ];
  const words = [
    shorten(outcome.output.trimEnd()),
    outcome.value,
    outcome.trouble?.traceback.trimEnd(),
    outcome.ended === 'late' ? `It did not end within ${most.ms / 1000} s and was stopped.` : null,
    outcome.ended === 'stopped' ? 'It was stopped.' : null,
    outcome.ended === 'lost' || outcome.ended === 'failed' ? outcome.words : null,
    ...outcome.plots.map((plot) => `[A chart was shown${plot.title ? `: ${plot.title}` : ''}.]`),
    ...outcome.tables.map(
      (table) => `[A table was shown: ${count(table.total, 'row')} of ${table.columns.join(', ')}.]`,
    ),
    kept.length > 0 ? `[Written: ${kept.map((file) => file.path).join(', ')}.]` : null,
    files.length > kept.length ? `[${count(files.length - kept.length, 'more file')} were not kept.]` : null,
    ...outcome.notes.map((note) => `[${note}]`),
  ].filter((line): line is string => typeof line === 'string' && line !== '');
  return {
    ok: outcome.ok,
    text: words.join('\n') || (outcome.ok ? 'It ran and printed nothing.' : 'It failed and said nothing.'),
    parts: parts.slice(0, most.parts),
    files: kept.map(({ path, data }) => {
      const text = textOf(data);
      return text === null ? { path, base64: base64Of(data) } : { path, text };
    }),
  };
}

function shorten(text: string): string {
  if (text.length <= most.output) return text;
  const half = most.output / 2;
  return `${text.slice(0, half)}\n[... ${text.length - most.output} characters are left out ...]\n${text.slice(-half)}`;
}

function base64Of(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += 32_768) text += String.fromCharCode(...data.subarray(at, at + 32_768));
  return btoa(text);
}
