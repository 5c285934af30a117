// What a story does in the editor of a person's page, and what it sees there.
import { expect, type Locator, type Page } from '@playwright/test';

export type Writer = ReturnType<typeof writerOn>;

/** `side`: which of two editors beside each other. */
export function writerOn(page: Page, side = 0) {
  const content = page.locator('.cm-content').nth(side);
  return {
    page,
    content,
    /** The whole text as the editor holds it, what is outside of the screen too. */
    text: (): Promise<string> => content.evaluate(readText),
    type: (words: string) => page.keyboard.type(words, { delay: 5 }),
    /** Puts the caret at the end of the first line that holds these words. */
    async atEndOf(words: string) {
      await content.locator('.cm-line', { hasText: words }).first().click();
      await page.keyboard.press('End');
    },
    async atTheEnd() {
      await content.click();
      await page.keyboard.press('Control+End');
    },
    async expectText(words: string | RegExp, options: { timeout?: number } = {}) {
      await expect
        .poll(() => content.evaluate(readText), options)
        .toMatch(typeof words === 'string' ? new RegExp(escape(words)) : words);
    },
    async expectLight(name: 'here' | 'server' | 'commit', shape: string | RegExp, options: { timeout?: number } = {}) {
      await expect(page.locator(`[data-light="${name}"]`).first()).toHaveAttribute('data-shape', shape, options);
    },
    /** The caret of another person. */
    caretOf: (name: string): Locator => page.locator('.cm-others-carets .rc', { hasText: name }),
  };
}

const escape = (words: string) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Runs in the page: CodeMirror hangs its view on the content element. */
function readText(element: Element): string {
  const holder = element as unknown as { cmTile: { root: { view: { state: { doc: { toString: () => string } } } } } };
  return holder.cmTile.root.view.state.doc.toString();
}
