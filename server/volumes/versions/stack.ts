// One pause of several people in several files becomes a stack of commits: one a person, credited to them (GI3).
import type { Layer } from '../../sync/types.ts';

/** What was typed in one file; each layer is the whole text, the last one is the text as it is. */
export type FileLayers = { fileId: string; layers: Layer[] };
export type PersonShare = { person: string | null; coAuthors: string[]; files: { fileId: string; text: string }[] };

/**
 * Puts the layers of all files on top of each other. In each file the order is fixed; where two files disagree about the order of two
 * people, one of them comes twice.
 */
export function stackShares(files: FileLayers[]): PersonShare[] {
  const left = files.map(({ fileId, layers }) => ({ fileId, layers: [...layers] })).filter(hasLayers);
  const shares: PersonShare[] = [];
  while (left.some(hasLayers)) {
    const heads = new Set(left.filter(hasLayers).map(({ layers }) => layers[0]!.person));
    const waits = (person: string | null) =>
      left.some(({ layers }) => layers[0]?.person !== person && layers.some((layer) => layer.person === person));
    const [person] = [...[...heads].filter((head) => !waits(head)), ...heads] as [string | null];
    const share: PersonShare = { person, coAuthors: [], files: [] };
    for (const { fileId, layers } of left) {
      if (layers.length === 0 || layers[0]!.person !== person) continue;
      const { text, coAuthors } = layers.shift()!;
      share.files.push({ fileId, text });
      share.coAuthors.push(...coAuthors.filter((other) => other !== person && !share.coAuthors.includes(other)));
    }
    shares.push(share);
  }
  return shares;
}

const hasLayers = ({ layers }: FileLayers) => layers.length > 0;
