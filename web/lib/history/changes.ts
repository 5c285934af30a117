// Going through the changes of a diff: which one comes next from where one stands, and what the counter says.

/** Lines of the newer text that a change covers, from 1, the last one included; where nothing was added, the line after which it was removed. */
export type Change = { from: number; to: number };

/** The change that a line stands in or has last passed; -1 above the first. */
export function changeAt(changes: Change[], line: number): number {
  let found = -1;
  for (const [i, change] of changes.entries()) if (change.from <= line) found = i;
  return found;
}

/** The number of the change to go to; at either end it goes round. Null: there is none. */
export function nextChange(changes: { length: number }, current: number, step: 1 | -1): number | null {
  if (changes.length === 0) return null;
  if (current < 0) return step === 1 ? 0 : changes.length - 1;
  return (current + step + changes.length) % changes.length;
}

/** `2 of 5`, `5 changes`, `no changes`. Null: it is not known yet. */
export function placeOf(changes: number | null, current: number): string {
  if (changes === null) return 'comparing';
  if (changes === 0) return 'no changes';
  return current < 0 ? `${changes} ${changes === 1 ? 'change' : 'changes'}` : `${current + 1} of ${changes}`;
}
