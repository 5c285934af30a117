/** Does a path fit a pattern of `*`, `?` and `**`? Costs at most path times pattern, whatever somebody writes. */
export function fitsPattern(path: string, pattern: string): boolean {
  const parts = pattern.replace(/^\/+/, '').slice(0, 500).split('/');
  return fitsParts(path.split('/'), parts);
}

function fitsParts(path: string[], pattern: string[]): boolean {
  let reached = new Set([0]);
  for (const part of pattern) {
    if (reached.size === 0) return false;
    const next = new Set<number>();
    if (part === '**') {
      for (let to = Math.min(...reached); to <= path.length; to++) next.add(to);
      reached = next;
      continue;
    }
    for (const at of reached) {
      if (at < path.length && fitsName(path[at]!, part)) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(path.length);
}

function fitsName(name: string, pattern: string): boolean {
  let [at, in_, star, mark] = [0, 0, -1, 0];
  while (at < name.length) {
    if (in_ < pattern.length && pattern[in_] !== '*' && (pattern[in_] === '?' || pattern[in_] === name[at])) {
      at++;
      in_++;
    } else if (pattern[in_] === '*') {
      star = in_++;
      mark = at;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[in_] === '*') in_++;
  return in_ === pattern.length;
}
