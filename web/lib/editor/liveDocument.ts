// One open file as this browser holds it: the Y.Doc, its socket, its offline copy, its undo and its lights. Editors bind to `text`
// and `awareness`; screens read the getters, which Svelte tracks. Outlives its editor's view, ends with `close()`.
import { Text } from '@codemirror/state';
import { untrack } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';
import { messageAuth, WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import * as decoding from 'lib0/decoding';
import * as authProtocol from 'y-protocols/auth';
import type { Awareness } from 'y-protocols/awareness';
import type { Face } from '#shared/live.ts';
import { contentRoot, messageAcknowledged } from '#shared/room.ts';
import { isFinal, readEnding, type Ending } from './closing.ts';
import { createLedger } from './ledger.ts';
import { afterEvent, changesWithTime, firstState, readLights, type Light, type LightsEvent } from './lights.ts';
import { copyName, openOfflineCopy, type OfflineCopy } from './offlineCopies.ts';

export type LiveFile = {
  id: string;
  epoch: number;
  role: 'owner' | 'editor' | 'viewer';
  sync: { url: string; room: string };
};

export type LiveDocumentOptions = {
  file: LiveFile;
  me: Face;
  /** Where `file.sync.url` is relative to; the page's own origin in a browser. */
  origin: string;
  now?: () => number;
  /** Programs in Node bring their own socket and a token. */
  WebSocket?: typeof WebSocket;
  params?: Record<string, string>;
};

/** Our own edits carry this origin: undo takes back nothing else (SY9). */
export class Typing {}

/** How long unconfirmed words may be without a note in the offline copy. */
const noteAfter = 300;
/** A browser that lost the offline copy is asked again after so long, and after twice as long each time that it fails. */
const copyAgainAfter = { first: 1_000, most: 64_000 };

export class LiveDocument {
  readonly doc = new Y.Doc();
  readonly text: Y.Text = this.doc.getText(contentRoot);
  readonly typing = new Typing();
  /** Words of mine that come from elsewhere (a merge after another epoch): mine to undo, but an editor has yet to show them. */
  readonly bringing = new Typing();
  readonly undo: Y.UndoManager;
  readonly provider: WebsocketProvider;
  readonly awareness: Awareness;
  readonly file: LiveFile;
  readonly me: Face;

  readonly #now: () => number;
  readonly #ledger = createLedger();
  #lights;
  #ending: Ending | null = null;
  #loaded = false;
  #copy: OfflineCopy | null = null;
  #copyWanted = true;
  #opening = true;
  #copyTimer: ReturnType<typeof setTimeout> | undefined;
  #copyWait = copyAgainAfter.first;
  #readOnly: boolean;
  /** The text as a rope: holding on to an old one costs nothing. */
  #rope = Text.empty;
  /** The text before the first edit that the server has not confirmed. */
  #base: Text | string | null = null;
  #noted = false;
  #noteTimer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #changed = () => {};
  #listeners = new Set<() => void>();
  readonly #track = createSubscriber((update) => {
    this.#changed = update;
    return () => (this.#changed = () => {});
  });

  constructor({ file, me, origin, now = Date.now, WebSocket: Socket = WebSocket, params = {} }: LiveDocumentOptions) {
    this.file = file;
    this.me = me;
    this.#now = now;
    this.#readOnly = file.role === 'viewer';
    this.#lights = firstState({ reader: this.#readOnly, now: now() });
    this.undo = new Y.UndoManager(this.text, {
      trackedOrigins: new Set([this.typing, this.bringing]),
      captureTimeout: 500,
    });
    this.text.observe((event, transaction) => this.#follow(event, transaction));
    this.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (this.#isMine(origin)) this.#edited();
      // words of others, as they come: they too wait for the next version
      else if (origin === this.provider && this.provider.synced) this.#light({ type: 'typed' });
    });
    const url = new URL(file.sync.url, origin);
    url.protocol = url.protocol.replace('http', 'ws');
    this.provider = new WebsocketProvider(url.href, file.sync.room, this.doc, {
      connect: false,
      disableBc: true,
      params: { ...params, epoch: String(file.epoch), ack: '1' },
      WebSocketPolyfill: this.#countingSocket(Socket),
    });
    this.awareness = this.provider.awareness;
    this.awareness.setLocalStateField('user', { id: me.id, login: me.login, name: me.name, colour: me.colour });
    this.provider.messageHandlers[messageAcknowledged] = (_encoder, decoder) =>
      this.#acknowledged(decoding.readVarUint(decoder));
    this.provider.messageHandlers[messageAuth] = (_encoder, decoder) =>
      authProtocol.readAuthMessage(decoder, this.doc, () => this.#refused());
    this.provider.on('status', ({ status }) => {
      if (status !== 'connecting')
        this.#light({ type: 'connection', state: status === 'connected' ? 'open' : 'closed' });
    });
    this.provider.on('sync', (synced) => {
      if (!synced) return;
      this.#loaded = true;
      this.#light({ type: 'synced' });
    });
    this.provider.on('closed', ({ code }) => this.#ended(code));
    if (typeof window !== 'undefined') {
      window.addEventListener('offline', this.reconnect);
      window.addEventListener('online', this.reconnect);
      window.addEventListener('pagehide', this.#note);
    }
  }

  /** First the words that are here, then the server's: so that both meet in one exchange. */
  async open({ offlineCopy = true }: { offlineCopy?: boolean } = {}): Promise<void> {
    this.#copyWanted = offlineCopy;
    const copy = offlineCopy ? await this.#openCopy() : null;
    if (this.#closed) return void copy?.close();
    this.#copy = copy;
    this.#opening = false;
    if (!copy && offlineCopy) this.#lost();
    if (copy?.unsent && !this.#readOnly) {
      this.#base = copy.unsent.base;
      this.#noted = true;
      for (let i = 0; i < copy.unsent.count; i++) this.#ledger.edited();
      this.#light({ type: 'unsent', count: this.#ledger.unsent });
    }
    if (this.text.length > 0) this.#loaded = true;
    this.provider.connect();
    this.#tell();
  }

  #closed = false;

  close(): void {
    this.#closed = true;
    if (typeof window !== 'undefined') {
      window.removeEventListener('offline', this.reconnect);
      window.removeEventListener('online', this.reconnect);
      window.removeEventListener('pagehide', this.#note);
    }
    clearInterval(this.#ticker);
    clearTimeout(this.#copyTimer);
    this.#note();
    this.provider.destroy();
    this.undo.destroy();
    void this.#copy?.close();
    this.doc.destroy();
    this.#listeners.clear();
  }

  // ---- what screens read ---------------------------------------------------------------------------------------------------

  get lights(): Light[] {
    this.#track();
    return readLights(this.#lights, this.#now());
  }
  get ending(): Ending | null {
    this.#track();
    return this.#ending;
  }
  /** There is something to show: from this browser's copy or from the server. */
  get loaded(): boolean {
    this.#track();
    return this.#loaded;
  }
  get unsent(): number {
    this.#track();
    return this.#ledger.unsent;
  }
  /** How long the oldest unconfirmed edit has waited, in ms. */
  get waiting(): number {
    this.#track();
    return this.#lights.unsentSince === null ? 0 : this.#now() - this.#lights.unsentSince;
  }
  /** How long there has been no connection, in ms; 0 while there is one. */
  get away(): number {
    this.#track();
    return this.#lights.connection === 'open' || this.#lights.closedSince === null
      ? 0
      : this.#now() - this.#lights.closedSince;
  }
  get kept(): boolean {
    this.#track();
    return this.#lights.kept && this.#copyWanted;
  }
  get readOnly(): boolean {
    this.#track();
    return this.#readOnly;
  }
  /** The text that this browser and the server last agreed on; null when everything here is confirmed. */
  get base(): string | null {
    return this.#base === null ? null : this.#base.toString();
  }
  get copyName(): string {
    return copyName({ personId: this.me.id, fileId: this.file.id, epoch: this.file.epoch });
  }
  get rope(): Text {
    return this.#rope;
  }

  /** Resolves when the server's content is here. */
  whenSynced(): Promise<void> {
    return this.#when(() => this.provider.synced);
  }

  /** Resolves when nothing of mine is unconfirmed, or after `patience` ms: then what is asked next just does not include it. */
  whenSent(patience = 3_000): Promise<void> {
    return Promise.race([
      this.#when(() => this.#ledger.unsent === 0),
      new Promise<void>((done) => setTimeout(done, patience)),
    ]);
  }

  #when(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((done) => {
      const stop = this.onChange(() => {
        if (!holds()) return;
        stop();
        done();
      });
    });
  }

  /** News from elsewhere (/live): versions and the remote. */
  tellLights(event: Extract<LightsEvent, { type: 'pending' | 'committed' | 'remote' }>): void {
    this.#light(event);
  }

  /** For code that is not a Svelte component. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a pane shows it: others see our face only then. */
  present(here: boolean): void {
    const { id, login, name, colour } = this.me;
    if (!here) this.awareness.setLocalState(null);
    else if (this.awareness.getLocalState() === null)
      this.awareness.setLocalState({ user: { id, login, name, colour } });
  }

  /** The role changed while the file is open. The server decides; this only says so in the editor. */
  setReadOnly(readOnly: boolean): void {
    if (this.#readOnly === readOnly) return;
    this.#readOnly = readOnly;
    this.#lights = { ...this.#lights, reader: readOnly };
    this.#tell();
  }

  /** Try now: also after a final code, when the person did something about it (signed in). */
  readonly reconnect = (): void => {
    if (this.#closed || this.#ending?.offer === 'merge') return;
    this.#ending = null;
    this.#lights = { ...this.#lights, ended: null };
    this.provider.disconnect(); // a socket over a network that is gone looks open for half a minute
    this.provider.wsUnsuccessfulReconnects = 0;
    this.provider.connect();
    this.#tell();
  };

  /** Deletes this epoch's offline copy: its words were merged into the next one, or given up. */
  async discardCopy(): Promise<void> {
    clearTimeout(this.#noteTimer);
    this.#base = null;
    this.#copyWanted = false;
    const copy = this.#copy;
    this.#copy = null;
    await copy?.discard();
  }

  // ---- inside --------------------------------------------------------------------------------------------------------------

  #isMine = (origin: unknown): boolean => origin === this.typing || origin === this.bringing || origin === this.undo;

  #follow(event: Y.YTextEvent, transaction: Y.Transaction): void {
    const before = this.#rope;
    if (this.#isMine(transaction.origin) && this.#ledger.unsent === 0) this.#base = before;
    let at = 0;
    let rope = before;
    for (const part of event.delta) {
      if (part.retain) at += part.retain;
      else if (part.delete) rope = rope.replace(at, at + part.delete, Text.empty);
      else if (typeof part.insert === 'string') {
        rope = rope.replace(at, at, Text.of(part.insert.split('\n')));
        at += part.insert.length;
      }
    }
    this.#rope = rope;
  }

  #edited(): void {
    this.#ledger.edited();
    this.#light({ type: 'typed' });
    this.#light({ type: 'unsent', count: this.#ledger.unsent });
    if (!this.#noted && this.#noteTimer === undefined) this.#noteTimer = setTimeout(this.#note, noteAfter);
  }

  #openCopy = () => openOfflineCopy({ name: this.copyName, doc: this.doc, lost: () => this.#lost() });

  #lost(): void {
    this.#copy = null;
    this.#noted = false;
    this.#light({ type: 'kept', here: false });
    this.#keepSoon();
  }

  /** Words that the server has not want a copy, also where there was none so far, or it was taken away. */
  #keepSoon(): void {
    const wanted = this.#copyWanted && !this.#copy && !this.#opening && !this.#closed && this.#ledger.unsent > 0;
    if (wanted) this.#copyTimer ??= setTimeout(() => void this.#keepAgain(), this.#copyWait);
  }

  async #keepAgain(): Promise<void> {
    this.#copyWait = Math.min(this.#copyWait * 2, copyAgainAfter.most);
    const copy = await this.#openCopy();
    this.#copyTimer = undefined;
    if (this.#closed) return void copy?.close();
    if (!copy) return this.#lost();
    this.#copy = copy;
    this.#note();
    this.#light({ type: 'kept', here: true });
  }

  /** Writes down what is unconfirmed, or that nothing is. */
  readonly #note = (): void => {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    const count = this.#ledger.unsent;
    if (count > 0) this.#keepSoon();
    if (count > 0 && this.#base !== null && this.#copy) {
      this.#noted = true;
      void this.#copy
        .note({ count, base: this.#base.toString() })
        .catch(() => this.#light({ type: 'kept', here: false }));
    } else if (this.#noted) {
      this.#noted = false;
      void this.#copy?.note(null).catch(() => undefined);
    }
  };

  #acknowledged(messages: number): void {
    this.#ledger.acknowledged(messages);
    if (this.#ledger.unsent === 0) {
      this.#base = null;
      this.#note();
    }
    this.#light({ type: 'unsent', count: this.#ledger.unsent });
  }

  /** The server drops what this tab writes: somebody made us a reader (SY10). What was not taken is ours to copy. */
  #refused(): void {
    if (this.#ledger.unsent > 0) {
      this.provider.disconnect();
      this.#ended(4403);
    }
    this.setReadOnly(true);
  }

  #ended(code: number): void {
    if (!isFinal(code)) return;
    this.#ending = readEnding(code);
    this.#note();
    this.#light({ type: 'ended', title: this.#ending.title });
  }

  /** Sees each message as it leaves: 0 is sync, then 1 is SyncStep2 (all that is here) and 2 an update (y-protocols). */
  #countingSocket(Base: typeof WebSocket): typeof WebSocket {
    const ledger = this.#ledger;
    return class extends Base {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        ledger.opened();
      }
      override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
        if (data instanceof Uint8Array && data[0] === 0) {
          if (data[1] === 1) ledger.sent('everything');
          else if (data[1] === 2) ledger.sent('latest');
        }
        super.send(data as ArrayBuffer);
      }
    };
  }

  #light(event: LightsEvent): void {
    this.#lights = afterEvent(this.#lights, event, this.#now());
    const ticks = changesWithTime(this.#lights);
    if (ticks && this.#ticker === undefined) this.#ticker = setInterval(() => this.#tell(), 1000);
    if (!ticks && this.#ticker !== undefined) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
    this.#tell();
  }

  #tell(): void {
    // whoever causes a change from an effect does not thereby depend on what the listeners read
    untrack(() => {
      this.#changed();
      for (const listener of this.#listeners) listener();
    });
  }
}
