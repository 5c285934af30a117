// Where a key leads in a tree (the ARIA tree pattern): arrows, first and last, pages, and letters that find a name.
import type { Row } from '#lib/workspace/tree.ts';

type Input = {
  rows: Row[];
  active: string | null;
  key: string;
  /** Rows in sight. */ page: number;
  /** Milliseconds, for letters typed in a row. */ now: number;
};
type Step = { key?: string; /** Open or close the row that is active. */ toggle?: boolean } | null;

let letters = '';
let lastLetter = -Infinity;

export function moveByKey({ rows, active, key, page, now }: Input): Step {
  if (rows.length === 0) return null;
  const at = Math.max(
    0,
    rows.findIndex((row) => row.key === active),
  );
  const row = rows[at]!;
  const to = (index: number): Step => ({ key: rows[Math.min(rows.length - 1, Math.max(0, index))]!.key });
  switch (key) {
    case 'ArrowDown':
      return to(at + 1);
    case 'ArrowUp':
      return to(at - 1);
    case 'Home':
      return to(0);
    case 'End':
      return to(rows.length - 1);
    case 'PageDown':
      return to(at + page);
    case 'PageUp':
      return to(at - page);
    case 'ArrowRight':
      if (row.kind !== 'folder') return {};
      return row.open ? to(rows[at + 1] && rows[at + 1]!.depth > row.depth ? at + 1 : at) : { toggle: true };
    case 'ArrowLeft': {
      if (row.kind === 'folder' && row.open) return { toggle: false };
      const parent = rows.slice(0, at).findLast((above) => above.depth < row.depth);
      return parent ? { key: parent.key } : {};
    }
  }
  if (!/^[\p{L}\p{N}._-]$/u.test(key)) return null;
  letters = now - lastLetter < 700 ? letters + key.toLowerCase() : key.toLowerCase();
  lastLetter = now;
  // The same letter again and again goes from one to the next; a longer word stays as long as it fits.
  const repeated = [...letters].every((letter) => letter === letters[0]);
  const wanted = repeated ? letters[0]! : letters;
  const order = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
  const found = (repeated ? order : [row, ...order]).find((one) => one.name.toLowerCase().startsWith(wanted));
  return found ? { key: found.key } : {};
}
