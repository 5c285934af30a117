// Python in this tab: one frame, in it an interpreter for the person's cells and another for calls of runs (shared/sandbox.ts). Starts
// when it is first needed, from a snapshot of the memory where there is one; stops by an interrupt, and what ignores that by ending the
// interpreter and starting a new one.
import type { FromPython, Lane, Plot, PythonFiles, SandboxFile, Table, ToPython, Trouble } from '#shared/sandbox.ts';
import { sandboxLimits } from '#shared/sandbox.ts';
import type { Api } from '#lib/api.ts';
import { createMeter, hiddenPlace, openFrame, type Frame } from '#lib/sandbox.ts';
import { readMessage } from './messages.ts';
import { forgetSnapshot, keepSnapshot, loadFiles } from './pythonFiles.ts';

export type Order = {
  code: string;
  /** As it stands in a traceback; a path of the volume for a file. */ name?: string;
  lane?: Lane;
  /** For `runs`: another session starts another interpreter. */ session?: string;
  /** With names of its own, as a file runs. */ fresh?: boolean;
  files?: SandboxFile[];
  onOutput?: (kind: 'out' | 'err', text: string) => void;
  onPlot?: (plot: Plot) => void;
  onTable?: (table: Table) => void;
  /** Null: nobody answers. Without it nobody ever does. */
  onInput?: (prompt: string) => Promise<string | null>;
  /** It is its turn, and Python is there. */ onStart?: () => void;
  signal?: AbortSignal;
  timeoutMs?: number;
};

export type Outcome = {
  ok: boolean;
  /** `lost`: the interpreter ended, with all its names. `failed`: Python did not start. */
  ended: 'done' | 'stopped' | 'late' | 'lost' | 'failed';
  value: string | null;
  trouble: Trouble | null;
  /** For people, when there is no `trouble`. */ words: string | null;
  output: string;
  plots: Plot[];
  tables: Table[];
  files: SandboxFile[];
  gone: string[];
  notes: string[];
  /** Of the run alone. */ ms: number;
};

type Running = { id: number; order: Order; outcome: Outcome; from: number; finish: (change: Partial<Outcome>) => void };
type State = {
  open: boolean;
  session: string;
  queue: Promise<unknown>;
  running: Running | null;
  ready: ((error?: string) => void) | null;
};

/** After so long a rest a snapshot is made. */
const restMs = 3000;
/** How long an interrupt is given before the interpreter is ended. */
const courtesy = 700;

export class Python {
  phase = $state<'off' | 'loading' | 'starting' | 'ready' | 'failed'>('off');
  /** Of the first load, 0 to 1. */
  share = $state(0);
  /** Why it failed, for people. */
  words = $state('');
  /** Policies that something in the frame ran against. */
  violations = $state.raw<string[]>([]);
  /** Milliseconds until the last start was ready. */
  startedIn = 0;
  readonly #api: Api;
  #frame: Frame | null = null;
  #opening: Promise<void> | null = null;
  #hasSnapshot = false;
  #key = '';
  #making: ReturnType<typeof setTimeout> | undefined;
  /** One of them did not work here: no more in this tab. */
  #noSnapshots = false;
  /** Whether the last start was from a snapshot. */
  #wasQuick = false;
  #count = 0;
  readonly #lanes: Record<Lane, State> = { cells: newState(), runs: newState() };

  constructor({ api }: { api: Api }) {
    this.#api = api;
  }

  isBusy(lane: Lane): boolean {
    return this.#lanes[lane].running !== null;
  }

  /** Starts it before it is needed. */
  async warm(): Promise<void> {
    await this.#enqueue('cells', () => this.#ensure('cells', this.#lanes.cells.session)).catch(() => undefined);
  }

  /** Never rejects: what goes wrong is in the outcome. Runs of a lane follow each other. */
  run(order: Order): Promise<Outcome> {
    const lane = order.lane ?? 'cells';
    return this.#enqueue(lane, () => this.#run(order, lane));
  }

  /** Ends what runs now: by an interrupt, else by a new interpreter. */
  stop(lane: Lane = 'cells', ended: 'stopped' | 'late' = 'stopped'): void {
    const { running } = this.#lanes[lane];
    if (!running) return;
    this.#tell({ t: 'interrupt', lane });
    this.#tell({ t: 'input', lane, text: null });
    running.order = { ...running.order, onInput: async () => null };
    setTimeout(() => {
      if (this.#lanes[lane].running !== running) return;
      this.#close(lane);
      running.finish({ ended, words: 'It did not stop by itself, so Python was started anew: its names are gone.' });
    }, courtesy);
    running.outcome.ended = ended;
  }

  /** A new interpreter for the person's cells. */
  async restart(): Promise<void> {
    this.#lanes.cells.running?.finish({ ended: 'stopped' });
    this.#close('cells');
    await this.warm();
  }

  /** Takes the frame away; the next run starts it again. */
  close(words = 'Python was ended.'): void {
    this.#frame?.remove();
    this.#gone(words);
  }

  // ---- a run ---------------------------------------------------------------------------------------------------------------

  #enqueue<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    const state = this.#lanes[lane];
    const next = state.queue.then(work);
    state.queue = next.catch(() => undefined);
    return next;
  }

