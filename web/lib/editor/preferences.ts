// How a person likes the editor, in this browser.
const key = (name: string) => `llmos.editor.${name}`;

export function readPreference(name: string, usual: boolean): boolean {
  try {
    const kept = localStorage.getItem(key(name));
    return kept === null ? usual : kept === 'yes';
  } catch {
    return usual;
  }
}

export function writePreference(name: string, value: boolean): void {
  try {
    localStorage.setItem(key(name), value ? 'yes' : 'no');
  } catch {
    // refused or full: the usual comes back next time
  }
}
