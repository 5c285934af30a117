// Keeps a list of boards true while it is shown: read when there is a connection and now and then, sooner when files or rights change.
import { untrack } from 'svelte';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import type { BoardList } from './boards.svelte.ts';

/** Runs in a component. Gives the way to read it now. `on`: whether it is shown. */
export function watchBoards({
  boards,
  workspace,
  on = () => true,
}: {
  boards: BoardList;
  workspace: Workspace;
  on?: () => boolean;
}): () => void {
  const read = () => void boards.read().catch((error: unknown) => workspace.toasts.fail(error));
  $effect(() => {
    if (!on() || workspace.connection !== 'open') return;
    untrack(read);
    const timer = setInterval(() => document.visibilityState === 'visible' && read(), 15_000);
    return () => clearInterval(timer);
  });
  $effect(() => {
    if (!on()) return;
    let later: ReturnType<typeof setTimeout> | undefined;
    const stop = workspace.listen((message) => {
      if (message.type === 'board') boards.put(message.state);
      if (!['tree', 'committed', 'access'].includes(message.type)) return;
      clearTimeout(later);
      later = setTimeout(read, 300);
    });
    const unwatch = untrack(() => workspace.watchAll());
    return () => {
      stop();
      unwatch();
      clearTimeout(later);
    };
  });
  return read;
}
