// Puts new content in place of old and leaves the blocks that are equal alone: images do not load again, and a selection in the
// preview survives somebody typing further down.
export function putFragment(target: HTMLElement, fragment: DocumentFragment): void {
  const before = [...target.childNodes];
  const after = [...fragment.childNodes];
  let start = 0;
  while (start < before.length && start < after.length && before[start]!.isEqualNode(after[start]!)) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    sameButLine(before[before.length - 1 - end]!, after[after.length - 1 - end]!)
  )
    end++;
  for (const node of before.slice(start, before.length - end)) node.remove();
  const anchor = before[before.length - end] ?? null;
  for (const node of after.slice(start, after.length - end)) target.insertBefore(node, anchor);
}

/** Equal but for the lines they stand on, which the old one then takes over. */
function sameButLine(before: ChildNode, after: ChildNode): boolean {
  if (before.isEqualNode(after)) return true;
  if (!(before instanceof before.ownerDocument!.defaultView!.HTMLElement) || before.nodeType !== after.nodeType)
    return false;
  const [old, next] = [linesOf(before), linesOf(after as HTMLElement)];
  if (old.length !== next.length) return false;
  const lines = old.map((element) => element.getAttribute('data-line'));
  old.forEach((element, i) => element.setAttribute('data-line', next[i]!.getAttribute('data-line')!));
  if (before.isEqualNode(after)) return true;
  old.forEach((element, i) => element.setAttribute('data-line', lines[i]!));
  return false;
}

const linesOf = (element: HTMLElement) => [
  ...(element.hasAttribute('data-line') ? [element] : []),
  ...element.querySelectorAll('[data-line]'),
];
