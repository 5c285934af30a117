// What just happened, with its undo. A toast stays 20 s, longer while somebody points at it or has the focus in it.
import { createContext } from 'svelte';

export type Toast = {
  text: string;
  kind?: 'plain' | 'ok' | 'danger';
  icon?: unknown;
  /** What the button says and does; the toast goes. */
  act?: { label: string; run: () => void } | undefined;
  /** Under way: 0 to 1. It stays until it is closed or changed. */
  progress?: number | null;
};
export type ShownToast = Toast & { id: number };

type Clock = { start: (after: number, run: () => void) => () => void };
const browserClock: Clock = {
  start: (after, run) => {
    const timer = setTimeout(run, after);
    return () => clearTimeout(timer);
  },
};

export const toastSeconds = 20;

export class Toasts {
  shown = $state.raw<ShownToast[]>([]);
  #timers = new Map<number, () => void>();
  #next = 1;
  #paused = false;
  readonly #clock: Clock;

  constructor(clock: Clock = browserClock) {
    this.#clock = clock;
  }

  show(toast: Toast): { change: (to: Toast) => void; close: () => void } {
    const id = this.#next++;
    this.shown = [...this.shown.slice(-4), { ...toast, id }];
    this.#arm(id, toast);
    return {
      change: (to) => {
        this.shown = this.shown.map((one) => (one.id === id ? { ...to, id } : one));
        this.#arm(id, to);
      },
      close: () => this.close(id),
    };
  }

  /** A failure in its own words. */
  fail(error: unknown): void {
    this.show({ kind: 'danger', text: error instanceof Error ? error.message : String(error) });
  }

  close(id: number): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  pause(): void {
    this.#paused = true;
    for (const stop of this.#timers.values()) stop();
    this.#timers.clear();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const toast of this.shown) this.#arm(toast.id, toast);
  }

  #arm(id: number, toast: Toast): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    if (this.#paused || toast.progress !== undefined) return;
    this.#timers.set(
      id,
      this.#clock.start(toastSeconds * 1000, () => this.close(id)),
    );
  }
}

export const [getToasts, setToasts] = createContext<Toasts>();
