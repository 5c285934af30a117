// Where somebody is, as an address that can be sent to a teammate: /v/<volume>/f/<path> is a file, /v/<volume>/h/<path> the
// history of one, /v/<volume>/h that of the volume. What else belongs to a place (a line, a version) is in the query.

import { nameOf } from './tree.ts';

export type View = 'files' | 'history';
export type Place = {
  volume: string;
  view: View;
  /** A file or folder. */ path: string | null;
  query: Record<string, string>;
};

const letters: Record<View, string> = { files: 'f', history: 'h' };

export function placeAddress(place: {
  volume: string;
  view?: View;
  path?: string | null;
  query?: Record<string, string>;
}): string {
  const { volume, view = 'files', path = null, query = {} } = place;
  const base = `/v/${volume.split('/').map(encodeURIComponent).join('/')}`;
  const inside = path
    ? `/${letters[view]}/${path.split('/').map(encodeURIComponent).join('/')}`
    : view === 'files'
      ? ''
      : `/${letters[view]}`;
  const search = new URLSearchParams(query).toString();
  return base + inside + (search ? `?${search}` : '');
}

/** Null if the address is not a place in a volume. */
export function readPlace(url: { pathname: string; search: string }): Place | null {
  let parts: string[];
  try {
    parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return null;
  }
  if (parts.shift() !== 'v') return null;
  // the API spells a volume as one part (team%2Flab): such an address leads to the same place
  if (parts[0]?.includes('/')) parts.splice(0, 1, ...parts[0].split('/', 2));
  const first = parts.shift();
  let volume: string;
  if (first === 'system') volume = first;
  else if (first === 'team' || first === 'user') {
    const name = parts.shift();
    if (!name) return null;
    volume = `${first}/${name}`;
  } else return null;
  const letter = parts.shift();
  const view =
    letter === undefined || letter === ''
      ? 'files'
      : (Object.keys(letters) as View[]).find((key) => letters[key] === letter);
  if (!view) return null;
  const path = parts.filter((part) => part !== '').join('/');
  return { volume, view, path: path || null, query: Object.fromEntries(new URLSearchParams(url.search)) };
}

/** What the window is called. `path`: the file in front, where it is known better than the address says. */
export function placeTitle(place: Place | null, path = place?.path ?? null): string {
  const name = path && nameOf(path);
  const what = place?.view === 'history' ? (name ? `History of ${name}` : 'History') : name;
  return [what, place?.volume, 'LLMos'].filter(Boolean).join(' · ');
}