  async #run(order: Order, lane: Lane): Promise<Outcome> {
    const state = this.#lanes[lane];
    const outcome = nothingYet();
    if (order.signal?.aborted) return { ...outcome, ended: 'stopped' };
    try {
      await this.#ensure(lane, lane === 'runs' ? (order.session ?? '') : '');
    } catch (error) {
      return { ...outcome, ended: 'failed', words: error instanceof Error ? error.message : String(error) };
    }
    if (order.signal?.aborted) return { ...outcome, ended: 'stopped' };
    order.onStart?.();
    return new Promise((done) => {
      const stop = () => this.stop(lane);
      const late = order.timeoutMs ? setTimeout(() => this.stop(lane, 'late'), order.timeoutMs) : undefined;
      const running: Running = {
        id: ++this.#count,
        order,
        outcome,
        from: performance.now(),
        finish: (change) => {
          if (state.running !== running) return;
          state.running = null;
          clearTimeout(late);
          order.signal?.removeEventListener('abort', stop);
          done(Object.assign(outcome, change, { ms: Math.round(performance.now() - running.from) }));
        },
      };
      state.running = running;
      order.signal?.addEventListener('abort', stop, { once: true });
      const files = (order.files ?? []).map(({ path, data }) => ({ path, data: data.slice() }));
      this.#tell({
        t: 'run',
        lane,
        id: running.id,
        code: order.code,
        name: order.name ?? 'cell',
        fresh: order.fresh ?? false,
        files,
      });
    });
  }

  async #ensure(lane: Lane, session: string): Promise<void> {
    const state = this.#lanes[lane];
    if (state.open && state.session !== session) this.#close(lane);
    const from = performance.now();
    if (!this.#frame) await (this.#opening ??= this.#open().finally(() => (this.#opening = null)));
    if (state.open) return;
    if (this.phase !== 'ready') this.phase = 'starting';
    let error = await this.#boot(lane);
    if (error !== undefined && this.#hasSnapshot) {
      // a snapshot that this browser does not like (another build of it): from the beginning, once
      this.#noSnapshots = true;
      await forgetSnapshot();
      this.close('Python starts from the beginning.');
      await (this.#opening ??= this.#open(false).finally(() => (this.#opening = null)));
      error = await this.#boot(lane);
    }
    if (error !== undefined) {
      this.phase = 'failed';
      this.words = `Python did not start: ${error}`;
      throw new Error(this.words);
    }
    state.open = true;
    state.session = session;
    this.startedIn = Math.round(performance.now() - from);
    this.phase = 'ready';
    performance.mark(`python-ready-${lane}`, { detail: { ms: this.startedIn, snapshot: this.#wasQuick } });
    if (!this.#hasSnapshot && !this.#noSnapshots) this.#makeSnapshot(this.#frame!);
  }

  /** Undefined: it is ready. */
  #boot(lane: Lane): Promise<string | undefined> {
    return new Promise((done) => {
      const late = setTimeout(() => this.#lanes[lane].ready?.('it took longer than two minutes.'), 120_000);
      this.#lanes[lane].ready = (error) => {
        clearTimeout(late);
        this.#lanes[lane].ready = null;
        done(error);
      };
      this.#tell({ t: 'open', lane });
    });
  }

  async #open(useSnapshot = true): Promise<void> {
    this.phase = 'loading';
    this.share = 0;
    this.words = '';
    let frame: Frame | null = null;
    try {
      const loading = loadFiles({ api: this.#api, told: (share) => (this.share = share) });
      loading.catch(() => undefined); // waited for when the frame is there
      frame = await openFrame({
        page: '/sandbox/py.html',
        kind: 'python',
        title: 'Python',
        into: hiddenPlace(),
        shared: true,
        lost: () =>
          this.#gone('Python fell silent together with the applets of this tab and was ended: its names are gone.'),
      });
      const opened = frame;
      const meter = createMeter({ usual: Infinity, most: sandboxLimits.pythonFlood * 2 });
      frame.port.onmessage = ({ data }) => {
        if (meter() === 'flood') return this.close('Python sent too many messages and was ended.');
        const message = readMessage(data);
        if (message) this.#hear(message, opened);
      };
      const { key, ...files } = await loading;
      if (!frame.element.isConnected) throw new Error('The frame was taken away while it started.');
      if (!useSnapshot) files.snapshot = null;
      this.#key = key;
      this.#hasSnapshot = files.snapshot !== null;
      frame.port.postMessage({ t: 'files', files } satisfies ToPython, buffersOf(files));
      this.#frame = frame;
      this.phase = 'starting';
    } catch (error) {
      frame?.remove();
      this.#frame = null;
      this.phase = 'failed';
      this.words = `Python did not load: ${error instanceof Error ? error.message : String(error)}`;
      throw new Error(this.words, { cause: error });
    }
  }

  /** For the next time, by an interpreter of its own, once nothing runs: who waits for the first run does not wait for it. */
  #makeSnapshot(frame: Frame): void {
    clearTimeout(this.#making);
    this.#making = setTimeout(() => {
      if (frame !== this.#frame || this.#hasSnapshot || this.#noSnapshots) return;
      if (Object.values(this.#lanes).some(({ running }) => running !== null)) return this.#makeSnapshot(frame);
      this.#tell({ t: 'make' });
    }, restMs);
  }

  #keep(data: Uint8Array<ArrayBuffer> | null): void {
    if (data === null || this.#noSnapshots) return;
    this.#hasSnapshot = true;
    void keepSnapshot(this.#key, data).then(() => performance.mark('python-snapshot-kept'));
  }

  #close(lane: Lane): void {
    this.#tell({ t: 'close', lane });
    this.#lanes[lane].open = false;
  }

  #gone(words: string): void {
    this.#frame = null;
    this.phase = 'off';
    clearTimeout(this.#making);
    for (const state of Object.values(this.#lanes)) {
      state.open = false;
      state.ready?.(words);
      state.running?.finish({ ended: 'lost', words });
    }
  }

  #tell(message: ToPython): void {
    this.#frame?.port.postMessage(message);
  }

  #hear(message: FromPython, frame: Frame): void {
    if (message.t === 'pong') return frame.alive();
    if (frame !== this.#frame) return;
    if (message.t === 'snapshot') return this.#keep(message.data);
    if (message.t === 'violation') {
      this.violations = [...this.violations, `${message.directive} ${message.uri}`].slice(-50);
      return;
    }
    const state = this.#lanes[message.lane];
    if (message.t === 'ready') {
      this.#wasQuick = message.snapshot;
      return state.ready?.();
    }
    if (message.t === 'failed') {
      state.open = false;
      state.ready?.(message.text);
      state.running?.finish({
        ended: 'lost',
        words: `Python broke and was ended: its names are gone. ${lastLine(message.text)}`,
      });
      return;
    }
    if (message.t === 'need') return void this.#bring(message.lane, message.id, message.name);
    const { running } = state;
    if (!running) return;
    if (message.t === 'input') return void this.#ask(message.lane, running, message.prompt);
    if (message.id !== running.id) return;
    this.#note(message, running);
  }

  #note(message: Extract<FromPython, { id: number }>, { order, outcome, finish }: Running): void {
    switch (message.t) {
      case 'out':
      case 'err':
        if (outcome.output.length < sandboxLimits.output * 2) outcome.output += message.text;
        return order.onOutput?.(message.t, message.text);
      case 'plot':
        if (outcome.plots.length >= sandboxLimits.plots) return;
        outcome.plots.push(message.plot);
        return order.onPlot?.(message.plot);
      case 'table':
        if (outcome.tables.length >= sandboxLimits.tables) return;
        outcome.tables.push(message.table);
        return order.onTable?.(message.table);
      case 'done': {
        const { ok, value, trouble, files, gone, notes } = message;
        return finish({ ok, value, trouble, files, gone, notes, ended: ok ? 'done' : outcome.ended });
      }
    }
  }

  async #ask(lane: Lane, running: Running, prompt: string): Promise<void> {
    const answer = running.order.onInput ? await running.order.onInput(prompt).catch(() => null) : null;
    if (this.#lanes[lane].running === running) this.#tell({ t: 'input', lane, text: answer });
  }

  async #bring(lane: Lane, id: number, name: string): Promise<void> {
    try {
      const blob = (await this.#api('GET /python/packages/:name', { params: { name } })) as Blob;
      const data = new Uint8Array(await blob.arrayBuffer());
      this.#frame?.port.postMessage({ t: 'package', lane, id, data, error: null } satisfies ToPython, [data.buffer]);
    } catch (error) {
      const words = error instanceof Error ? error.message : 'It could not be fetched.';
      this.#tell({ t: 'package', lane, id, data: null, error: words });
    }
  }
}

/** Handed over, not copied: the page needs them no more. */
const buffersOf = (files: PythonFiles): ArrayBuffer[] =>
  Object.values(files).flatMap((file) =>
    file instanceof ArrayBuffer ? [file] : file instanceof Uint8Array ? [file.buffer as ArrayBuffer] : [],
  );
const newState = (): State => ({ open: false, session: '', queue: Promise.resolve(), running: null, ready: null });
const nothingYet = (): Outcome => ({
  ok: false,
  ended: 'done',
  value: null,
  trouble: null,
  words: null,
  output: '',
  plots: [],
  tables: [],
  files: [],
  gone: [],
  notes: [],
  ms: 0,
});
const lastLine = (text: string) => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';

let one: Python | null = null;
/** The Python of this tab. */
export const pythonOf = (api: Api): Python => (one ??= new Python({ api }));
