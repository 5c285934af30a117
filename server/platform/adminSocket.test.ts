import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { adminSocketPath, askRunningServer, openAdminSocket } from './adminSocket.ts';

function folder(name = '') {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-admin-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true }));
  const dataDir = path.join(made, name);
  fs.mkdirSync(dataDir, { recursive: true });
  return dataDir;
}

async function open(dataDir: string) {
  const socket = await openAdminSocket({ dataDir });
  onTestFinished(() => socket.close());
  return socket;
}

const ask = (dataDir: string, command: string) => {
  const said: string[] = [];
  return askRunningServer({ dataDir, request: { command, options: {} }, say: (line) => said.push(line) }).then(
    (reply) => ({ reply, said }),
  );
};

test('what is asked is answered, with what was said on the way', async () => {
  const dataDir = folder();
  const socket = await open(dataDir);
  await expect(ask(dataDir, 'doctor')).rejects.toThrow('still starting');
  socket.answer(async ({ command }, say) => {
    if (command !== 'doctor') throw new Error(`There is no command ${command}.`);
    say('looking ...');
    return { fine: true };
  });
  expect(await ask(dataDir, 'doctor')).toEqual({ reply: { done: { fine: true } }, said: ['looking ...'] });
  await expect(ask(dataDir, 'dance')).rejects.toThrow('There is no command dance.');
});

test('nobody else may open it, and nobody answers when no server runs', async () => {
  const dataDir = folder();
  expect((await ask(dataDir, 'doctor')).reply).toBeNull();
  await open(dataDir);
  expect(fs.statSync(adminSocketPath(dataDir)).mode & 0o777).toBe(0o600);
});

test('a second server in one data folder is refused; what a killed one left behind is not in the way', async () => {
  const dataDir = folder();
  await open(dataDir);
  await expect(openAdminSocket({ dataDir })).rejects.toThrow(`Another LLMos server works in ${dataDir}`);
  const killed = folder();
  fs.writeFileSync(adminSocketPath(killed), '');
  await open(killed);
  expect(await ask(killed, 'doctor').catch((error: Error) => error.message)).toContain('still starting');
});

test('a data folder of any depth has a socket', async () => {
  const dataDir = folder('deep/'.repeat(40));
  const socket = await open(dataDir);
  socket.answer(async () => 'here');
  expect((await ask(dataDir, 'doctor')).reply).toEqual({ done: 'here' });
});
