// A program that waits for its turn on a board, runs there, and says how that ended. It starts once, under a turn of this person, and
// never by itself after a stop.
import { driverName } from '../boardWords.ts';
import type { DeviceView } from '../deviceView.svelte.ts';
import type { BoardTools } from '../tools/boardTools.svelte.ts';
import { programJob, type Program } from './program.ts';

export class ProgramRun {
  readonly program: Program;
  phase = $state<'waiting' | 'running' | 'failed' | 'over'>('waiting');
  /** Why it failed, or was not run. */
  why = $state('');
  readonly #view: DeviceView;
  readonly #tools: BoardTools;
  #asked = false;

  constructor({ program, view, tools }: { program: Program; view: DeviceView; tools: BoardTools }) {
    this.program = program;
    this.#view = view;
    this.#tools = tools;
  }

  /** What may be next, now that something is known of the board. */
  step(): void {
    const view = this.#view;
    const { state } = view;
    if (this.phase !== 'waiting' || !state || view.link !== 'open') return;
    if (state.stop) return this.#end('failed', `It was not run: ${state.stop.by.name} stopped ${state.label}.`);
    if (state.connection !== 'online') return;
    if (view.mine) {
      if (!state.job && !this.#tools.doing) void this.#run();
    } else if (!this.#asked && !view.offered && view.place === 0) {
      this.#asked = view.say({ type: 'ask' });
    }
  }
  ask(): void {
    this.#view.say({ type: 'ask' });
  }
  /** It waits no longer; what runs is stopped, as Ctrl-C does. */
  leave(): void {
    if (this.phase === 'running') this.#tools.cancel();
    else this.#end('over', '');
  }

  /** What it waits for; null: for nothing any more. `act`: what the person can do about it. */
  get waitsFor(): { words: string; act: 'ask' | 'take' | null } | null {
    if (this.phase !== 'waiting') return null;
    const view = this.#view;
    const { state } = view;
    if (!state || view.link !== 'open') return { words: 'waits for the connection', act: null };
    if (state.connection !== 'online') return { words: `waits: ${state.label} is not connected`, act: null };
    if (view.offered) return { words: 'runs as soon as you take the turn', act: 'take' };
    if (view.mine) return { words: state.job ? `runs after “${state.job.label}”` : 'starts', act: null };
    const who = state.lease ? `${driverName(state.lease.holder)} drives` : 'nobody drives';
    if (view.place > 0)
      return { words: `runs when it is your turn: ${who}, you are number ${view.place} of those who wait`, act: null };
    return { words: `waits for a turn: ${who}`, act: 'ask' };
  }

  async #run(): Promise<void> {
    this.phase = 'running';
    const { path, code } = this.program;
    const done = await this.#tools.perform(`Running ${path}`, async () => programJob({ path, code }));
    const failed = this.#tools.failed;
    this.#tools.failed = null; // told here
    if (!done && failed) this.#end('failed', [failed.text.trim(), failed.partial].filter(Boolean).join('\n'));
    else this.#end('over', '');
  }
  #end(phase: 'failed' | 'over', why: string): void {
    this.phase = phase;
    this.why = why;
  }
}
