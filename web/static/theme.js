// Runs before the first paint, so that nobody sees the wrong theme flash. web/lib/ui/theme.svelte.ts changes the choice later.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let choice = 'system';
  try {
    choice = localStorage.getItem('llmos.theme') || 'system';
  } catch {
    // Storage is refused: the system's theme it is.
  }
  const theme = choice === 'dark' || (choice === 'system' && dark.matches) ? 'dark' : 'light';
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', theme === 'dark' ? '#131416' : '#f6f6f4');
})();
