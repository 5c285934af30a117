// Everything that can be done from here, by key, by palette, or by the sheet that `?` shows. Each part of the page adds its own
// acts while it is on the screen; what was added last answers a key first.
import { untrack } from 'svelte';
import { isChord } from '#lib/ui/keys.ts';

export type Action = {
  id: string;
  /** The act and its object: "Save a version". */
  title: string;
  /** Where the sheet of keys lists it. */
  group: 'Go' | 'File' | 'Edit' | 'View' | 'Versions' | 'Bench' | 'Account';
  keys?: string;
  /** Another chord for the same, which some windows keep for themselves. Not listed. */
  also?: string;
  icon?: unknown;
  run: () => void;
  /** Not offered when false. */
  when?: () => boolean;
  /** Listed with the keys, but not in the palette (it belongs to a place, such as the tree). */
  onlyKeys?: boolean;
};

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export class Actions {
  all = $state.raw<Action[]>([]);

  /** Gives a way to take them back. */
  add(actions: Action[]): () => void {
    // an effect that adds acts must not run again because of them
    untrack(() => (this.all = [...this.all, ...actions]));
    return () => (this.all = this.all.filter((one) => !actions.includes(one)));
  }

  get offered(): Action[] {
    return this.all.filter((action) => action.when?.() ?? true);
  }

  /** `singleKeys` off: a key without Ctrl or Alt does nothing outside of its own place (WCAG 2.1.4). */
  press(event: KeyboardEvent, { singleKeys = true }: { singleKeys?: boolean } = {}): boolean {
    if (event.defaultPrevented || event.isComposing) return false;
    const action = this.all.findLast(
      (one) =>
        one.keys &&
        !one.onlyKeys &&
        (isChord(event, one.keys) || (one.also !== undefined && isChord(event, one.also))) &&
        (one.when?.() ?? true),
    );
    if (!action?.keys) return false;
    const plain = action.keys.length === 1;
    if (plain && (!singleKeys || typing(event.target))) return false;
    event.preventDefault();
    action.run();
    return true;
  }
}
