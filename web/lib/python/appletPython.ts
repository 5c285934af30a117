// Python for an applet that was allowed to run it: an interpreter apart from the person's cells, with files that it may read.
import type { Api } from '#lib/api.ts';
import { pythonOf } from './python.svelte.ts';
import { readFiles } from './volumeFiles.ts';

export function appletPython({ api, volume }: { api: Api; volume: string }) {
  return async ({ code, files: paths }: { code: string; files: string[] }) => {
    const files =
      paths.length === 0
        ? []
        : await readFiles({
            api,
            volume,
            paths,
            files: (await api('GET /volumes/:volume/tree', { params: { volume } })).files,
          });
    const { ok, value, output, trouble, words, tables } = await pythonOf(api).run({
      code,
      name: 'applet.py',
      lane: 'runs',
      session: `applet ${volume}`,
      fresh: true,
      files,
      timeoutMs: 60_000,
    });
    if (!ok) throw new Error(trouble?.traceback ?? words ?? 'Python did not run.');
    return { value, output, tables };
  };
}
