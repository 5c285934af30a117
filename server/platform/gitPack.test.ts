import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openAtomicFiles } from './atomicFiles.ts';
import { objectHeader, readTreeObject, writeCommitObject, writeTreeObject, type Tree } from './gitObjects.ts';
import { encodePack, type PackedObject } from './gitPack.ts';
import { openNewObjects } from './newObjects.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-pack-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const git = (args: string[], input?: Uint8Array) =>
  execFileSync('git', args, { cwd: root, input, encoding: 'buffer', stdio: ['pipe', 'pipe', 'pipe'] });

const named = (type: PackedObject['type'], data: Uint8Array): PackedObject => ({
  oid: crypto.createHash('sha1').update(objectHeader(type, data)).update(data).digest('hex'),
  type,
  data,
});

test('git reads our packs, and makes the same index of them', async () => {
  const sizes = [0, 1, 15, 16, 17, 2047, 2048, 2049, 262_143, 262_144, 300_000];
  const objects = [
    ...sizes.map((size) => named('blob', crypto.randomBytes(size))),
    ...Array.from({ length: 300 }, (_, i) => named('blob', Buffer.from(`text ${i}\n`))),
  ];
  let pauses = 0;
  const pause = async () => void pauses++;
  const { name, pack, index } = await encodePack({ objects, pause });
  expect(pauses).toBe(3);
  const file = path.join(root, `pack-${name}.pack`);
  fs.writeFileSync(file, Buffer.concat(pack));
  expect(git(['index-pack', '--strict', '-o', path.join(root, 'theirs.idx'), file]).toString()).toContain(name);
  expect(fs.readFileSync(path.join(root, 'theirs.idx')).equals(index)).toBe(true);
});

test('trees and commits are what git would write', () => {
  git(['init', '-q', '--bare', 'repo']);
  const inRepo = (args: string[], input: string) =>
    git(['--git-dir', 'repo', ...args], Buffer.from(input))
      .toString()
      .trim();
  const blob = inRepo(['hash-object', '-w', '--stdin'], 'x\n');
  const empty = inRepo(['mktree'], '');
  // a folder sorts as if it ended with a slash: a-b, a.b, a/, a0
  const names = ['a0', 'a', 'a.b', 'a-b', 'ä', 'z', 'B'];
  const tree: Tree = new Map(
    names.map((path) => {
      const isFolder = path === 'a';
      const mode = isFolder ? '040000' : path === 'z' ? '100755' : '100644';
      return [path, { path, mode, oid: isFolder ? empty : blob, type: isFolder ? 'tree' : 'blob' }];
    }),
  );
  const lines = [...tree.values()].map(({ mode, type, oid, path }) => `${mode} ${type} ${oid}\t${path}`);
  const bytes = writeTreeObject(tree);
  const oid = named('tree', bytes).oid;
  expect(oid).toBe(inRepo(['mktree'], lines.join('\n') + '\n'));
  expect(new Map([...readTreeObject(bytes)].toSorted())).toEqual(new Map([...tree].toSorted()));
  const author = { name: 'Ann É', email: 'ann@x', at: 1_700_000_000_999 };
  const commit = writeCommitObject({ tree: oid, parents: [], author, message: 'Subject\n\nBody\n' });
  const written = inRepo(['hash-object', '-t', 'commit', '-w', '--stdin'], commit.toString()); // git checks what it writes
  expect(named('commit', commit).oid).toBe(written);
  expect(inRepo(['log', '-1', '--format=%an %at %B', written], '')).toBe('Ann É 1700000000 Subject\n\nBody');
});

test('many objects become one pack, few become files of their own', async () => {
  const gitdir = path.join(root, 'repo');
  fs.mkdirSync(path.join(gitdir, 'tmp'), { recursive: true });
  const objects = openNewObjects({ gitdir, files: openAtomicFiles({ directory: gitdir, fsync: false }) });
  const few = Array.from({ length: 200 }, (_, i) => objects.add('blob', Buffer.from(`few ${i}`)));
  expect(objects.find(few[0]!)?.type).toBe('blob');
  expect(await objects.flush()).toBe(200);
  expect(objects.find(few[0]!)).toBeNull();
  const many = Array.from({ length: 201 }, (_, i) => objects.add('blob', Buffer.from(`many ${i}`)));
  expect(await objects.flush()).toBe(0);
  expect(
    fs
      .readdirSync(path.join(gitdir, 'objects/pack'))
      .map((name) => path.extname(name))
      .sort(),
  ).toEqual(['.idx', '.pack']);
  for (const oid of [...few, ...many])
    expect(git(['--git-dir', 'repo', 'cat-file', '-t', oid]).toString()).toBe('blob\n');
});
