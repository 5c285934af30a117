// What the tabs of a board's page share: one job at a time in this person's name, its bytes on their way, and what went wrong, in words.
import type { Device } from '#shared/api/devices.ts';
import type { Artifact, BoardEntry, JobResult } from '#shared/devices.ts';
import { sentenceOf, type Api } from '#lib/api.ts';
import type { DeviceView, NewJob } from '../deviceView.svelte.ts';
import { sha256Hex } from '../jobs/bytes.ts';

type Done = Extract<JobResult, { ok: true }>;

export type Failure = { text: string; partial: string | null };

export class BoardTools {
  /** What runs in this person's name. */
  doing = $state.raw<{ what: string; stop: AbortController } | null>(null);
  failed = $state.raw<Failure | null>(null);
  readonly #api: Api;
  readonly #view: DeviceView;

  constructor({ api, view }: { api: Api; view: DeviceView }) {
    this.#api = api;
    this.#view = view;
  }

  /** null: it was not done, and `failed` says why. `prepare`: what has to be fetched or sent before the board is asked. */
  async perform(what: string, prepare: NewJob | ((signal: AbortSignal) => Promise<NewJob>)): Promise<Done | null> {
    if (this.doing) return null;
    const stop = new AbortController();
    this.doing = { what, stop };
    this.failed = null;
    try {
      const work = typeof prepare === 'function' ? await prepare(stop.signal) : prepare;
      const result = await this.#view.perform(work, stop.signal);
      if (result.ok) return result;
      if (result.code !== 'cancelled' || result.partial)
        this.failed = { text: result.text, partial: result.partial ?? null };
    } catch (error) {
      if (!stop.signal.aborted) this.failed = { text: sentenceOf(error), partial: null };
    } finally {
      this.doing = null;
    }
    return null;
  }

  cancel(): void {
    this.doing?.stop.abort();
  }

  /** Its hash goes with it: the server refuses what arrived otherwise. */
  async send(file: Blob, name: string): Promise<Artifact> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return this.#api('POST /devices/:id/artifacts', {
      params: { id: this.#view.id },
      query: { name, sha256: sha256Hex(bytes) },
      body: bytes,
    });
  }
  fromVolume(path: string): Promise<Artifact> {
    return this.#api('POST /devices/:id/artifacts/from-file', {
      params: { id: this.#view.id },
      body: { from: path },
    });
  }
  async fetch(artifact: Artifact): Promise<Uint8Array<ArrayBuffer>> {
    const answer: unknown = await this.#api('GET /devices/:id/artifacts/:artifact', {
      params: { id: this.#view.id, artifact: artifact.id },
    });
    const bytes = new Uint8Array(await new Response(answer as Blob | string).arrayBuffer());
    if (sha256Hex(bytes) !== artifact.sha256)
      throw new Error(`What arrived of ${artifact.name} is not what was sent. Try again.`);
    return bytes;
  }
}

/** The files of a board as they are shown. */
export class ShownFiles {
  readonly tools: BoardTools;
  folder = $state('/');
  entries = $state.raw<BoardEntry[] | null>(null);
  opened = $state.raw<{ path: string; bytes: Uint8Array<ArrayBuffer>; text: string | null } | null>(null);
  constructor(from: { api: Api; view: DeviceView }) {
    this.tools = new BoardTools(from);
  }
}
/** What a person wants to flash, and what came of it. */
export class FlashPlan {
  readonly tools: BoardTools;
  /** '': whatever it says it is. */
  chip = $state('');
  images = $state.raw<FlashImage[]>([]);
  erase = $state(false);
  result = $state<string | null>(null);
  constructor(from: { api: Api; view: DeviceView; chip: string }) {
    this.tools = new BoardTools(from);
    this.chip = from.chip;
  }
}
/** `chip`: what it was built for. `address` '': where the chip starts. */
export type FlashImage = { artifact: Artifact; what: string; chip: string | null; address: string };

const kept = new WeakMap<DeviceView, Map<new (from: never) => unknown, unknown>>();
/** One for each board that is open: a look at the console meanwhile ends nothing. */
export function keptOf<From, T>(view: DeviceView, of: new (from: From) => T, from: From): T {
  const all = kept.get(view) ?? new Map();
  kept.set(view, all);
  if (!all.has(of)) all.set(of, new of(from));
  return all.get(of) as T;
}

/** Why this person cannot act on the board now, as a title and a sentence; null: they can. */
export function whyNot({
  view,
  may,
}: {
  view: DeviceView;
  may: Device['may'];
}): { title: string; text: string; ask: boolean } | null {
  const state = view.state;
  const name = state?.label ?? 'This board';
  if (!state)
    return { title: 'Not connected', text: 'As soon as the server answers, this is there again.', ask: false };
  if (state.connection !== 'online')
    return {
      title: `${name} is ${state.connection === 'lost' ? 'unplugged' : 'offline'}`,
      text: state.why ?? 'No browser holds it now.',
      ask: false,
    };
  if (state.stop)
    return {
      title: `${name} is stopped`,
      text: `${state.stop.by.name} pressed the emergency stop. Clear it to go on.`,
      ask: false,
    };
  if (view.mine) return null;
  if (may === 'watch')
    return {
      title: 'You can watch here',
      text: 'Acting on a board needs the right to write in its volume.',
      ask: false,
    };
  const lease = state.lease;
  if (!lease) return { title: 'Nobody drives', text: 'Ask for a turn: then this is yours to use.', ask: true };
  const who = lease.holder.run ? `A run of ${lease.holder.person.name}` : lease.holder.person.name;
  return { title: `${who} drives`, text: 'You see what happens in the console. Ask for a turn to act.', ask: true };
}
