// The renderer of the preview, for words of a model: it comes after the first words, which stand as they are until then.
import type { Paint } from '#lib/runs/showWords.ts';

export function loadPaint(volume: () => string): { readonly paint: Paint | null } {
  let paint = $state.raw<Paint | null>(null);
  void Promise.all([import('#lib/editor/renderMarkdown.ts'), import('#lib/editor/putFragment.ts')]).then(
    ([{ renderMarkdown }, { putFragment }]) => {
      paint = (element, text) => putFragment(element, renderMarkdown(text, { volume: volume(), path: '' }));
    },
    () => {}, // the words stay as they came
  );
  return {
    get paint() {
      return paint;
    },
  };
}
