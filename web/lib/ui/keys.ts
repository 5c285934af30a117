// Keys as people read and press them. `Ctrl K` means Command on a Mac.

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);
const macNames: Record<string, string> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↩' };
const shownNames: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
};

export const shownKeys = (keys: string, mac = isMac): string[] =>
  keys.split(' ').map((key) => (mac ? macNames[key] : undefined) ?? shownNames[key] ?? key);

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/** Whether a key press is this chord. `?` and other signs that need Shift on some keyboards match by the sign alone. */
export function isChord(press: Press, keys: string, mac = isMac): boolean {
  const parts = keys.split(' ');
  const key = parts.at(-1) ?? '';
  const wants = { ctrl: parts.includes('Ctrl'), shift: parts.includes('Shift'), alt: parts.includes('Alt') };
  const control = mac ? press.metaKey : press.ctrlKey;
  const other = mac ? press.ctrlKey : press.metaKey;
  if (other || control !== wants.ctrl || press.altKey !== wants.alt) return false;
  const isSign = key.length === 1 && !/[a-z0-9]/i.test(key);
  if (!isSign && press.shiftKey !== wants.shift) return false;
  if (press.key.toLowerCase() === key.toLowerCase()) return true;
  // With Alt, a Mac types a sign instead of the letter or digit: the place of the key tells.
  return wants.alt && (press.code === `Key${key.toUpperCase()}` || press.code === `Digit${key}`);
}
