/** Levels of what others send as JSON: what is read level by level must not run out of stack. */
const deepest = 64;

/** Before anything is built from it. */
export function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > deepest) return true;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return false;
}
