// The library as it was: definitions of a volume at one commit, read from git. For runs that are branched or resumed at the versions
// that the first one saw. A few are kept; a commit never changes.
import { findHeader } from '#shared/definition.ts';
import { readTyped } from '#shared/typedDefinition.ts';
import type { Versions } from '../volumes/versions/versions.ts';
import type { LibraryKind, TypedDefinition } from './types.ts';
import { isListed, mayDefine } from './volumeIndex.ts';

export type PinnedDefinition = { path: string; text: string; definition: TypedDefinition & { kind: LibraryKind } };

const mostKept = 8;
const largest = 500_000;

export function createPinned({ versions }: { versions: Pick<Versions, 'list' | 'readBlob'> }) {
  const kept = new Map<string, Promise<PinnedDefinition[]>>();

  async function read(volumeId: string, at: string): Promise<PinnedDefinition[]> {
    const found: PinnedDefinition[] = [];
    for (const { path, oid, size } of await versions.list({ volumeId, at })) {
      const byPath = mayDefine(path);
      if (size > largest || (!byPath && (!/\.md$/i.test(path) || /(^|\/)memory\//i.test(path)))) continue;
      const bytes = await versions.readBlob({ volumeId, oid });
      if (!bytes) continue;
      const text = Buffer.from(bytes).toString('utf8');
      if (!byPath && !findHeader(text)) continue;
      const definition = readTyped({ path, text });
      const { kind } = definition;
      if (isListed(kind)) found.push({ path, text, definition: { ...definition, kind } });
    }
    return found;
  }

  return (volumeId: string, at: string): Promise<PinnedDefinition[]> => {
    const key = `${volumeId} ${at}`;
    const known = kept.get(key);
    kept.delete(key);
    const reading = known ?? read(volumeId, at);
    kept.set(key, reading);
    reading.catch(() => kept.delete(key));
    for (const old of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(old);
    }
    return reading;
  };
}
