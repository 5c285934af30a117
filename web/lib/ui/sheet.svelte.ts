// What floats (menus, popovers, dialogs) brings a library along that no first screen needs. So only what opens them is there from
// the start; they are fetched when somebody comes near one, or when the browser has nothing else to do.
import { getToasts } from './toasts.svelte.ts';
import { typeAhead } from './typedAhead.ts';

export class Sheet<Part> {
  part = $state.raw<Part | null>(null);
  readonly #load: () => Promise<{ default: Part }>;
  readonly #failed: (error: unknown) => void;

  /** While a component is made: it needs the toasts of the page. */
  constructor(load: () => Promise<{ default: Part }>) {
    const toasts = getToasts();
    this.#load = load;
    this.#failed = (error) => toasts.fail(error);
  }

  /** Somebody may want it soon; that it did not come is said when they do. */
  readonly near = (): void => {
    void this.#fetch().catch(() => {});
  };

  /** It is wanted, and takes the keys from now on. False: it did not come, and the person was told; or they left with Esc. */
  async come(): Promise<boolean> {
    if (this.part) return true;
    const keys = typeAhead();
    const before = document.activeElement;
    try {
      await this.#fetch();
    } catch (error) {
      keys.drop();
      this.#failed(error);
      return false;
    }
    if (keys.cancelled) return false;
    void keys.giveTo(() => {
      const now = document.activeElement;
      return now !== before && now?.closest('#floating') ? now : null;
    });
    return true;
  }

  async #fetch(): Promise<void> {
    this.part ??= (await this.#load()).default;
  }
}

/** All of them, ahead of need: then they open at once, and without a network too. */
export const fetchSheets = (): Promise<unknown> =>
  Promise.all([
    import('./MenuSheet.svelte'),
    import('./PopoverSheet.svelte'),
    import('./DialogSheet.svelte'),
    import('./AlertSheet.svelte'),
  ]);
