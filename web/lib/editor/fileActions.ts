// What can be done with the file in front, for the palette and the keys.
import History from '@lucide/svelte/icons/history';
import type { Face } from '#shared/live.ts';
import type { Action } from '#lib/workspace/actions.svelte.ts';

type Offered = {
  save: { may: () => boolean; run: () => void };
  preview: { isShown: boolean; has: () => boolean; toggle: () => void };
  blame: { isShown: boolean; toggle: () => void } | null;
  showHistory: (() => void) | null;
  /** Others in the file. */ faces: readonly Face[];
  follow: (personId: string) => void;
};

export function fileActions({ save, preview, blame, showHistory, faces, follow }: Offered): Action[] {
  const actions: Action[] = [
    { id: 'save-version', title: 'Save a version', group: 'Versions', keys: 'Ctrl S', run: save.run, when: save.may },
    {
      id: 'toggle-preview',
      title: preview.isShown ? 'Hide the preview' : 'Show the preview',
      group: 'View',
      run: preview.toggle,
      when: preview.has,
    },
  ];
  if (blame)
    actions.push({
      id: 'blame',
      title: blame.isShown ? 'Hide who wrote each line' : 'Show who wrote each line',
      group: 'Versions',
      keys: 'Alt B',
      run: blame.toggle,
    });
  if (showHistory)
    actions.push({
      id: 'file-history',
      title: 'History of this file',
      group: 'Versions',
      icon: History,
      run: showHistory,
    });
  for (const face of faces.slice(0, 9))
    actions.push({ id: `follow-${face.id}`, title: `Follow ${face.name}`, group: 'View', run: () => follow(face.id) });
  return actions;
}
