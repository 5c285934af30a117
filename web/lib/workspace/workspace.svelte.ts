// The one state of an open workspace: who I am, the volumes, the tree of the one that is open, its tabs, who is where, and what
// concerns me. Verbs are methods. The outside (API, socket, storage, toasts) is handed in, so that it runs without a DOM.
import { createContext } from 'svelte';
import type { FileAddress, FileEntry, Me, Volume } from '#shared/api.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Face, FromBrowser, Presence, ToBrowser } from '#shared/live.ts';
import { hasRole } from '#shared/permissions.ts';
import { isOffline, type Api } from '#lib/api.ts';
import type { Toasts } from '#lib/ui/toasts.svelte.ts';
import { Actions } from './actions.svelte.ts';
import { createFile, createFolder, move, putBack, remove, rename } from './fileVerbs.ts';
import { OpenFolders } from './folders.svelte.ts';
import { Layout, readKept, writeKept, type Storage } from './layout.svelte.ts';
import type { LinkState } from './lastingSocket.ts';
import type { Live, LiveNews } from './live.ts';
import { hearNews } from './news.ts';
import { NotificationList } from './notifications.svelte.ts';
import { placeAddress, type Place } from './place.ts';
import { Tabs, type KeptTabs } from './tabs.svelte.ts';
import { isInside } from './tree.ts';
import { WaitingRuns } from './waiting.svelte.ts';
import { upload, type Upload } from './upload.ts';

export type Outside = {
  api: Api;
  live: (news: LiveNews) => Live;
  storage: Storage;
  toasts: Toasts;
  /** Shows an address; `replace` makes no step in the history of the browser. */
  goto: (address: string, options?: { replace?: boolean }) => void;
  signedOut: () => void;
  /** After a sign-out: what this browser keeps of the person goes. */
  leave?: (personId: string) => Promise<void>;
};

/** What the editor tells the status bar. `words`: null until they are counted. */
export type EditorStatus = { line: number; column: number; words: number | null; problems: number };
/** What a place says in the status bar, and the keys that work in it. */
export type Footer = { icon?: unknown; text: string; keys: { keys: string[]; text: string }[] };

export class Workspace {
  me = $state.raw<Me | null>(null);
  volumes = $state.raw<Volume[]>([]);
  /** The open volume's name. */
  volume = $state<string | null>(null);
  files = $state.raw<ReadonlyMap<string, FileEntry>>(new Map());
  folders = $state.raw<readonly string[]>([]);
  tree = $state.raw<'loading' | 'ready' | Problem>('loading');
  /** Files that others deleted while they are open here. */
  gone = $state.raw<ReadonlyMap<string, { path: string; by: Face | null; at: string }>>(new Map());
  /** Paths that open files had a moment ago: the address follows, and an old one still leads there. */
  movedFrom = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** When the next version of a file comes at the latest, and whose words wait for it. */
  due = $state.raw<ReadonlyMap<string, { at: string; authors: Face[] }>>(new Map());
  here = $state.raw<readonly Presence[]>([]);
  connection = $state<LinkState>('connecting');
  status = $state.raw<EditorStatus | null>(null);
  footer = $state.raw<Footer | null>(null);
  /** Words that a part of the page puts in front of the person, to send to an agent; the chat takes them. */
  asked = $state.raw<{ text: string; caret: number } | null>(null);
  /** A file that was just made here: whoever made it wants to write in it. The editor takes it. */
  toWrite = $state<string | null>(null);
  /** Counts up with every version that lands in the open volume: what shows history reads again. */
  versions = $state(0);
  /** Folders of the open volume that are open in the tree. */
  readonly expanded = new OpenFolders();
  readonly notifications: NotificationList;
  readonly waiting: WaitingRuns;
  readonly tabs = new Tabs();
  readonly actions = new Actions();
  layout: Layout;
  readonly #outside: Outside;
  #live: Live | null = null;
  #goal: Place | null = null;
  #alsoWatched: string[] = [];
  #opening: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(message: ToBrowser) => void>();

