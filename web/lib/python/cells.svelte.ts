// The person's cells, and files that were run: what is written, what came out. The code is kept in this browser for each volume.
import type { Plot, SandboxFile, Table, Trouble } from '#shared/sandbox.ts';
import { readKept, writeKept } from '#lib/workspace/layout.svelte.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import type { Outcome, Python } from './python.svelte.ts';
import { changedFiles, readNamed, writeFile, type ReadFile } from './volumeFiles.ts';

export type Written = { file: SandboxFile; etag: string | null; state: 'offered' | 'saving' | 'saved' };
export type Piece =
  | { kind: 'out' | 'err' | 'value' | 'words'; text: string }
  | { kind: 'plot'; plot: Plot }
  | { kind: 'table'; table: Table }
  | { kind: 'trouble'; trouble: Trouble };
export type Question = { prompt: string; answer: (text: string | null) => void };

/** Beyond this a piece of output forgets its beginning. */
const mostText = 200_000;
const mostPieces = 200;

export class Cell {
  readonly id: string;
  /** The file that it runs; null for one that is written here. */
  readonly path: string | null;
  code = $state('');
  pieces = $state.raw<Piece[]>([]);
  written = $state.raw<Written[]>([]);
  /** Files of the volume that it was given. */
  read = $state.raw<string[]>([]);
  state = $state<'idle' | 'waiting' | 'running' | 'done' | 'failed' | 'stopped'>('idle');
  ms = $state(0);
  question = $state.raw<Question | null>(null);
  stopping = new AbortController();

  constructor({ id, code = '', path = null }: { id: string; code?: string; path?: string | null }) {
    this.id = id;
    this.code = code;
    this.path = path;
  }

  get isBusy(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  add(piece: Piece): void {
    const last = this.pieces.at(-1);
    if ((piece.kind === 'out' || piece.kind === 'err') && last?.kind === piece.kind) {
      const text = overwrite(last.text + piece.text);
      this.pieces = [...this.pieces.slice(0, -1), { kind: piece.kind, text: text.slice(-mostText) }];
    } else if (this.pieces.length < mostPieces) this.pieces = [...this.pieces, piece];
  }

  stop(): void {
    this.question?.answer(null);
    this.stopping.abort();
  }
}

/** A carriage return goes back to the start of its line, as progress bars want it. */
const overwrite = (text: string): string =>
  text.includes('\r') ? text.replace(/\r\n/g, '\n').replace(/[^\n]*\r(?=[^\n])/g, '') : text;

export class Cells {
  all = $state.raw<Cell[]>([]);
  readonly python: Python;
  readonly volume: string;
  readonly #workspace: Workspace;
  readonly #storage: Storage;
  #count = 0;

  constructor({
    python,
    workspace,
    volume,
    storage = localStorage,
  }: {
    python: Python;
    workspace: Workspace;
    volume: string;
    storage?: Storage;
  }) {
    this.python = python;
    this.volume = volume;
    this.#workspace = workspace;
    this.#storage = storage;
    const kept = readKept<string[]>(storage, this.#key);
    const codes = Array.isArray(kept) ? kept.filter((code) => typeof code === 'string').slice(0, 100) : [];
    this.all = (codes.length > 0 ? codes : ['']).map((code) => this.#make({ code }));
  }

  get #key(): string {
    return `llmos.cells.${this.#workspace.me?.person.login ?? ''}.${this.volume}`;
  }
  get canWrite(): boolean {
    return this.#workspace.volume === this.volume && this.#workspace.canWrite;
  }

  #make(cell: { code?: string; path?: string }): Cell {
    return new Cell({ id: `cell-${++this.#count}`, ...cell });
  }

  keep(): void {
    writeKept(
      this.#storage,
      this.#key,
      this.all.filter((cell) => cell.path === null).map((cell) => cell.code),
    );
  }

  add({ after, code = '' }: { after?: Cell; code?: string } = {}): Cell {
    const cell = this.#make({ code });
    const at = after ? this.all.indexOf(after) + 1 : this.all.length;
    this.all = [...this.all.slice(0, at), cell, ...this.all.slice(at)];
    this.keep();
    return cell;
  }

