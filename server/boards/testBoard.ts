// A virtual board and what tests say to it: text out, text in, as a person or a tool at the other end of the line would.
import { expect, onTestFinished } from 'vitest';
import type { FlashFiles } from '#shared/board/flash.ts';
import { createWorld, type World } from '#shared/robot/world.ts';
import { openNodeBoard } from './nodeBoard.ts';

export const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

export function openTestBoard({ files, world }: { files?: FlashFiles; world?: World } = {}) {
  let heard = '';
  let broken: Error | null = null;
  const board = openNodeBoard({
    say: (bytes) => (heard += Buffer.from(bytes).toString('latin1')),
    failed: (error) => (broken = error),
    files: files ?? new Map(),
    world: world ?? createWorld(),
  });
  onTestFinished(() => board.close());

  const type = (text: string) => board.write(Buffer.from(text, 'latin1'));
  /** All up to and with `text`, which it takes away. */
  const until = async (text: string, ms = 15_000): Promise<string> => {
    const late = performance.now() + ms;
    while (!heard.includes(text)) {
      if (broken) throw broken;
      if (performance.now() > late)
        throw new Error(`waited for ${JSON.stringify(text)}, heard ${JSON.stringify(heard.slice(-400))}`);
      await pause(1);
    }
    const end = heard.indexOf(text) + text.length;
    const found = heard.slice(0, end);
    heard = heard.slice(end);
    return found;
  };
  const untilBusy = async () => {
    await expect.poll(() => board.isBusy(), { interval: 2, timeout: 5000 }).toBe(true);
  };
  return {
    board,
    type,
    until,
    untilBusy,
    heard: () => heard,
    prompt: () => until('>>> '),
    /** From the prompt into the raw REPL. */
    async raw() {
      await until('>>> ');
      await type('\x01');
      await until('raw REPL; CTRL-B to exit\r\n>');
    },
    /** A program in the raw REPL; its output. */
    async run(program: string): Promise<string> {
      await type(`${program}\x04`);
      const answer = await until('\x04>', 30_000);
      expect(answer).toMatch(/^OK[\s\S]*\x04\x04>$/);
      return answer.slice(2, -3).trim();
    },
  };
}
