// Which words of a text another one does not have.
import { diffText } from '#shared/diff.ts';

export function markWords(before: string, after: string): { text: string; differs: boolean }[] {
  const parts: { text: string; differs: boolean }[] = [];
  const put = (text: string, differs: boolean) => {
    if (text) parts.push({ text, differs });
  };
  let at = 0;
  let shown = 0;
  for (const edit of diffText(before, after)) {
    const same = edit.at - at;
    put(after.slice(shown, shown + same), false);
    put(edit.insert, true);
    shown += same + edit.insert.length;
    at = edit.at + edit.remove;
  }
  put(after.slice(shown), false);
  return parts;
}
