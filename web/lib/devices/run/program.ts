// A program that a person wants to run on a board: from the editor on its way to the board's page, and as a job of that board.
import { readKept, writeKept, type Storage } from '#lib/workspace/layout.svelte.ts';
import type { NewJob } from '../deviceView.svelte.ts';

export type Program = { board: string; volume: string; path: string; code: string };

/** What a job may carry. */
const mostCode = 200_000;
const mostName = 200;

/** From the text on, as if it were typed into a board that was just started. Throws a sentence where it cannot be sent. */
export function programJob({ path, code }: { path: string; code: string }): NewJob {
  if (code.length > mostCode)
    throw new Error(`${path} is too large to be run like this: bring it to the board, and run it there.`);
  return { kind: 'exec', code, timeoutMs: 0, name: path.slice(-mostName), fresh: true };
}

// ---- on its way to the page of the board: for a moment, so that nothing starts by itself when somebody looks at the board later
const patience = 60_000;
let sent: { program: Program; at: number } | null = null;

export function sendProgram(program: Program): void {
  sent = { program, at: Date.now() };
}
export function takeProgram(board: string): Program | null {
  if (sent?.program.board !== board) return null;
  const { program, at } = sent;
  sent = null;
  return Date.now() - at < patience ? program : null;
}

// ---- the board that this person used last in this browser
const lastKey = (login: string) => `llmos.board.last.${login}`;
export const lastBoard = (storage: Storage, login: string): string | null => readKept<string>(storage, lastKey(login));
export const keepLastBoard = (storage: Storage, login: string, id: string): void =>
  writeKept(storage, lastKey(login), id);
