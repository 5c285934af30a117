// Going back: what a restore or a revert would change, shown before it is done; then doing it, and taking it back. The server only
// ever adds versions, so that each of these is undone by one more.
import Undo2 from '@lucide/svelte/icons/undo-2';
import { isProblem, Problem } from '#shared/errors.ts';
import type { ChangeResult, Commit } from '#shared/api.ts';
import type { Api } from '#lib/api.ts';
import type { Question } from '#lib/ui/ask.svelte.ts';
import type { Toasts } from '#lib/ui/toasts.svelte.ts';
import { count } from '#lib/ui/words.ts';
import { firstName, shortOid, shortTime, titleOf } from '#lib/workspace/versionWords.ts';

export type Step =
  | { kind: 'revert'; volume: string; commit: Commit }
  | { kind: 'restore'; volume: string; to: string; at: string | null; path: string | null };

/** The words on the button: the act and its object. */
export function nameOf(step: Step): string {
  if (step.kind === 'revert') return `Revert ${shortOid(step.commit.oid)}`;
  return `Restore ${step.path === null ? 'volume' : 'file'} to ${shortOid(step.to)}`;
}

export const actOfStep = (step: Step): string =>
  step.kind === 'revert' ? 'Revert this version' : step.path === null ? 'Restore this volume' : 'Restore this file';

/** What it does, in one or two sentences. */
export function sentenceOf(step: Step, now: Date): string {
  if (step.kind === 'restore') {
    const what = step.path === null ? 'every file' : 'this file';
    const when = step.at ? ` as it was at ${shortTime(step.at, now)}` : ' as it was then';
    return `Brings ${what} back${when}. What was typed since stays in history, and people go on typing.`;
  }
  const { commit } = step;
  if (commit.kind === 'revert' || commit.kind === 'restore')
    return `Takes back “${titleOf(commit)}”. Everything typed after it stays.`;
  const whose = commit.author.login ? `${firstName(commit.author.name)}’s ` : '';
  const out = commit.added > 0 ? `takes ${whose}${count(commit.added, 'line')} out` : '';
  const back = commit.removed > 0 ? `puts ${count(commit.removed, 'line')} back` : '';
  const both = [out, back].filter(Boolean).join(' and ') || 'takes this change back';
  return `${both[0]!.toUpperCase()}${both.slice(1)}. Everything typed after it stays.`;
}

async function send(api: Api, step: Step, dryRun: boolean): Promise<ChangeResult> {
  const query = dryRun ? { dry_run: '1' as const } : {};
  const params = { volume: step.volume };
  if (step.kind === 'revert')
    return api('POST /volumes/:volume/revert', { params, query, body: { oid: step.commit.oid } });
  return api('POST /volumes/:volume/restore', {
    params,
    query,
    body: { to: step.to, ...(step.path !== null && { path: step.path }) },
  });
}

/** One preview at a time: what will change, until somebody does it or leaves. */
export class Rollback {
  step = $state.raw<Step | null>(null);
  result = $state.raw<ChangeResult | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  readonly #api: Api;
  #asked = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Asks the server what would change. Also again, when others typed meanwhile. */
  async preview(step: Step): Promise<void> {
    const mine = ++this.#asked;
    if (step !== this.step) this.result = null;
    [this.step, this.problem] = [step, null];
    try {
      const result = await send(this.#api, step, true);
      if (mine === this.#asked) this.result = result;
    } catch (error) {
      if (mine !== this.#asked) return;
      this.problem = isProblem(error) ? error : new Problem('internal', 'This page could not show what would change.');
    }
  }

  async refresh(): Promise<void> {
    if (this.step && !this.busy) await this.preview(this.step);
  }

  close(): void {
    this.#asked++;
    this.step = this.result = this.problem = null;
  }

  /** Does it. Gives what it made, or null if it failed; the panel then says why. */
  async run(): Promise<ChangeResult | null> {
    const step = this.step;
    if (!step || this.busy) return null;
    this.busy = true;
    this.#asked++;
    try {
      const result = await send(this.#api, step, false);
      this.close();
      return result;
    } catch (error) {
      this.problem = isProblem(error)
        ? error
        : new Problem('internal', 'Something went wrong in this page. Nothing was changed.');
      return null;
    } finally {
      this.busy = false;
    }
  }
}

/** Takes back what a restore or a revert made, its newest version first. */
async function undo(api: Api, volume: string, made: Commit[]): Promise<void> {
  for (const commit of made)
    if (commit.kind === 'restore' || commit.kind === 'revert')
      await api('POST /volumes/:volume/revert', { params: { volume }, body: { oid: commit.oid } });
}

/** `Reverted 8d21c0e, 1 file` */
function doneWords(step: Step, result: ChangeResult): string {
  const files = count(result.files.length, 'file');
  const clashes = result.conflicts.length > 0 ? `, ${count(result.conflicts.length, 'place')} to settle` : '';
  if (step.kind === 'revert') return `Reverted ${shortOid(step.commit.oid)}, ${files}${clashes}`;
  return `Restored ${step.path === null ? files : step.path.split('/').at(-1)} to ${shortOid(step.to)}${clashes}`;
}

type Around = {
  rollback: Rollback;
  api: Api;
  toasts: Pick<Toasts, 'show' | 'fail'>;
  ask: (question: Question) => Promise<boolean>;
  /** Read again what is on the screen. */
  after: () => void | Promise<void>;
};

/** Does what is previewed; asks first when it is a whole volume, and offers to take it back. True when it was done. */
export async function runRollback({ rollback, api, toasts, ask, after }: Around): Promise<boolean> {
  const step = rollback.step;
  if (!step) return false;
  if (step.kind === 'restore' && step.path === null) {
    const files = rollback.result?.files.length ?? 0;
    const yes = await ask({
      title: `${nameOf(step)}?`,
      text: `${count(files, 'file')} ${files === 1 ? 'becomes' : 'become'} what ${files === 1 ? 'it was' : 'they were'} then, for everybody. What was typed since stays in history, and this can be undone.`,
      act: actOfStep(step),
    });
    if (!yes) return false;
  }
  const result = await rollback.run();
  if (!result) return false;
  const words = doneWords(step, result);
  const takeBack = async () => {
    try {
      await undo(api, step.volume, result.commits);
      toasts.show({ kind: 'ok', text: `Taken back: ${words[0]!.toLowerCase()}${words.slice(1)}` });
      await after();
    } catch (error) {
      toasts.fail(error);
    }
  };
  toasts.show({ text: words, icon: Undo2, act: { label: 'Undo', run: () => void takeBack() } });
  await after();
  return true;
}
