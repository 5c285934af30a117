// What a story does in the Python panel of a person's page.
import { expect, type Locator, type Page } from '@playwright/test';

export async function pythonOn(page: Page) {
  if (!(await page.getByRole('group', { name: 'Python' }).isVisible())) await page.keyboard.press('Control+j');
  const cells = page.locator('article.cell');
  await expect(cells.first()).toBeVisible();
  const seen = await collect(page);
  return {
    /** Writes a cell below the others and runs it. */
    async write(code: string): Promise<Locator> {
      const last = cells.last();
      const isEmpty =
        (
          await last
            .locator('.cm-content')
            .innerText()
            .catch(() => 'x')
        )
          .replace('Python', '')
          .trim() === '';
      if (!isEmpty) {
        const before = await cells.count();
        await page.getByRole('button', { name: 'New cell' }).click();
        await expect(cells).toHaveCount(before + 1);
      }
      const cell = cells.nth((await cells.count()) - 1);
      await cell.locator('.cm-content').click();
      await page.keyboard.insertText(code);
      await page.keyboard.press('Control+Enter');
      return cell;
    },
    cells,
    violations: () => Promise.resolve(seen),
  };
}

/** Everything that a policy refused in the page or in a frame of it. */
async function collect(page: Page): Promise<string[]> {
  const seen: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Permissions policy violation/i.test(message.text())) seen.push(message.text());
  });
  return seen;
}
