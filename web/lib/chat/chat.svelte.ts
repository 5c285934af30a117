// The conversations of a volume and the one that is open: each message of a person starts a run, with what was said before as its
// context. What a run says is shown by the page, from the run's own events.
import type { Conversation, RunSummary } from '#shared/api/runs.ts';
import type { Command } from '#shared/command.ts';
import { isProblem, Problem } from '#shared/errors.ts';
import type { ToBrowser } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';
import { readKept, writeKept, type Storage } from '#lib/workspace/layout.svelte.ts';

export type ChatOutside = {
  api: Api;
  listen: (listener: (message: ToBrowser) => void) => () => void;
  storage: Storage;
  /** Runs soon, once; gives a way to call it off. */
  soon: (run: () => void) => () => void;
};
/** How many runs of a conversation are shown before somebody asks for earlier ones. */
const shown = 10;
const titleOf = (goal: string) => {
  const line = goal.trim().split('\n')[0]!.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};

export class Chat {
  readonly volume: string;
  conversations = $state.raw<readonly Conversation[]>([]);
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  /** Null: a new one, which begins with the first message. */
  current = $state<string | null>(null);
  /** Of the open conversation, oldest first. */
  runs = $state.raw<readonly RunSummary[]>([]);
  hasEarlier = $state(false);
  draft = $state('');
  /** Of a new conversation. */
  isPrivate = $state(true);
  sending = $state(false);
  readonly #outside: ChatOutside;
  readonly #key: string;
  #earlier: string | null = null;
  #stop: (() => void) | null = null;
  #callOff: (() => void) | null = null;
  #turn = 0;

  constructor({ volume, login, ...outside }: ChatOutside & { volume: string; login: string }) {
    this.volume = volume;
    this.#outside = outside;
    this.#key = `llmos.chat.${login}.${volume}`;
    this.current = readKept<string>(outside.storage, this.#key);
  }

  get conversation(): Conversation | null {
    return this.conversations.find((one) => one.id === this.current) ?? null;
  }
  /** The run that goes on or waits, else the last one. */
  get front(): RunSummary | null {
    return (
      this.runs.findLast((run) => run.status === 'running' || run.status === 'waiting') ?? this.runs.at(-1) ?? null
    );
  }

  open(): void {
    this.#stop ??= this.#outside.listen((message) => {
      const concerns = message.type === 'runs' && message.volume === this.volume;
      if (!concerns && message.type !== 'hello') return;
      this.#callOff?.();
      this.#callOff = this.#outside.soon(() => void this.read());
    });
    void this.read();
  }

  close(): void {
    this.#callOff?.();
    this.#stop?.();
    this.#stop = null;
  }

  async read(): Promise<void> {
    try {
      const { conversations } = await this.#outside.api('GET /conversations', { query: { volume: this.volume } });
      this.conversations = conversations;
      if (this.current && !this.conversation) await this.#readOne(this.current);
      await this.#readRuns();
      this.state = 'ready';
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (this.state !== 'ready') this.state = error;
    }
  }

  /** A link may lead to an older one than the list shows, or to one that is gone. */
  async #readOne(id: string): Promise<void> {
    const { runs } = await this.#outside.api('GET /runs', { query: { conversation: id, limit: 1 } });
    if (runs.length === 0 && this.current === id) this.select(null);
  }

  async #readRuns(): Promise<void> {
    const [id, turn] = [this.current, ++this.#turn];
    if (id === null) return;
    const limit = Math.min(100, Math.max(shown, this.runs.length));
    const { runs, cursor } = await this.#outside.api('GET /runs', { query: { conversation: id, limit } });
    if (turn !== this.#turn || id !== this.current) return;
    this.runs = runs.filter((run) => run.parent === null).reverse();
    this.#earlier = cursor;
    this.hasEarlier = cursor !== null;
  }

  async readEarlier(): Promise<void> {
    const [id, cursor] = [this.current, this.#earlier];
    if (id === null || cursor === null) return;
    const page = await this.#outside.api('GET /runs', { query: { conversation: id, limit: shown, cursor } });
    if (id !== this.current) return;
    const known = new Set(this.runs.map((run) => run.id));
    this.runs = [...page.runs.filter((run) => run.parent === null && !known.has(run.id)).reverse(), ...this.runs];
    this.#earlier = page.cursor;
    this.hasEarlier = page.cursor !== null;
  }

  select(id: string | null): void {
    if (id === this.current) return;
    this.current = id;
    this.runs = [];
    this.hasEarlier = false;
    this.#turn += 1;
    writeKept(this.#outside.storage, this.#key, id);
    if (id !== null) void this.read();
  }

  /** Starts a run; the draft is gone once the server has it. */
  async send(command: Command): Promise<RunSummary> {
    if (this.sending) throw new Problem('conflict', 'The message before is still on its way.');
    this.sending = true;
    const said = this.draft;
    try {
      const conversation = this.current ?? (await this.#begin(command));
      const run = await this.#outside.api('POST /runs', {
        body: {
          volume: this.volume,
          goal: command.goal,
          conversation,
          ...(command.agent && { agent: command.agent }),
          ...(command.skills.length > 0 && { skills: command.skills }),
          ...(command.paths.length > 0 && { paths: command.paths }),
          ...(command.model && { model: command.model }),
          ...(command.private !== null && { private: command.private }),
          ...(Object.keys(command.budget).length > 0 && { budget: command.budget }),
        },
      });
      if (this.draft === said) this.draft = '';
      this.take(run);
      return run;
    } finally {
      this.sending = false;
    }
  }

  async #begin(command: Command): Promise<string> {
    const made = await this.#outside.api('POST /conversations', {
      body: { volume: this.volume, title: titleOf(command.goal), private: command.private ?? this.isPrivate },
    });
    this.conversations = [made, ...this.conversations];
    this.current = made.id;
    this.runs = [];
    writeKept(this.#outside.storage, this.#key, made.id);
    return made.id;
  }

  /** A run that began here: by a message, a retry or a branch. */
  take(run: RunSummary): void {
    if (run.conversation !== null && run.conversation !== this.current) return this.select(run.conversation);
    this.#turn += 1; // an answer that is on its way does not know it
    this.runs = [...this.runs.filter((one) => one.id !== run.id), run];
  }

  async change(conversation: Conversation, to: { title?: string; private?: boolean }): Promise<void> {
    const changed = await this.#outside.api('PATCH /conversations/:conversation', {
      params: { conversation: conversation.id },
      body: to,
    });
    this.conversations = this.conversations.map((one) => (one.id === changed.id ? changed : one));
  }

  async remove(conversation: Conversation): Promise<void> {
    await this.#outside.api('DELETE /conversations/:conversation', { params: { conversation: conversation.id } });
    this.conversations = this.conversations.filter((one) => one.id !== conversation.id);
    if (this.current === conversation.id) this.select(null);
  }
}