  remove(cell: Cell): void {
    cell.stop();
    this.all = this.all.filter((one) => one !== cell);
    if (this.all.length === 0) this.all = [this.#make({})];
    this.keep();
  }

  /** Runs a file, or a block of one, with names of its own; its output takes the place of that of the last time. */
  async runText({ path, code }: { path: string; code: string }): Promise<void> {
    const before = this.all.find((cell) => cell.path === path);
    if (before?.isBusy) before.stop();
    const cell = this.#make({ path, code });
    this.all = before ? this.all.map((one) => (one === before ? cell : one)) : [...this.all, cell];
    await this.run(cell);
  }

  async run(cell: Cell): Promise<void> {
    if (cell.isBusy || cell.code.trim() === '') return;
    this.keep();
    cell.pieces = [];
    cell.written = [];
    cell.stopping = new AbortController();
    cell.state = 'waiting';
    let given: ReadFile[];
    try {
      const files = this.#workspace.volume === this.volume ? [...this.#workspace.files.values()] : [];
      const path = cell.path ?? undefined;
      given = await readNamed({
        api: this.#workspace.api,
        volume: this.volume,
        files,
        code: cell.code,
        ...(path && { path }),
      });
    } catch (error) {
      cell.add({
        kind: 'words',
        text: `The files could not be read: ${error instanceof Error ? error.message : error}`,
      });
      cell.state = 'failed';
      return;
    }
    cell.read = given.map(({ path }) => path);
    const outcome = await this.python.run({
      code: cell.code,
      name: cell.path ?? 'cell',
      fresh: cell.path !== null,
      files: given,
      signal: cell.stopping.signal,
      onStart: () => (cell.state = 'running'),
      onOutput: (kind, text) => cell.add({ kind, text }),
      onPlot: (plot) => cell.add({ kind: 'plot', plot }),
      onTable: (table) => cell.add({ kind: 'table', table }),
      onInput: (prompt) =>
        new Promise((answer) => {
          cell.question = {
            prompt,
            answer: (text) => {
              cell.question = null;
              if (text !== null) cell.add({ kind: 'out', text: `${prompt}${text}\n` });
              answer(text);
            },
          };
        }),
    });
    this.#settle(cell, given, outcome);
  }

  #settle(cell: Cell, given: ReadFile[], outcome: Outcome): void {
    cell.question = null;
    if (outcome.value !== null) cell.add({ kind: 'value', text: outcome.value });
    if (outcome.trouble && outcome.ended !== 'stopped') cell.add({ kind: 'trouble', trouble: outcome.trouble });
    for (const text of [outcome.words, ...outcome.notes]) if (text) cell.add({ kind: 'words', text });
    cell.ms = outcome.ms;
    cell.state = outcome.ended === 'stopped' ? 'stopped' : outcome.ok ? 'done' : 'failed';
    cell.written = changedFiles(given, outcome.files).map((file) => ({
      file,
      etag: given.find(({ path }) => path === file.path)?.etag ?? null,
      state: 'offered',
    }));
  }

  /** Writes what Python wrote into the volume. */
  async save(cell: Cell, which: Written[]): Promise<void> {
    const change = (one: Written, state: Written['state']) =>
      (cell.written = cell.written.map((other) => (other.file === one.file ? { ...other, state } : other)));
    for (const one of which) {
      if (one.state !== 'offered') continue;
      change(one, 'saving');
      try {
        await writeFile({ api: this.#workspace.api, volume: this.volume, file: one.file, etag: one.etag });
        change(one, 'saved');
      } catch (error) {
        change(one, 'offered');
        this.#workspace.toasts.fail(error);
        return;
      }
    }
  }
}

const byVolume = new Map<string, Cells>();
/** Those of a volume, as long as this tab lives. */
export function cellsOf(parts: { python: Python; workspace: Workspace; volume: string }): Cells {
  const key = `${parts.workspace.me?.person.login} ${parts.volume}`;
  const cells = byVolume.get(key) ?? new Cells(parts);
  byVolume.set(key, cells);
  return cells;
}
