import Plus from '@lucide/svelte/icons/plus';
import type { Volume } from '#shared/api.ts';
import type { MenuEntry } from '#lib/ui/menu.ts';
import { placeAddress } from './place.ts';
import type { Workspace } from './workspace.svelte.ts';

const groups: { kind: Volume['kind']; title: string }[] = [
  { kind: 'team', title: 'Teams' },
  { kind: 'user', title: 'Yours alone' },
  { kind: 'system', title: 'Comes with LLMos' },
];

export function volumeEntries(workspace: Workspace): MenuEntry[] {
  const entries: MenuEntry[] = groups.flatMap(({ kind, title }) => {
    const volumes = workspace.volumes.filter((volume) => volume.kind === kind);
    if (volumes.length === 0) return [];
    return [
      { title },
      ...volumes.map((volume): MenuEntry => ({
        label: volume.title,
        note: volume.name,
        href: placeAddress({ volume: volume.name }),
        checked: volume.name === workspace.volume,
      })),
    ];
  });
  return [...entries, 'line', { label: 'Make a team', icon: Plus, href: '/settings/teams' }];
}
