// The bridge as a tool sees it: a terminal in /dev, opened, spoken to, closed and opened again.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { openBridge } from './bridge.ts';
import { openPty } from './pty.ts';
import { pause } from './testBoard.ts';

const hasPty = process.platform !== 'win32' && spawnSync('python3', ['-V']).status === 0;

/** What a tool does: open, speak the raw REPL, close. */
async function tool(device: string) {
  const file = await fs.promises.open(device, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  let heard = '';
  let open = true;
  const reading = (async () => {
    const buffer = Buffer.alloc(4096);
    while (open) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      heard += buffer.toString('latin1', 0, bytesRead);
    }
  })();
  const until = async (text: string) => {
    const late = performance.now() + 10_000;
    while (!heard.includes(text)) {
      if (performance.now() > late)
        throw new Error(`waited for ${JSON.stringify(text)}, heard ${JSON.stringify(heard)}`);
      await pause(2);
    }
    const end = heard.indexOf(text) + text.length;
    const found = heard.slice(0, end);
    heard = heard.slice(end);
    return found;
  };
  const type = (text: string) => file.write(Buffer.from(text, 'latin1'));
  return {
    type,
    until,
    async run(program: string) {
      await type('\x05A\x01');
      await until('R\x01\x80\x00\x01');
      for (let at = 0; at < program.length; at += 128) {
        await type(program.slice(at, at + 128));
        if (program.length >= at + 128) await until('\x01');
      }
      await type('\x04');
      return (await until('\x04>')).replaceAll('\x04', '').replace(/>$/, '');
    },
    async close() {
      open = false;
      await type('\x02\r'); // back to the prompt, and something to read
      await reading;
      await file.close();
    },
  };
}

test.runIf(hasPty)(
  '[VB10] tools come one after another to a board at a terminal, and its files are in the folder',
  async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-board-'));
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.writeFileSync(path.join(folder, 'given.txt'), 'from outside');
    const bridge = await openBridge({ folder, map: 'arena' });
    onTestFinished(() => bridge.close());

    const first = await tool(bridge.path);
    await first.type('\r\x03\x03\r\x01');
    await first.until('raw REPL; CTRL-B to exit\r\n>');
    expect(await first.run('print(open("given.txt").read())')).toBe('from outside\r\n');
    const long = `data=${JSON.stringify('0123456789'.repeat(400))}\nimport os\nos.mkdir("lib")\nwith open("lib/made.txt","w") as f: f.write(data)\nos.remove("given.txt")\nprint(len(data))`;
    expect(await first.run(long)).toMatch(/4000\r\n$/);
    await first.close();

    await expect.poll(() => fs.existsSync(path.join(folder, 'given.txt'))).toBe(false);
    expect(fs.readFileSync(path.join(folder, 'lib/made.txt'), 'utf8')).toBe('0123456789'.repeat(400));

    const second = await tool(bridge.path);
    await second.type('\r\x03\x03\r\x01');
    await second.until('raw REPL; CTRL-B to exit\r\n>');
    expect(await second.run('import robot\nprint(robot.pose())')).toContain("'x': 0");
    await second.close();
  },
  30_000,
);

test('[VB10] without a program that opens terminals one sentence says what to install', async () => {
  await expect(openPty({ heard: () => undefined, ended: () => undefined, only: [] })).rejects.toThrow(
    process.platform === 'win32' ? /WSL/ : /python3 or socat/,
  );
  await expect(openBridge({ map: 'moon' })).rejects.toThrow(
    'There is no map moon. There are: oval, maze, eight, arena.',
  );
});
