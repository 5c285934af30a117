// A place that shows a volume reads it when it comes into sight, when the connection is back, and a moment after what it shows changed.
import { untrack } from 'svelte';
import type { ToBrowser } from '#shared/live.ts';
import type { Workspace } from './workspace.svelte.ts';

/** So many times the wait, and what is shown is read although news still come. */
const patience = 5;

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
    let since: number | null = null;
    let later: ReturnType<typeof setTimeout> | undefined;
    const stop = workspace.listen((message) => {
      if (!concerns(message)) return;
      // once for what comes together; news may also go on for minutes
      since ??= performance.now();
      clearTimeout(later);
      later = setTimeout(
        () => {
          since = null;
          read(volume());
        },
        Math.min(waitMs, Math.max(0, since + patience * waitMs - performance.now())),
      );
    });
    const unwatch = untrack(() => workspace.watchAll()); // what is shown need not be the volume that is open
    return () => {
      stop();
      unwatch();
      clearTimeout(later);
    };
  });
}
