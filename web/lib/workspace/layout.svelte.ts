// How a person arranged the window: widths, what is open. Remembered in this browser, for each person.

export type Storage = { getItem: (key: string) => string | null; setItem: (key: string, value: string) => void };

export const limits = {
  side: { least: 180, most: 420, usual: 228 },
  right: { least: 300, most: 560, usual: 376 },
  /** Heights. */
  bottom: { least: 140, most: 720, usual: 300 },
} as const;

const usual = {
  sideWidth: limits.side.usual as number,
  rightWidth: limits.right.usual as number,
  /** Side panels of other places, and the preview of what a restore or revert changes. */
  inboxWidth: 288,
  timelineWidth: 304,
  previewWidth: 348,
  sideOpen: true,
  rightOpen: true,
  bottomHeight: limits.bottom.usual as number,
  bottomOpen: false,
  /** Percent of the left group. */
  splitShare: 50,
  /** Keys without Ctrl or Alt, such as `?`. */
  singleKeys: true,
};
type Kept = typeof usual;

export const readKept = <T>(storage: Storage, key: string): T | null => {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
};
export function writeKept(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or refused: the window is arranged anew next time.
  }
}

const clamp = (value: number, { least, most }: { least: number; most: number }) =>
  Math.min(most, Math.max(least, Math.round(value)));

export class Layout {
  /** Where the right panel covers the text it is open only when somebody asked, and not remembered. */
  rightOver = $state(false);
  #kept = $state<Kept>({ ...usual });
  readonly #storage: Storage;
  readonly #key: string;

  constructor(storage: Storage, login: string) {
    this.#storage = storage;
    this.#key = `llmos.layout.${login}`;
    const kept = readKept<Partial<Kept>>(storage, this.#key);
    for (const name of Object.keys(usual) as (keyof Kept)[]) {
      const value = kept?.[name];
      if (typeof value === typeof usual[name]) Object.assign(this.#kept, { [name]: value });
    }
  }

  get sideWidth(): number {
    return clamp(this.#kept.sideWidth, limits.side);
  }
  get rightWidth(): number {
    return clamp(this.#kept.rightWidth, limits.right);
  }
  get inboxWidth(): number {
    return clamp(this.#kept.inboxWidth, limits.side);
  }
  get timelineWidth(): number {
    return clamp(this.#kept.timelineWidth, limits.side);
  }
  get previewWidth(): number {
    return clamp(this.#kept.previewWidth, limits.right);
  }
  get bottomHeight(): number {
    return clamp(this.#kept.bottomHeight, limits.bottom);
  }
  get bottomOpen(): boolean {
    return this.#kept.bottomOpen;
  }
  get sideOpen(): boolean {
    return this.#kept.sideOpen;
  }
  get rightOpen(): boolean {
    return this.#kept.rightOpen;
  }
  get splitShare(): number {
    return clamp(this.#kept.splitShare, { least: 15, most: 85 });
  }
  get singleKeys(): boolean {
    return this.#kept.singleKeys;
  }

  showRight(): void {
    this.rightOver = true;
    if (!this.rightOpen) this.change({ rightOpen: true });
  }
  toggleRight(covers: boolean): void {
    if (covers) this.rightOver = !this.rightOver;
    else this.change({ rightOpen: !this.rightOpen });
  }

  change(to: Partial<Kept>): void {
    Object.assign(this.#kept, to);
    writeKept(this.#storage, this.#key, $state.snapshot(this.#kept));
  }
}
