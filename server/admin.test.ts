// `npm run admin` as an operator uses it: with a running server, without one, and to bring back what was.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const password = 'correct horse battery';

function world() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-admin-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  const env = { PATH: process.env['PATH']!, PORT: '0', DATA_DIR: path.join(directory, 'data'), INIT_CWD: directory };
  const admin = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['server/admin.ts', ...words], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    return { status, said: stdout.trim(), complained: stderr.trim() };
  };
  const start = async () => {
    const child = spawn(process.execPath, ['server/main.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((done) => child.once('exit', done));
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    onTestFinished(stop);
    let words = '';
    const address = await new Promise<string>((done, fail) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          words += chunk;
          const found = /LLMos is ready at (\S+)/.exec(words)?.[1];
          if (found) done(found);
        });
      child.once('exit', () => fail(new Error(words)));
    });
    const text = async (token: string, name: string) => {
      const answer = await fetch(`${address}/api/v1/volumes/team%2Flab/files/${name}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return { status: answer.status, text: await answer.text() };
    };
    const put = (token: string, name: string, body: string) =>
      fetch(`${address}/api/v1/volumes/team%2Flab/files/${name}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
        body,
      }).then(({ status }) => status);
    return { address, stop, text, put };
  };
  return { directory, dataDir: env.DATA_DIR, admin, start };
}

test('people, teams, tokens, import and export, with and without a running server', { timeout: 600_000 }, async () => {
  const { directory, admin, start } = world();
  expect(admin('create-user', '--login', 'ada', '--password', password, '--name', 'Ada').said).toBe(
    'Made the account ada, an administrator.',
  );

  const server = await start();
  expect(admin('create-user', '--login', 'ben', '--password', password).said).toBe('Made the account ben.');
  expect(admin('create-user', '--login', 'ben', '--password', password)).toMatchObject({
    status: 1,
    complained: expect.stringContaining('Choose another'),
  });
  expect(admin('create-team', '--slug', 'lab', '--name', 'Lab', '--owner', 'ada').status).toBe(0);
  expect(
    JSON.parse(admin('add-member', '--team', 'lab', '--login', 'ben', '--role', 'editor', '--json').said),
  ).toMatchObject({ role: 'editor' });
  const token = admin('create-token', '--login', 'ben', '--scopes', 'read,write', '--days', '1').said;
  expect(token).toMatch(/^llmos_\w+$/);
  expect(admin('create-token', '--login', 'ben', '--scopes', 'fly')).toMatchObject({
    status: 1,
    complained: expect.stringContaining('--scopes'),
  });
  expect(admin('add-member', '--team', 'lab').complained).toContain('--login is needed; --role');
  expect(admin('create-token', '--login', 'ben', '--scopes', 'fly', '--days').complained).toContain(
    '--days needs a value. It takes',
  );

  const folder = path.join(directory, 'notes');
  fs.mkdirSync(path.join(folder, 'deep'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'a.md'), '# A\n');
  fs.writeFileSync(path.join(folder, 'deep/b.md'), '# B\n');
  fs.writeFileSync(path.join(folder, 'aux.md'), 'a name that Windows keeps\n');
  expect(JSON.parse(admin('import', '--volume', 'team/lab', '--from', 'notes', '--json').said)).toMatchObject({
    files: 2,
    conflicts: 0,
    skipped: [{ path: 'aux.md' }],
  });
  expect(await server.text(token, 'deep/b.md')).toEqual({ status: 200, text: '# B\n' });
  expect(admin('export', '--volume', 'team/lab', '--to', 'lab.tar.gz').status).toBe(0);
  expect(
    spawnSync('tar', ['-xOzf', path.join(directory, 'lab.tar.gz'), 'deep/b.md'], { encoding: 'utf8' }).stdout,
  ).toBe('# B\n');
  expect(admin('export', '--volume', 'team/none', '--to', 'x.zip').complained).toContain(
    'There is no volume team/none.',
  );
  expect(admin('export', '--volume', 'team/lab', '--to', 'notes').complained).toContain('--to: is a folder');
  expect(admin('backup', '--to', 'nowhere/all.tar.gz').complained).toContain('names a folder that is not there');
  expect(admin('doctor').said).toContain('Everything that matters works.');
  expect(admin('fly').complained).toContain('There is no command fly.');
});

test(
  'what was backed up is there again after a restore, and what was there before the restore is kept',
  { timeout: 600_000 },
  async () => {
    const { dataDir, admin, start } = world();
    admin('create-user', '--login', 'ada', '--password', password);
    admin('create-team', '--slug', 'lab', '--owner', 'ada');
    const token = admin('create-token', '--login', 'ada').said;
    const before = await start();
    expect(await before.put(token, 'a.md', 'first\n')).toBe(201);
    expect(admin('backup', '--to', 'all.tar.gz').status).toBe(0);
    expect(await before.put(token, 'later.md', 'later\n')).toBe(201);
    expect(admin('restore', '--from', 'all.tar.gz')).toMatchObject({
      status: 1,
      complained: expect.stringContaining('Stop that one first'),
    });
    await before.stop();
    expect(admin('restore', '--from', 'none.tar.gz').complained).toMatch(/^There is no file .*none\.tar\.gz\.$/);

    const restored = JSON.parse(admin('restore', '--from', 'all.tar.gz', '--json').said) as { keptBefore: string };
    expect(fs.existsSync(restored.keptBefore)).toBe(true);
    const after = await start();
    expect(await after.text(token, 'a.md')).toEqual({ status: 200, text: 'first\n' });
    expect((await after.text(token, 'later.md')).status).toBe(404);
    expect(await after.put(token, 'again.md', 'again\n')).toBe(201);
    expect(admin('doctor').status).toBe(0);
    await after.stop();

    fs.writeFileSync(path.join(dataDir, 'restore-unfinished'), 'all.tar.gz\n');
    await expect(start()).rejects.toThrow('did not end. Run it again');
    expect(admin('restore', '--from', restored.keptBefore).status).toBe(0);
    const back = await start();
    expect(await back.text(token, 'later.md')).toEqual({ status: 200, text: 'later\n' });
  },
);
