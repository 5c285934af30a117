// The turns of one run on boards. A person who approved `take_board` saw which tools it may use, for how long and why: those calls are not
// asked about again while this very turn lasts. A turn that ended, was taken away or went to somebody else allows nothing any more.
import { toolNamed, type DeviceTool } from '#shared/toolNames.ts';
import type { RunBoard, RunBoards } from '../../devices/types.ts';
import type { Clock } from '../../platform/clock.ts';
import { coveredTools } from './deviceTable.ts';

type Allowance = { board: RunBoard; epoch: number; tools: Set<string>; until: number };

export type BoardTurns = ReturnType<typeof createBoardTurns>;

/** How long a call waits for a board that somebody else drives, ms. */
const patienceMs = 60_000;

export function createBoardTurns({ boards, clock }: { boards: RunBoards; clock: Clock }) {
  /** By what the model calls the board, so that it can be asked without waiting. */
  const opened = new Map<string, RunBoard>();
  /** Board id -> what a person allowed. */
  const allowed = new Map<string, Allowance>();

  const holds = ({ board, epoch, until }: Allowance): boolean =>
    clock.now() < until && board.lease()?.epoch === epoch && board.lease()?.state === 'granted';

  async function open(name: string): Promise<RunBoard> {
    const board = await boards.open(name);
    opened.set(name, board);
    return board;
  }

  return {
    open,

    /** Is it a virtual one? What has not been looked at yet is taken for a real one. */
    isVirtual: (name: unknown): boolean => opened.get(String(name))?.state().kind === 'virtual',

    covers(name: unknown, tool: DeviceTool): boolean {
      const board = opened.get(String(name));
      const allowance = board && allowed.get(board.id);
      return allowance !== undefined && allowance.tools.has(tool) && holds(allowance);
    },

    /** Waits for the turn, and notes what a person allowed in it. */
    async take({
      board,
      tools,
      minutes,
      waitMs,
      signal,
    }: {
      board: RunBoard;
      tools: readonly string[];
      minutes: number;
      waitMs: number;
      signal: AbortSignal;
    }): Promise<Date> {
      const { epoch } = await board.drive({ waitMs, signal });
      const until = clock.now() + minutes * 60_000;
      const coverable = new Set<string>(coveredTools);
      const named = tools.map(toolNamed).filter((tool) => coverable.has(tool));
      allowed.set(board.id, { board, epoch, tools: new Set(named), until });
      return new Date(until);
    },

    release(board: RunBoard): void {
      allowed.delete(board.id);
      board.release();
    },

    /** Acts while the run drives: in the turn that it has, or in one for this act alone. */
    async during<T>(board: RunBoard, signal: AbortSignal, act: () => Promise<T>, waitMs = patienceMs): Promise<T> {
      if (board.lease()?.state === 'granted') return act();
      await board.drive({ waitMs, signal });
      try {
        return await act();
      } finally {
        board.release();
      }
    },
  };
}
