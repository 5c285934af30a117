// The virtual board: `node bench/board.ts [rounds]`. From power to the prompt, Ctrl-C in a tight loop and in a sleep, a hard reset, how
// fast Python is, and how fast the line. In a thread of Node; a browser adds the frame (docs/DEVICES.md). Asserts nothing.
import { openNodeBoard } from '../server/boards/nodeBoard.ts';

const rounds = Number(process.argv[2] ?? 10);
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

function open() {
  let heard = '';
  const board = openNodeBoard({
    say: (bytes) => (heard += Buffer.from(bytes).toString('latin1')),
    failed: (error) => {
      throw error;
    },
  });
  return {
    board,
    type: (text: string) => board.write(Buffer.from(text, 'latin1')),
    async until(text: string) {
      while (!heard.includes(text)) await pause(1);
      const found = heard;
      heard = '';
      return found;
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const rows: [string, number[]][] = [];
const measure = async (what: string, count: number, work: () => Promise<number>) => {
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(await work());
  rows.push([what, values.sort((a, b) => a - b)]);
};

await measure('power to the prompt, ms (the first also rewrites and compiles)', rounds, async () => {
  const one = open();
  const ms = await timed(() => one.until('>>> '));
  await one.board.close();
  return ms;
});
const { board, type, until } = open();
await until('>>> ');
await type('\x01');
await until('exit\r\n>');
for (const [what, program] of [
  ['Ctrl-C in `while True: pass`, ms', 'while True: pass'],
  ['Ctrl-C in `time.sleep(30)`, ms', 'import time\ntime.sleep(30)'],
] as const)
  await measure(what, rounds * 2, async () => {
    await type(`${program}\x04`);
    await until('OK');
    await pause(30);
    return timed(async () => {
      await type('\x03');
      await until('\x04>');
    });
  });
await measure('a million rounds of `x+=i`, ms', 3, () =>
  timed(async () => {
    await type('x=0\nfor i in range(1000000): x+=i\n\x04');
    await until('\x04>');
  }),
);
await measure('400 kB said, kB/s', 3, async () => {
  const ms = await timed(async () => {
    await type('for i in range(2000): print("x"*198)\n\x04');
    await until('\x04>');
  });
  return 400_000 / ms;
});
await measure('hard reset to the prompt, ms', rounds, () =>
  timed(async () => {
    await board.hardReset();
    await until('>>> ');
  }),
);
await board.close();

console.log('| what | least | median | most |\n|---|---|---|---|');
for (const [what, values] of rows) {
  const figures = [values[0]!, values[Math.floor(values.length / 2)]!, values.at(-1)!];
  console.log(`| ${what} | ${figures.map((value) => value.toFixed(1)).join(' | ')} |`);
}
