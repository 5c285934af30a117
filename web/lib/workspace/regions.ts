// F6 goes round the parts of the page. A part is any element with data-region; the focus comes back to where it was in it.

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), [tabindex]:not([tabindex="-1"]), [contenteditable="true"]';
const last = new WeakMap<Element, HTMLElement>();
const isVisible = (element: HTMLElement) => element.getClientRects().length > 0;

export function goRound(back: boolean): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(isVisible);
  if (regions.length === 0) return;
  const active = document.activeElement;
  const at = regions.findIndex((region) => region.contains(active));
  const here = regions[at];
  if (here && active instanceof HTMLElement) last.set(here, active);
  for (let step = 1; step <= regions.length; step++) {
    const next = regions[(at + (back ? -step : step) + regions.length * 2) % regions.length]!;
    if (focusIn(next)) return;
  }
}

export function focusRegion(name: string): void {
  const region = document.querySelector<HTMLElement>(`[data-region="${name}"]`);
  if (region) focusIn(region);
}

function focusIn(region: HTMLElement): boolean {
  const before = last.get(region);
  const marked = [...region.querySelectorAll<HTMLElement>('[data-region-first], .cm-content')].find(isVisible);
  const first = [...region.querySelectorAll<HTMLElement>(focusable)].find(isVisible);
  const target = before?.isConnected && isVisible(before) ? before : (marked ?? first);
  target?.focus();
  return target !== undefined && document.activeElement === target;
}
