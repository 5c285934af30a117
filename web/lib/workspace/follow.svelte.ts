// A place that shows a volume reads it when it comes into sight, when the connection is back, and a moment after what it shows changed.
import { untrack } from 'svelte';
import type { ToBrowser } from '#shared/live.ts';
import { gather } from './gather.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Call it while a component is made. */
export function readWhileShown({
  workspace,
  volume,
  read,
  concerns,
  waitMs,
}: {
  workspace: Workspace;
  volume: () => string;
  read: (volume: string) => void;
  concerns: (message: ToBrowser) => boolean;
  waitMs: number;
}): void {
  $effect(() => {
    const name = volume();
    if (name && workspace.connection === 'open') untrack(() => read(name));
  });
  $effect(() => {
    const gathered = gather(() => read(volume()), waitMs);
    const stop = workspace.listen((message) => concerns(message) && gathered.poke());
    const unwatch = untrack(() => workspace.watchAll()); // what is shown need not be the volume that is open
    return () => {
      stop();
      unwatch();
      gathered.stop();
    };
  });
}
