// The server is killed again and again while two people type. Nothing that somebody saw is missing, nothing is there twice, every
// letter ends in a version of who typed it, and git is sound.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '../people.ts';
import { writerOn } from '../writer.ts';

test('[SY2] [GI6] killed three times while both type: each word is there, once, and credited', async ({
  ada,
  ben,
  world,
}) => {
  test.setTimeout(180_000);
  await ada.api('PUT', '/volumes/team%2Flab/files/kills.md', 'Ada:\n\nBen:\n');
  await ada.open('team/lab', 'kills.md');
  await ben.open('team/lab', 'kills.md');
  const [a, b] = [writerOn(ada.page), writerOn(ben.page)];
  for (const writer of [a, b]) await writer.expectLight('server', 'done');
  await a.atEndOf('Ada:');
  await b.atEndOf('Ben:');

  let [saidByAda, saidByBen] = ['Ada:', 'Ben:'];
  for (let round = 1; round <= 3; round++) {
    const words = (who: string) => Array.from({ length: 12 }, (_, i) => ` ${who}${round}x${i}`).join('');
    const typing = Promise.all([a.type(words('a')), b.type(words('b'))]);
    await ada.page.waitForTimeout(100 + round * 150);
    await world.kill();
    await typing;
    saidByAda += words('a');
    saidByBen += words('b');
    await world.start();
    for (const writer of [a, b]) await writer.expectLight('server', 'done', { timeout: 30_000 });
  }
  const whole = `${saidByAda}\n\n${saidByBen}\n`;
  for (const writer of [a, b]) await expect.poll(() => writer.text(), { timeout: 20_000 }).toBe(whole);
  expect(await ada.api('GET', '/volumes/team%2Flab/files/kills.md')).toBe(whole);

  const { runs } = await ada.api('GET', '/volumes/team%2Flab/blame/kills.md');
  const lines = runs.flatMap((run: { lines: number; author: { login: string } }) =>
    Array(run.lines).fill(run.author.login),
  );
  expect([lines[0], lines[2]]).toEqual(['ada', 'ben']);

  const volumes = path.join(world.dataDir, 'volumes');
  for (const repository of fs.readdirSync(volumes).filter((name) => name.endsWith('.git'))) {
    execFileSync('git', ['--git-dir', path.join(volumes, repository), 'fsck', '--full', '--strict'], { stdio: 'pipe' });
  }
});
