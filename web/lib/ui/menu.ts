// What stands in a menu, as data, so that a menu, a context menu and the palette can show the same acts.
export type MenuEntry =
  | {
      label: string;
      icon?: unknown;
      keys?: string | undefined;
      kind?: 'danger';
      disabled?: boolean;
      checked?: boolean;
      note?: string;
      run?: () => void;
      href?: string;
      download?: boolean;
    }
  | { title: string }
  | 'line';
