// What stories do on the bench page, in the words of a person.
import { expect, type Locator, type Page } from '@playwright/test';

export function benchOn(page: Page) {
  const panel = page.locator('[data-region="right"]');
  const console_ = page.getByRole('group', { name: /^Console of / }).first();
  /** What the console shows, without its wrapping. */
  const shown = async () => (await page.locator('.xterm-rows').first().innerText()).replace(/\u00a0/g, ' ');
  return {
    panel,
    card: (name: string): Locator => page.getByRole('navigation', { name: 'Boards' }).getByRole('link', { name }),
    stop: () => page.getByRole('button', { name: /^Emergency stop/ }).last(),
    ask: () => panel.getByRole('button', { name: 'Ask for a turn' }),
    shown,
    expectShown: (text: string | RegExp, timeout = 15_000) =>
      expect.poll(shown, { timeout }).toMatch(text instanceof RegExp ? text : new RegExp(escape(text))),
    async type(text: string) {
      await console_.locator('.xterm-screen').click();
      await page.keyboard.type(text);
    },
    /** Shares the board of this browser; gives the address of its page. */
    async share(name: string): Promise<string> {
      await page.goto('/bench');
      await page
        .getByRole('button', { name: /^Share a board/ })
        .first()
        .click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Who may use it').selectOption({ label: 'Lab' });
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Choose the port and share' }).click();
      await expect(dialog).toBeHidden();
      await expect(page).toHaveURL(/\/bench\/.+/);
      return new URL(page.url()).pathname;
    },
    async startVirtual(name: string): Promise<string> {
      await page.goto('/bench?share=virtual');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Who may use it').selectOption({ label: 'Lab' });
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Start and share' }).click();
      await expect(dialog).toBeHidden({ timeout: 30_000 });
      await expect(page).toHaveURL(/\/bench\/.+/);
      return new URL(page.url()).pathname;
    },
    /** Asks for the turn and takes it when it is offered. */
    async drive() {
      await panel.getByRole('button', { name: 'Ask for a turn' }).click();
      const take = panel.getByRole('button', { name: /^Take the turn/ });
      const drives = panel.getByText(/^You drive/);
      await expect(take.or(drives)).toBeVisible();
      if (await take.isVisible()) await take.click();
      await expect(drives).toBeVisible();
    },
  };
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
