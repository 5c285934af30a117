// The status bar, from the pane in front: where I am at once, the words a moment later. Lives with the pane that calls it.
import { onMount, untrack } from 'svelte';
import type { EditorStatus, Workspace } from '#lib/workspace/workspace.svelte.ts';
import type { OpenFile } from './openFile.svelte.ts';
import { countWords } from './outline.ts';

type Around = {
  workspace: Pick<Workspace, 'status'>;
  active: () => boolean;
  file: () => OpenFile;
  /** Counts up when the text changes. */ revision: () => number;
  status: () => Omit<EditorStatus, 'words'>;
};

export function tellStatus({ workspace, active, file, revision, status }: Around): void {
  let words = $state<number | null>(null);
  let counting: ReturnType<typeof setTimeout> | undefined;
  $effect(() => {
    void revision();
    if (!file().live?.loaded) return;
    clearTimeout(counting);
    const first = untrack(() => words === null);
    counting = setTimeout(
      () => {
        const { live } = file();
        words = live ? countWords(live.rope.toString()) : null;
      },
      first ? 0 : 300,
    );
  });
  $effect(() => {
    if (active()) workspace.status = { ...status(), words };
  });
  onMount(() => () => {
    clearTimeout(counting);
    if (active()) workspace.status = null;
  });
}
