// Python for the nodes of a workflow: an interpreter apart from the person's cells, the files that a node's code or values name, and
// what it wrote put back into the volume as the person.
import type { Api } from '#lib/api.ts';
import { pythonOf } from './python.svelte.ts';
import { changedFiles, namedPaths, readFiles, writeFile } from './volumeFiles.ts';

type Order = { code: string; name: string; values: string[]; signal: AbortSignal; print: (text: string) => void };

/** `resultPath`: where the code leaves what it made; it is no file of the volume. */
export function workflowPython({ api, volume, resultPath }: { api: Api; volume: string; resultPath: string }) {
  return async ({ code, name, values, signal, print }: Order) => {
    const { files: all } = await api('GET /volumes/:volume/tree', { params: { volume } });
    const named = [code, ...values.map((value) => JSON.stringify(value))].join('\n');
    const paths = namedPaths({ code: named, files: all });
    const given = await readFiles({ api, volume, files: all, paths });
    const outcome = await pythonOf(api).run({
      code,
      name,
      lane: 'runs',
      session: `workflow ${volume}`,
      fresh: true,
      files: given,
      signal,
      timeoutMs: 300_000,
      onOutput: (_kind, text) => print(text),
    });
    const made = outcome.files.find(({ path }) => path === resultPath);
    const written = changedFiles(given, outcome.files).filter(({ path }) => path !== resultPath);
    if (outcome.ok)
      for (const file of written)
        await writeFile({ api, volume, file, etag: given.find(({ path }) => path === file.path)?.etag ?? null });
    const { trouble } = outcome;
    const why = trouble
      ? `${trouble.type}: ${trouble.message}${trouble.line ? ` (line ${trouble.line} of the code)` : ''}`
      : outcome.words;
    return {
      ok: outcome.ok,
      why: outcome.ok ? null : why,
      made: made ? new TextDecoder().decode(made.data) : null,
      plots: outcome.plots,
      wrote: outcome.ok ? written.map(({ path }) => path) : [],
      ms: outcome.ms,
    };
  };
}
