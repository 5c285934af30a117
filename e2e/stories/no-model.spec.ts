// A server without a model: it says plainly what to do, and everything else works.
import { AxeBuilder } from '@axe-core/playwright';
import { chatOn } from '../chatPanel.ts';
import { expect, test } from '../people.ts';

test('without a provider the chat says what is missing and where to set it up; what was written stays', async ({
  ada,
}) => {
  await ada.open('team/lab', 'README.md');
  const a = chatOn(ada.page);
  await expect(ada.page.getByRole('link', { name: 'Set up a model' })).toBeVisible();
  await a.composer.fill('Summarise the notes');
  await ada.page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(ada.page.getByText(/model/i).first()).toBeVisible();
  await expect(a.composer.or(a.feed.getByText('Summarise the notes')).first()).toBeVisible();
  expect(
    (await new AxeBuilder({ page: ada.page }).analyze()).violations.map(({ id, nodes }) => [id, nodes[0]!.html]),
  ).toEqual([]);
  await ada.page.getByRole('link', { name: 'Set up a model' }).first().click();
  await expect(ada.page).toHaveURL(/\/settings\//);
});

test('a reader sees the chat, and no way to start anything in it', async ({ vera }) => {
  await vera.open('team/lab', 'README.md');
  await expect(vera.page.getByText('You can read what agents do here.')).toBeVisible();
  await expect(chatOn(vera.page).composer).toHaveCount(0);
  await expect(vera.page.getByRole('button', { name: 'Run this agent' })).toHaveCount(0);
});

test('the composer offers agents, skills and files, by keyboard alone', async ({ ada }) => {
  await ada.open('team/lab', 'README.md');
  const { composer } = chatOn(ada.page);
  await ada.page.keyboard.press('Alt+a');
  await expect(composer).toBeFocused();
  await ada.page.keyboard.type('/weekly');
  const choices = ada.page.getByRole('listbox', { name: 'Choices' });
  await expect(choices.getByRole('option').first()).toContainText('weekly-summary');
  await ada.page.keyboard.press('Enter');
  await expect(composer).toHaveValue('/weekly-summary ');
  await ada.page.keyboard.type('of @first');
  await expect(choices.getByRole('option', { selected: true })).toContainText('first-week.md');
  await ada.page.keyboard.press('Tab');
  await expect(composer).toHaveValue('/weekly-summary of @notes/first-week.md ');
  await ada.page.keyboard.type('@NoteK');
  await ada.page.keyboard.press('Tab');
  await expect(composer).toHaveValue('/weekly-summary of @notes/first-week.md @NoteKeeper ');
  await ada.page.keyboard.type('--fast');
  await ada.page.keyboard.press('Escape');
  await expect(ada.page.getByText('There is no --fast.')).toBeVisible();
  await expect(ada.page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
});
