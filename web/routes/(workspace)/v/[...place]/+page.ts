import { readPlace } from '#lib/workspace/place.ts';

/** The editor sets out while the workspace still asks who I am; if it does not arrive, the page asks again and says so. */
export function load({ url }: { url: URL }): void {
  const place = readPlace(url);
  if (place?.view === 'files' && place.path) void import('#lib/editor/FileEditor.svelte').catch(() => {});
}
