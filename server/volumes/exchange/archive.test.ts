import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import * as fflate from 'fflate';
import tar from 'tar-stream';
import { expect, test } from 'vitest';
import { packTar, packZip, readArchive, type ArchiveFile } from './archive.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
async function* from(files: Record<string, string | Uint8Array>) {
  for (const [path, content] of Object.entries(files)) yield { path, content: Buffer.from(content) };
}
const zip = (files: Record<string, string | Uint8Array>) => buffer(packZip({ files: from(files), at }));
const tarGz = (files: Record<string, string | Uint8Array>) => buffer(packTar({ files: from(files), at }));
const asRecord = (files: ArchiveFile[]) =>
  Object.fromEntries(files.map(({ path, content }) => [path, content.toString('base64')]));

async function tarOf(headers: (Partial<tar.Header> & { name: string } & { content?: string })[], gzip = true) {
  const pack = tar.pack();
  for (const { content = '', ...header } of headers) pack.entry(header as tar.Header, content);
  pack.finalize();
  const bytes = await buffer(pack);
  return gzip ? zlib.gzipSync(bytes) : bytes;
}

const everyByte = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255));
const world: Record<string, string | Uint8Array> = {
  'README.md': '# Hello\r\n\r\nno newline at the end',
  'agents/ada.md': 'ä\n'.repeat(5000),
  '日本語/説明.md': 'はい',
  'empty.txt': '',
  'picture.png': everyByte,
  [`${'long/'.repeat(50)}name.md`]: 'x',
  [`${'n'.repeat(200)}.md`]: 'y',
};
const expected = Object.fromEntries(
  Object.entries(world).map(([path, content]) => [path, Buffer.from(content).toString('base64')]),
);

for (const [name, make] of [
  ['zip', zip],
  ['tar.gz', tarGz],
] as const) {
  test(`a ${name} round trip is byte-exact, and two of the same are equal`, async () => {
    const packed = await make(world);
    expect(asRecord(await readArchive({ bytes: packed }))).toEqual(expected);
    expect(packed.equals(await make(world))).toBe(true);
  });

  test(`[GI8] a ${name} with a way out, with .git in disguise or with control characters is refused`, async () => {
    for (const path of [
      '../evil.md',
      'a/../../evil',
      '/etc/passwd',
      'a\\..\\b',
      '.g\u200bit/config',
      'GIT~1/hooks/pre-commit',
      'a\nb',
      'c:evil',
      'con.md',
    ]) {
      await expect(readArchive({ bytes: await make({ 'fine.md': 'x', [path]: 'y' }) }), path).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('The archive holds'),
      });
    }
  });

  test(`a ${name} bomb, too many entries and too many bytes are refused before they fill the memory`, async () => {
    await expect(readArchive({ bytes: await make({ 'zeros.md': Buffer.alloc(30 * 2 ** 20) }) })).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('100 times'),
    });
    const limits = { entries: 3, bytes: 50_000, ratio: 100 };
    await expect(readArchive({ bytes: await make({ a: '1', b: '2', c: '3', d: '4' }), limits })).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('3 entries'),
    });
    await expect(readArchive({ bytes: await make({ a: everyByte }), limits })).rejects.toMatchObject({
      code: 'too-large',
    });
  });

  test(`a damaged ${name} is told so, at whatever byte`, async () => {
    const good = await make({
      'a.md': 'some words that repeat, some words that repeat\n'.repeat(20),
      'b.md': everyByte,
    });
    const whole = asRecord(await readArchive({ bytes: good }));
    for (let index = 0; index < good.length; index += Math.ceil(good.length / 150)) {
      const bad = Buffer.from(good);
      bad[index]! ^= 0x55;
      const result = await readArchive({ bytes: bad }).then(asRecord, (error) => error);
      if (result instanceof Error) expect(result, String(result.stack)).toMatchObject({ name: 'Problem' });
      else
        for (const [path, content] of Object.entries(result))
          if (whole[path]) expect(content, `${name} byte ${index}`).toBe(whole[path]);
    }
    await expect(readArchive({ bytes: good.subarray(0, good.length / 2) })).rejects.toMatchObject({ name: 'Problem' });
  });
}

test('other programs read our zip, and we theirs', async () => {
  const theirs = fflate.unzipSync(await zip(world));
  expect(
    Object.fromEntries(
      Object.entries(theirs).map(([path, content]) => [path, Buffer.from(content).toString('base64')]),
    ),
  ).toEqual(expected);
  const bytes = Buffer.from(
    fflate.zipSync(Object.fromEntries(Object.entries(world).map(([path, content]) => [path, Buffer.from(content)])), {
      level: 9,
    }),
  );
  expect(asRecord(await readArchive({ bytes }))).toEqual(expected);
});

test('[GI8] links and devices are refused', async () => {
  for (const type of ['symlink', 'link', 'character-device', 'fifo'] as const) {
    await expect(
      readArchive({ bytes: await tarOf([{ name: 'a.md', type, linkname: '/etc/passwd' }]) }),
      type,
    ).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('a link or device') });
  }
  const linked = await zip({ 'a.md': '/etc/passwd' });
  linked.writeUInt32LE((0o120777 << 16) >>> 0, linked.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 38);
  await expect(readArchive({ bytes: linked })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('a link or device'),
  });
});

test('an entry that lies about its size is refused without unpacking more than it said', async () => {
  const bytes = await zip({ 'a.md': Buffer.alloc(100_000, 'abc') });
  bytes.writeUInt32LE(10, bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
  await expect(readArchive({ bytes })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('damaged'),
  });
});

test('a plain tar, a tar with long names by PAX and GNU, and folders are read', async () => {
  const bytes = await tarOf(
    [
      { name: 'folder/', type: 'directory' },
      { name: './folder/a.md', content: 'a' },
      { name: `${'d/'.repeat(150)}x.md`, content: 'x' },
    ],
    false,
  );
  expect((await readArchive({ bytes })).map(({ path }) => path)).toEqual(['folder/a.md', `${'d/'.repeat(150)}x.md`]);
});

test('what systems add on their own is left out', async () => {
  const files = await readArchive({
    bytes: await zip({
      'a.md': 'a',
      '__MACOSX/._a.md': 'x',
      'b/.DS_Store': 'x',
      '.git/config': '[core]',
      'x/.git/hooks/post-checkout': 'rm -rf',
    }),
  });
  expect(files.map(({ path }) => path)).toEqual(['a.md']);
});

test('something else is no archive', async () => {
  for (const bytes of [
    Buffer.from(''),
    Buffer.from('hello'),
    Buffer.alloc(2000, 7),
    Buffer.from('PK'),
    Buffer.from('PK\x03\x04garbage'),
    zlib.gzipSync('not a tar at all'),
  ]) {
    await expect(readArchive({ bytes }), bytes.toString('latin1', 0, 9)).rejects.toMatchObject({
      name: 'Problem',
      code: 'invalid',
    });
  }
});