  constructor(outside: Outside) {
    this.#outside = outside;
    this.layout = new Layout(outside.storage, '');
    this.notifications = new NotificationList(outside.api);
    this.waiting = new WaitingRuns(outside.api);
  }

  get api(): Api {
    return this.#outside.api;
  }
  get toasts(): Toasts {
    return this.#outside.toasts;
  }
  get current(): Volume | null {
    return this.volumes.find((one) => one.name === this.volume) ?? null;
  }
  get canWrite(): boolean {
    return this.current !== null && this.current.kind !== 'system' && hasRole(this.current.role, 'editor');
  }
  get unreviewed(): number {
    return this.volumes.reduce((sum, one) => sum + one.unreviewed, 0);
  }
  get activeFile(): FileEntry | null {
    return this.files.get(this.tabs.active ?? '') ?? null;
  }
  get pathTaken(): (path: string) => boolean {
    const taken = new Set([...this.files.values()].map((file) => file.path.toLowerCase()));
    for (const folder of this.folders) taken.add(folder.toLowerCase());
    return (path) => taken.has(path.toLowerCase());
  }

  // ---- coming and going ----------------------------------------------------------------------------------------------------

  /** Reads who I am and what I can see, then listens for news. */
  async start(): Promise<void> {
    this.me = await this.api('GET /me');
    this.layout = new Layout(this.#outside.storage, this.me.person.login);
    this.volumes = (await this.api('GET /volumes')).volumes;
    void this.notifications.read();
    this.#live = this.#outside.live({
      message: (message) => this.hear(message),
      state: (state) => {
        this.connection = state;
        if (state === 'offline') this.here = []; // nobody tells us any more
      },
      opened: (again) => this.#opened(again),
      refused: () => this.#outside.signedOut(),
    });
  }

  stop(): void {
    this.waiting.stop();
    this.#live?.close();
    this.#live = null;
  }

  async signOut(): Promise<void> {
    try {
      await this.api('POST /auth/sign-out');
      this.stop();
      if (this.me) await this.#outside.leave?.(this.me.person.id).catch(() => undefined);
      this.#outside.signedOut();
    } catch (error) {
      this.toasts.fail(error);
    }
  }

  retry(): void {
    this.#live?.retry();
  }

  /** Where this person was last, or their own volume. */
  get lastAddress(): string | null {
    if (!this.me) return null;
    const kept = readKept<string>(this.#outside.storage, `llmos.last.${this.me.person.login}`);
    const name = this.volumes.some((one) => kept && isInside(kept, placeAddress({ volume: one.name })));
    if (kept && name) return kept;
    const first =
      this.volumes.find((one) => one.kind === 'team') ??
      this.volumes.find((one) => one.kind === 'user') ??
      this.volumes[0];
    return first ? placeAddress({ volume: first.name }) : null;
  }

  /** Opens a volume, and in it the file that the address names. */
  async go(place: Place): Promise<void> {
    this.#goal = place;
    const isNew = place.volume !== this.volume;
    if (isNew) this.#opening = this.#openVolume(place.volume);
    await this.#opening;
    if (this.#goal !== place || this.tree !== 'ready') return;
    if (place.view === 'files' && place.path) this.#showPath(place.path);
    else if (place.view === 'files' && isNew && this.tabs.active) this.#outside.goto(this.address, { replace: true });
    this.#keepPlace();
    this.#sayWhere();
  }

  /** In a place beside the files where no volume is open: the one where this person was last. */
  async enterLast(): Promise<void> {
    const last = this.volumes.find((one) => isInside(this.lastAddress ?? '', placeAddress({ volume: one.name })));
    if (this.volume === null && last) await this.enter(last.name);
  }

  /** Opens a volume without showing a file of it, for places beside the files. */
  async enter(volume: string): Promise<void> {
    this.#goal = null;
    if (volume !== this.volume) this.#opening = this.#openVolume(volume);
    await this.#opening;
    this.#keepPlace();
  }

  async #openVolume(name: string): Promise<void> {
    if (this.volume) this.send({ type: 'unwatch', volume: this.volume });
    this.volume = name;
    this.files = new Map();
    this.folders = [];
    this.gone = new Map();
    this.due = new Map();
    this.here = [];
    this.status = null;
    this.tabs.restore(null, () => null);
    await this.readTree();
    if (this.volume !== name || this.tree !== 'ready') return;
    this.expanded.restore({ storage: this.#outside.storage, key: this.#key('tree'), files: this.files });
    this.tabs.restore(
      readKept<KeptTabs>(this.#outside.storage, this.#key('tabs')),
      (id) => this.files.get(id)?.path ?? null,
    );
    this.send({ type: 'watch', volume: name });
  }

  async readTree(): Promise<void> {
    const name = this.volume;
    if (!name) return;
    if (this.files.size === 0) this.tree = 'loading';
    try {
      const { files, folders } = await this.api('GET /volumes/:volume/tree', { params: { volume: name } });
      if (this.volume !== name) return;
      this.files = new Map(files.map((file) => [file.id, file]));
      this.due = new Map([...this.due].filter(([id]) => this.files.get(id)?.pending)); // versions that were made while nobody told us
      this.folders = folders;
      for (const file of files) this.tabs.renamed(file.id, file.path);
      this.tree = 'ready';
    } catch (error) {
      if (this.volume !== name) return;
      if (!isProblem(error)) throw error;
      if (this.tree !== 'ready' || !isOffline(error)) this.tree = error;
    }
  }

  #key(what: string): string {
    return `llmos.${what}.${this.me?.person.login ?? ''}.${this.volume ?? ''}`;
  }

  // ---- tabs and the address ------------------------------------------------------------------------------------------------

  fileAt(path: string): FileEntry | null {
    for (const file of this.files.values()) if (file.path === path) return file;
    return null;
  }

  /** The address of what is in front. */
  get address(): string {
    const path =
      this.activeFile?.path ?? this.tabs.group.tabs.find((tab) => tab.fileId === this.tabs.active)?.path ?? null;
    return placeAddress({ volume: this.volume ?? '', path });
  }

  /** Brings a file to the front, in a group if one is named. */
  open(file: { id: string; path: string }, group?: number): void {
    this.tabs.open({ fileId: file.id, path: file.path }, group);
    this.#outside.goto(this.address);
  }

  /** Any address of the workspace. */
  show(address: string): void {
    this.#outside.goto(address);
  }

  openPath(path: string, query: Record<string, string> = {}): void {
    if (this.volume) this.#outside.goto(placeAddress({ volume: this.volume, path, query }));
  }

  /** Runs a change of the tabs, then shows the address of what is in front. */
  arrange(change: (tabs: Tabs) => void, { replace = true }: { replace?: boolean } = {}): void {
    const before = this.address;
    change(this.tabs);
    this.#keepPlace();
    // from the history of a file its tab leads back to the file
    if (this.address !== before || this.#goal?.view === 'history') this.#outside.goto(this.address, { replace });
    else this.#sayWhere();
  }

  #showPath(path: string): void {
    const file = this.fileAt(path) ?? this.files.get(this.movedFrom.get(path) ?? '');
    if (file) this.tabs.open({ fileId: file.id, path: file.path });
    else if (this.folders.includes(path) || [...this.files.values()].some((one) => isInside(one.path, path)))
      this.expanded.reveal(`${path}/`);
    else {
      const open = this.tabs.groups
        .flatMap((group) => group.tabs)
        .find((tab) => tab.path === path && this.gone.has(tab.fileId));
      if (open) this.tabs.open(open);
    }
    if (file) this.expanded.reveal(path);
  }

  #keepPlace(): void {
    if (!this.volume || !this.me) return;
    writeKept(this.#outside.storage, this.#key('tabs'), this.tabs.keep());
    writeKept(this.#outside.storage, `llmos.last.${this.me.person.login}`, this.address);
  }

  // ---- verbs on files ------------------------------------------------------------------------------------------------------

  createFile = (path: string, text = ''): Promise<FileAddress> => createFile(this, path, text);
  createFolder = (path: string): Promise<void> => createFolder(this, path);
  rename = (from: string, to: string): Promise<void> => rename(this, from, to);
  move = (from: string, into: string): Promise<void> => move(this, from, into);
  remove = (path: string): Promise<void> => remove(this, path);
  putBack = (ids: string[]): Promise<void> => putBack(this, ids);
  upload = (uploads: Upload[], into = ''): Promise<void> => upload(this, uploads, into);

  /** What the server says of files, into the tree and the tabs. */
  put(changed: FileEntry[]): void {
    const files = new Map(this.files);
    for (const file of changed) files.set(file.id, file);
    this.files = files;
    for (const file of changed) this.#followRename(file.id, file.path);
  }

  /** The address follows the file that is in front. */
  #followRename(fileId: string, path: string): void {
    const tab = this.tabs.groups.flatMap((group) => group.tabs).find((one) => one.fileId === fileId);
    if (!tab || tab.path === path) return;
    this.movedFrom = new Map([...this.movedFrom, [tab.path, fileId]]);
    this.tabs.renamed(fileId, path);
    if (this.tabs.active === fileId) this.#outside.goto(this.address, { replace: true });
    this.#keepPlace();
  }

  // ---- who is here, and what concerns me -----------------------------------------------------------------------------------

  /** Others in the open volume, each once, whoever came first; in one file if it is named. */
  facesIn(fileId?: string | null): Face[] {
    const seen = new Map<string, Face>();
    for (const one of this.here) {
      if (one.person.id === this.me?.person.id || (fileId !== undefined && one.fileId !== fileId)) continue;
      if (!seen.has(one.person.id)) seen.set(one.person.id, one.person);
    }
    return [...seen.values()];
  }

  /** The file that a person looks at. */
  whereIs(personId: string): FileEntry | null {
    const at = this.here.find((one) => one.person.id === personId && one.fileId !== null);
    return this.files.get(at?.fileId ?? '') ?? null;
  }

  async readVolumes(): Promise<void> {
    try {
      this.volumes = (await this.api('GET /volumes')).volumes;
    } catch (error) {
      if (!isProblem(error)) throw error;
    }
  }

  /** Over the news socket, if it is open. */
  readonly send = (message: FromBrowser): void => this.#live?.send(message);

  /** Shows the chat with these words in it, for the person to finish and send; `alone`: as a place, where there is no panel. */
  ask(text: string, { caret = text.length, alone = false } = {}): void {
    this.asked = { text, caret };
    if (alone) this.#outside.goto('/chat');
    else this.layout.showRight();
  }

  #sayWhere(): void {
    if (this.volume) this.send({ type: 'at', volume: this.volume, fileId: this.tabs.active });
  }

  /** News of all my volumes, while something shows them together. Gives a way to stop. */
  watchAll(): () => void {
    const names = this.volumes.map((one) => one.name).filter((name) => name !== this.volume);
    for (const volume of names) this.send({ type: 'watch', volume });
    this.#alsoWatched = names;
    return () => {
      this.#alsoWatched = [];
      for (const volume of names) if (volume !== this.volume) this.send({ type: 'unwatch', volume });
    };
  }

  #opened(again: boolean): void {
    for (const volume of this.#alsoWatched) this.send({ type: 'watch', volume });
    if (this.volume) {
      this.send({ type: 'watch', volume: this.volume });
      this.#sayWhere();
    }
    if (!again) return;
    void this.readTree();
    void this.readVolumes();
    void this.notifications.read();
  }

  /** For a part of the page that needs a message itself, such as the conflicts of its file. Gives a way to stop. */
  listen(listener: (message: ToBrowser) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** News from the socket. Public so that a test can speak. */
  hear(message: ToBrowser): void {
    for (const listener of this.#listeners) listener(message);
    this.waiting.hear(message);
    hearNews(this, message);
  }

  /** Who I am and what I can see may be different now. */
  async readAccess(): Promise<void> {
    try {
      this.me = await this.api('GET /me');
    } catch (error) {
      if (!isProblem(error)) throw error;
      return;
    }
    await this.readVolumes();
    await this.readTree();
  }
}

export const [getWorkspace, setWorkspace] = createContext<Workspace>();
