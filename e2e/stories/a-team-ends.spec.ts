// A team is deleted by its owner and put back by an administrator; an invitation to the server is made and taken back.
import { expect, test } from '../people.ts';

test('a team is deleted by typing its name, put back by an administrator, and nothing of it is missing', async ({
  ada,
}) => {
  const { page } = ada;
  await ada.api('POST', '/teams', { slug: 'old', name: 'Old team' });
  await ada.api('PUT', '/volumes/team%2Fold/files/kept.md', 'kept\n');
  await page.goto('/settings/teams/old');
  await page.getByRole('button', { name: 'Delete the team' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete Old team?' });
  const act = dialog.getByRole('button', { name: 'Delete Old team' });
  await expect(act).toBeDisabled();
  await dialog.getByLabel('Type old to go on').fill('old');
  await act.click();
  await expect(page.getByText('Old team is deleted.')).toBeVisible();
  await expect(ada.api('GET', '/teams/old')).rejects.toThrow('404');

  await page.goto('/settings/server');
  await page.getByRole('button', { name: 'Put back Old team' }).click();
  await expect(page.getByText('Old team is back')).toBeVisible();
  await ada.open('team/old', 'kept.md');
  await expect(page.locator('.cm-content')).toContainText('kept');

  await page.goto('/settings/server');
  await page.getByRole('button', { name: 'Make an invitation link' }).click();
  const link = await page.getByLabel(/^An invitation to this server/).inputValue();
  const offer = () => ada.api('GET', `/invitations/${link.split('/').pop()}`);
  expect(await offer()).toMatchObject({ team: null });
  await page
    .getByRole('list', { name: 'Invitations that still work' })
    .getByRole('button', { name: 'Take back' })
    .click();
  await expect(page.getByRole('list', { name: 'Invitations that still work' })).toHaveCount(0);
  await expect(offer()).rejects.toThrow('404');
});
