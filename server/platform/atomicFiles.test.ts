import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAtomicFiles } from './atomicFiles.ts';

test('[GI6] a file that could not be written whole is not there, and in nobody’s way', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-atomic-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  fs.mkdirSync(path.join(directory, 'tmp'));
  const full = () =>
    (function* () {
      yield Buffer.from('half');
      throw new Error('no space left');
    })() as unknown as Uint8Array[];
  const [lock, text] = [path.join(directory, 'lock'), path.join(directory, 'text')];

  const files = openAtomicFiles({ directory });
  await expect(files.writeNew(lock, full())).rejects.toThrow('no space left');
  await files.writeNew(lock, 'mine');
  await expect(files.writeNew(lock, 'another’s')).rejects.toThrow('EEXIST');
  expect(fs.readFileSync(lock, 'utf8')).toBe('mine');

  await expect(files.writeWave([{ target: text, data: full }])).rejects.toThrow('no space left');
  expect(fs.readdirSync(files.temporary)).toEqual([]);
  await openAtomicFiles({ directory }).writeWhole(text, 'whole');
  expect(fs.readFileSync(text, 'utf8')).toBe('whole');
});
