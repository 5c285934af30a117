// The person's theme. static/theme.js sets it before the first paint; this follows the system and changes the choice.
export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'llmos.theme';
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');

export function readThemeChoice(): ThemeChoice {
  try {
    const kept = localStorage.getItem(key);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

/** What is shown now. */
export const pageIsDark = (): boolean => document.documentElement.dataset['theme'] === 'dark';

function paint(choice: ThemeChoice): void {
  const theme = choice === 'system' ? (systemIsDark().matches ? 'dark' : 'light') : choice;
  if (document.documentElement.dataset['theme'] === theme) return;
  document.documentElement.dataset['theme'] = theme;
  const canvas = getComputedStyle(document.documentElement).getPropertyValue('--color-canvas');
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', canvas);
  window.dispatchEvent(new CustomEvent('themechange', { detail: theme }));
}

export function setThemeChoice(choice: ThemeChoice): void {
  try {
    localStorage.setItem(key, choice);
  } catch {
    // Not kept, but shown.
  }
  paint(choice);
}

/** Follows the system and other tabs. Editors that need hex colours read the tokens again on `themechange`. */
export function startTheme(): () => void {
  const follow = () => paint(readThemeChoice());
  const query = systemIsDark();
  query.addEventListener('change', follow);
  window.addEventListener('storage', follow);
  return () => {
    query.removeEventListener('change', follow);
    window.removeEventListener('storage', follow);
  };
}
