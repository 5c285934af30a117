// What a story does in the chat of a person's page and on the page of a run.
import { expect, type Page } from '@playwright/test';

export function chatOn(page: Page) {
  const composer = page.getByRole('textbox', { name: 'Message to an agent' });
  const front = page.locator('.run-head .live, .ptop .live').first();
  return {
    page,
    composer,
    feed: page.getByRole('log').first(),
    approval: page.getByRole('region', { name: /^Approval/ }),
    steer: page.getByRole('textbox', { name: 'Steer the run' }),
    /** `team`: the conversation is shared with the team. */
    async say(words: string, { team = false } = {}) {
      await composer.waitFor();
      const who = page.getByRole('button', { name: 'Only me' });
      if (team && (await who.isVisible())) await who.click();
      await composer.fill(words);
      await composer.press('Escape');
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await expect(composer.or(page.getByRole('textbox', { name: 'Steer the run' })).first()).not.toHaveValue(words);
    },
    async expectStatus(status: 'Running' | 'Waits' | 'Done' | 'Failed' | 'Stopped', timeout = 30_000) {
      await expect(front).toHaveText(status, { timeout });
    },
    async newConversation() {
      await page.getByRole('button', { name: 'New conversation' }).click();
    },
    /** Opens the card of a tool. */
    tool: (name: string) => page.locator('.tool', { has: page.locator('code', { hasText: name }) }),
  };
}

/** The run that somebody started last, as the server knows it. */
export async function lastRun(api: (method: string, path: string) => Promise<any>): Promise<any> {
  const { runs } = await api('GET', '/runs?limit=1');
  return runs[0];
}
