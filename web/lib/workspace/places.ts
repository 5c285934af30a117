// The places of the product, once: the rail, the bottom bar of a phone and the acts "Go to ..." are all made of this list.
// Their icons are in placeIcons.ts.
import { placeAddress } from './place.ts';
import type { Workspace } from './workspace.svelte.ts';

export type PlaceId = 'files' | 'library' | 'runs' | 'memory' | 'applets' | 'review' | 'bench' | 'settings';

type Where = Pick<Workspace, 'volume' | 'address' | 'lastAddress' | 'unreviewed'> & { waiting: { count: number } };

export type PlaceEntry = {
  id: PlaceId;
  label: string;
  href: (workspace: Where) => string;
  /** Where a phone's bar leads, if not to `href`. */
  phoneHref?: (workspace: Where) => string;
  /** The addresses that are this place. */
  holds: RegExp;
  /** How much a thumb needs it: the first four are in the bar of a phone, the others behind "More". */
  thumb: number;
  /** What waits for a person there. */
  waits?: { count: (workspace: Where) => number; what: string };
  /** Stands at the foot of the rail. */
  last?: boolean;
  keys?: string;
};

export const places: PlaceEntry[] = [
  {
    id: 'files',
    label: 'Files',
    href: (workspace) => (workspace.volume ? workspace.address : (workspace.lastAddress ?? '/')),
    // on a phone the tree is a place of its own: the bar leads to it, not back to the open file
    phoneHref: (workspace) =>
      workspace.volume ? placeAddress({ volume: workspace.volume }) : (workspace.lastAddress ?? '/'),
    holds: /^\/(?:v\/|$)/,
    thumb: 1,
  },
  {
    id: 'library',
    label: 'Library',
    href: (workspace) => (workspace.volume ? `/library?volume=${encodeURIComponent(workspace.volume)}` : '/library'),
    holds: /^\/library(?:\/|$)/,
    thumb: 5,
  },
  {
    id: 'runs',
    label: 'Runs',
    href: (workspace) => (workspace.waiting.count > 0 ? '/runs?status=waiting' : '/runs'),
    holds: /^\/(?:runs?|chat)(?:\/|$)/,
    thumb: 2,
    waits: { count: (workspace) => workspace.waiting.count, what: 'to answer' },
  },
  { id: 'memory', label: 'Memory', href: () => '/memory', holds: /^\/memory(?:\/|$)/, thumb: 6 },
  { id: 'applets', label: 'Applets', href: () => '/applets', holds: /^\/applets(?:\/|$)/, thumb: 7 },
  {
    id: 'review',
    label: 'Review',
    href: () => '/review',
    holds: /^\/review(?:\/|$)/,
    thumb: 3,
    waits: { count: (workspace) => workspace.unreviewed, what: 'to review' },
  },
  { id: 'bench', label: 'Bench', href: () => '/bench', holds: /^\/bench(?:\/|$)/, thumb: 4 },
  {
    id: 'settings',
    label: 'Settings',
    href: () => '/settings',
    holds: /^\/settings(?:\/|$)/,
    thumb: 9,
    last: true,
    keys: 'Ctrl ,',
  },
];

/** A phone of 390 px has room for five words: four places and what leads to the others; both keep the order of the rail. */
export function phoneBar<P extends { thumb: number }>(all: P[]): { bar: P[]; more: P[] } {
  const chosen = new Set([...all].sort((a, b) => a.thumb - b.thumb).slice(0, 4));
  return { bar: all.filter((place) => chosen.has(place)), more: all.filter((place) => !chosen.has(place)) };
}

export const shortCount = (n: number): string => (n > 99 ? '99+' : String(n));
