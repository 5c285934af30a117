// Definitions in all volumes that a token may read, each once, whichever volume it is seen from.
import type { LibraryEntry } from '#shared/api/library.ts';
import type { InnerApi } from '../platform/innerApi.ts';

const most = 1000;

export async function definitionsEverywhere(api: InnerApi, kind: 'agent' | 'skill'): Promise<LibraryEntry[]> {
  const { volumes } = (await api('GET /volumes')).data;
  const found = new Map<string, LibraryEntry>();
  for (const { name: volume } of volumes) {
    const { entries } = (await api('GET /library', { query: { kind, volume, hidden: '1', limit: most } })).data;
    for (const entry of entries) found.set(`${entry.volume} ${entry.path}`, entry);
    if (found.size >= most) break;
  }
  return [...found.values()];
}
