// Open files in one or two groups side by side. Knows ids and paths only; what a tab shows is the view's matter.

export type Tab = { fileId: string; /** Last known; the tree has the newest. */ path: string };
export type Group = { tabs: Tab[]; active: string | null };
export type KeptTabs = { groups: { tabs: Tab[]; active: string | null }[]; current: number };

export class Tabs {
  groups = $state<Group[]>([{ tabs: [], active: null }]);
  /** The group that has the focus: 0 or 1. */
  current = $state(0);

  get group(): Group {
    return this.groups[this.current] ?? this.groups[0]!;
  }

  get active(): string | null {
    return this.group.active;
  }

  get isSplit(): boolean {
    return this.groups.length === 2;
  }

  /** Shows a file: where it is open already, else as a new tab beside the active one. */
  open(tab: Tab, into?: number): void {
    const holds = (group: Group | undefined) => group?.tabs.some((one) => one.fileId === tab.fileId) ?? false;
    let at = into ?? this.current;
    if (into === undefined && !holds(this.groups[at]) && this.isSplit && holds(this.groups[1 - at])) at = 1 - at;
    if (at >= this.groups.length) {
      this.groups.push({ tabs: [], active: null });
      at = this.groups.length - 1;
    }
    const group = this.groups[at]!;
    if (!holds(group)) {
      const after = group.tabs.findIndex((one) => one.fileId === group.active);
      group.tabs.splice(after + 1, 0, { ...tab });
    }
    group.active = tab.fileId;
    this.current = at;
  }

  /** Closes a tab; its right neighbour, else its left one, comes forward. An empty second group goes. */
  close(fileId: string, at: number = this.current): void {
    const group = this.groups[at];
    const index = group?.tabs.findIndex((tab) => tab.fileId === fileId) ?? -1;
    if (!group || index < 0) return;
    group.tabs.splice(index, 1);
    if (group.active === fileId) group.active = (group.tabs[index] ?? group.tabs[index - 1])?.fileId ?? null;
    this.#dropEmpty();
  }

  /** Closes a file wherever it is open. */
  closeEverywhere(fileId: string): void {
    for (let at = this.groups.length - 1; at >= 0; at--) this.close(fileId, at);
  }

  closeOthers(fileId: string, at: number): void {
    const group = this.groups[at];
    if (!group) return;
    group.tabs = group.tabs.filter((tab) => tab.fileId === fileId);
    group.active = group.tabs[0]?.fileId ?? null;
  }

  /** Puts a tab before position `index` of a group, which may be a new second one. */
  move(fileId: string, from: number, to: number, index: number): void {
    const source = this.groups[from];
    const tab = source?.tabs.find((one) => one.fileId === fileId);
    if (!source || !tab || to > 1) return;
    if (to >= this.groups.length) this.groups.push({ tabs: [], active: null });
    const at = to >= this.groups.length ? this.groups.length - 1 : to;
    const target = this.groups[at]!;
    const old = source.tabs.indexOf(tab);
    source.tabs.splice(old, 1);
    if (source.active === fileId && source !== target)
      source.active = (source.tabs[old] ?? source.tabs[old - 1])?.fileId ?? null;
    const present = target.tabs.findIndex((one) => one.fileId === fileId);
    if (present >= 0) target.tabs.splice(present, 1);
    const place = source === target && old < index ? index - 1 : index;
    target.tabs.splice(Math.min(place, target.tabs.length), 0, tab);
    target.active = fileId;
    this.current = at;
    this.#dropEmpty();
  }

  /** The active file beside itself, or in the other group if there are two. */
  split(): void {
    const tab = this.group.tabs.find((one) => one.fileId === this.active);
    if (tab) this.open(tab, this.isSplit ? 1 - this.current : 1);
  }

  /** The next or previous tab, going round. */
  step(by: 1 | -1): void {
    const { tabs, active } = this.group;
    if (tabs.length === 0) return;
    const at = tabs.findIndex((tab) => tab.fileId === active);
    this.group.active = tabs[(at + by + tabs.length) % tabs.length]!.fileId;
  }

  renamed(fileId: string, path: string): void {
    for (const group of this.groups) for (const tab of group.tabs) if (tab.fileId === fileId) tab.path = path;
  }

  keep(): KeptTabs {
    return $state.snapshot({ groups: this.groups, current: this.current });
  }

  /** What was open last time, as far as it is still there. */
  restore(kept: KeptTabs | null, pathOf: (fileId: string) => string | null): void {
    const groups = (kept?.groups ?? [])
      .slice(0, 2)
      .map((group) => {
        const tabs = group.tabs.flatMap(({ fileId }) => {
          const path = pathOf(fileId);
          return path === null ? [] : [{ fileId, path }];
        });
        return {
          tabs,
          active: tabs.some((tab) => tab.fileId === group.active) ? group.active : (tabs[0]?.fileId ?? null),
        };
      })
      .filter((group, at) => at === 0 || group.tabs.length > 0);
    this.groups = groups.length > 0 ? groups : [{ tabs: [], active: null }];
    this.current = Math.min(kept?.current ?? 0, this.groups.length - 1);
    this.#dropEmpty();
  }

  #dropEmpty(): void {
    if (this.groups.length < 2) return;
    const left = this.groups.filter((group) => group.tabs.length > 0);
    if (left.length === 2) return;
    const keep = this.group.tabs.length > 0 ? this.group : left[0];
    this.groups = keep ? [keep] : [{ tabs: [], active: null }];
    this.current = 0;
  }
}
