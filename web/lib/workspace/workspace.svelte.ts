// The one state of an open workspace: who I am, the volumes, the tree of the one that is open, its tabs, who is where, and what
// concerns me. Verbs are methods. The outside (API, socket, storage, toasts) is handed in, so that it runs without a DOM.
import { createContext } from 'svelte';
import type { FileAddress, FileEntry, Me, Notification, Volume } from '#shared/api.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Face, FromBrowser, Presence, ToBrowser } from '#shared/live.ts';
import { hasRole } from '#shared/permissions.ts';
import { isOffline, type Api } from '#lib/api.ts';
import type { Toasts } from '#lib/ui/toasts.svelte.ts';
import { count } from '#lib/ui/words.ts';
import { Actions } from './actions.svelte.ts';
import { Layout, readKept, writeKept, type Storage } from './layout.svelte.ts';
import type { Live, LiveNews, LiveState } from './live.ts';
import { placeAddress, type Place } from './place.ts';
import { Tabs, type KeptTabs } from './tabs.svelte.ts';
import { foldersAbove, freeName, isInside, joinPath, nameOf } from './tree.ts';

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

/** What the editor tells the status bar. */
export type EditorStatus = { line: number; column: number; words: number; problems: number };
/** What a place says in the status bar, and the keys that work in it. */
export type Footer = { icon?: unknown; text: string; keys: { keys: string[]; text: string }[] };
export type Upload = { /** Where in the volume. */ path: string; bytes: Blob };

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
  notifications = $state.raw<Notification[]>([]);
  unread = $state(0);
  connection = $state<LiveState>('connecting');
  /** Folders of the open volume that are open in the tree. */
  expanded = $state.raw<ReadonlySet<string>>(new Set());
  status = $state.raw<EditorStatus | null>(null);
  footer = $state.raw<Footer | null>(null);
  /** Counts up with every version that lands in the open volume: what shows history reads again. */
  versions = $state(0);
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
    void this.#readNotifications();
    this.#live = this.#outside.live({
      message: (message) => this.hear(message),
      state: (state) => (this.connection = state),
      opened: (again) => this.#opened(again),
      refused: () => this.#outside.signedOut(),
    });
  }

  stop(): void {
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

  async #openVolume(name: string): Promise<void> {
    if (this.volume) this.#send({ type: 'unwatch', volume: this.volume });
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
    this.expanded = new Set(readKept<string[]>(this.#outside.storage, this.#key('tree')) ?? this.#firstExpanded());
    this.tabs.restore(
      readKept<KeptTabs>(this.#outside.storage, this.#key('tabs')),
      (id) => this.files.get(id)?.path ?? null,
    );
    this.#send({ type: 'watch', volume: name });
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

  /** A small volume shows all of its first floor; a large one starts folded. */
  #firstExpanded(): string[] {
    if (this.files.size > 100) return [];
    return [...new Set([...this.files.values()].flatMap((file) => foldersAbove(file.path).slice(0, 1)))];
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
      this.reveal(`${path}/`);
    else {
      const open = this.tabs.groups
        .flatMap((group) => group.tabs)
        .find((tab) => tab.path === path && this.gone.has(tab.fileId));
      if (open) this.tabs.open(open);
    }
    if (file) this.reveal(path);
  }

  /** Opens the folders above a path in the tree. */
  reveal(path: string): void {
    const closed = foldersAbove(path).filter((folder) => !this.expanded.has(folder));
    if (closed.length > 0) this.#expand(new Set([...this.expanded, ...closed]));
  }

  toggleFolder(path: string, open = !this.expanded.has(path)): void {
    const next = new Set(this.expanded);
    if (open) next.add(path);
    else next.delete(path);
    this.#expand(next);
  }

  collapseAll(): void {
    this.#expand(new Set());
  }

  #expand(folders: ReadonlySet<string>): void {
    this.expanded = folders;
    writeKept(this.#outside.storage, this.#key('tree'), [...folders]);
  }

  #keepPlace(): void {
    if (!this.volume || !this.me) return;
    writeKept(this.#outside.storage, this.#key('tabs'), this.tabs.keep());
    writeKept(this.#outside.storage, `llmos.last.${this.me.person.login}`, this.address);
  }

  // ---- verbs on files ------------------------------------------------------------------------------------------------------

  /** Makes a file and opens it. */
  async createFile(path: string, text = ''): Promise<FileAddress> {
    const volume = this.#open();
    const made = await this.api('PUT /volumes/:volume/files/*path', { params: { volume, path }, body: text });
    this.#put([
      {
        ...made,
        kind: 'text',
        size: text.length,
        branch: 'main',
        pending: false,
        held: false,
        updatedAt: new Date().toISOString(),
      },
    ]);
    this.reveal(made.path);
    this.open(made);
    return made;
  }

  async createFolder(path: string): Promise<void> {
    await this.api('POST /volumes/:volume/folders', { params: { volume: this.#open() }, body: { path } });
    if (!this.folders.includes(path)) this.folders = [...this.folders, path];
    this.reveal(`${path}/`);
  }

  /** Renames or moves a file or a folder; whoever has it open keeps it open. */
  async rename(from: string, to: string): Promise<void> {
    if (from === to) return;
    const volume = this.#open();
    if (this.fileAt(from)) {
      const moved = await this.api('PATCH /volumes/:volume/files/*path', {
        params: { volume, path: from },
        body: { rename_to: to },
      });
      this.#renamed([moved]);
    } else {
      const { files } = await this.api('PATCH /volumes/:volume/folders/*path', {
        params: { volume, path: from },
        body: { rename_to: to },
      });
      this.folders = this.folders.map((folder) => (isInside(folder, from) ? to + folder.slice(from.length) : folder));
      if (this.expanded.has(from))
        this.#expand(
          new Set(
            [...this.expanded].map((folder) => (isInside(folder, from) ? to + folder.slice(from.length) : folder)),
          ),
        );
      this.#renamed(files);
    }
  }

  /** Deletes a file or a folder with all that is in it; the toast puts it back. */
  async remove(path: string): Promise<void> {
    const volume = this.#open();
    const file = this.fileAt(path);
    const gone = file
      ? [await this.api('DELETE /volumes/:volume/files/*path', { params: { volume, path } })]
      : (await this.api('DELETE /volumes/:volume/folders/*path', { params: { volume, path } })).files;
    const files = new Map(this.files);
    this.arrange((tabs) => {
      for (const { id } of gone) {
        files.delete(id);
        tabs.closeEverywhere(id);
      }
    });
    this.files = files;
    this.folders = this.folders.filter((folder) => !isInside(folder, path));
    const what = file ? nameOf(path) : `${nameOf(path)} with ${count(gone.length, 'file')}`;
    this.toasts.show({
      text: `Deleted ${what}`,
      act: gone.length > 0 ? { label: 'Undo', run: () => void this.putBack(gone.map(({ id }) => id)) } : undefined,
    });
  }

  async putBack(ids: string[]): Promise<void> {
    try {
      const back = [];
      for (const id of ids) back.push(await this.api('POST /files/:id/put-back', { params: { id }, body: {} }));
      await this.readTree();
      const first = back[0];
      if (first && back.length === 1) this.open(first);
    } catch (error) {
      this.toasts.fail(error);
    }
  }

  /** Brings bytes in, four at a time; names that are taken get a number. */
  async upload(uploads: Upload[], into = ''): Promise<void> {
    const volume = this.#open();
    const stop = new AbortController();
    const taken = this.pathTaken;
    const mine = new Set<string>();
    const queue = uploads.map((one) => {
      const path = freeName(joinPath(into, one.path), (wanted) => taken(wanted) || mine.has(wanted.toLowerCase()));
      mine.add(path.toLowerCase());
      return { ...one, path };
    });
    const all = queue.length;
    const cancel = { label: 'Cancel', run: () => stop.abort() };
    const words = (done: number) =>
      all === 1
        ? `Uploading ${queue[0]?.path ?? nameOf(uploads[0]?.path ?? '')}`
        : `Uploading ${done} of ${count(all, 'file')}`;
    let done = 0;
    const failures: string[] = [];
    const toast = this.toasts.show({
      text: all === 1 ? `Uploading ${nameOf(uploads[0]!.path)}` : words(0),
      progress: 0,
      act: cancel,
    });
    const work = async () => {
      for (let next = queue.shift(); next && !stop.signal.aborted; next = queue.shift()) {
        const { path, bytes } = next;
        try {
          await this.api('POST /volumes/:volume/upload/*path', {
            params: { volume, path },
            body: bytes,
            signal: stop.signal,
          });
          done += 1;
        } catch (error) {
          if (stop.signal.aborted) break;
          failures.push(`${nameOf(path)}: ${error instanceof Error ? error.message : 'it failed'}`);
        }
        if (all > 1) toast.change({ text: words(done), progress: (done + failures.length) / all, act: cancel });
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    await this.readTree();
    if (stop.signal.aborted) toast.change({ text: `Stopped. ${count(done, 'file')} of ${all} arrived.` });
    else if (failures.length === 0)
      toast.change({ kind: 'ok', text: `Uploaded ${all === 1 ? nameOf(uploads[0]!.path) : count(done, 'file')}` });
    else
      toast.change({
        kind: 'danger',
        text: `${done} of ${count(all, 'file')} arrived. ${failures.slice(0, 3).join(' ')}${failures.length > 3 ? ` And ${failures.length - 3} more.` : ''}`,
      });
  }

  #open(): string {
    if (!this.volume) throw new TypeError('no volume is open');
    return this.volume;
  }

  #put(changed: FileEntry[]): void {
    const files = new Map(this.files);
    for (const file of changed) files.set(file.id, file);
    this.files = files;
    for (const file of changed) this.#followRename(file.id, file.path);
  }

  #renamed(moved: { id: string; path: string }[]): void {
    this.#put(
      moved.flatMap(({ id, path }) => {
        const file = this.files.get(id);
        return file ? [{ ...file, path }] : [];
      }),
    );
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

  async markRead(ids?: string[]): Promise<void> {
    const which = new Set(ids ?? this.notifications.map((one) => one.id));
    this.unread = ids
      ? Math.max(0, this.unread - this.notifications.filter((one) => which.has(one.id) && !one.read).length)
      : 0;
    this.notifications = this.notifications.map((one) => (which.has(one.id) ? { ...one, read: true } : one));
    await this.api('POST /me/notifications/read', { body: ids ? { ids } : {} });
  }

  async #readNotifications(): Promise<void> {
    try {
      const { notifications, unread } = await this.api('GET /me/notifications');
      this.notifications = notifications;
      this.unread = unread;
    } catch (error) {
      if (!isProblem(error)) throw error; // the bell stays as it was; the next reconnect reads again
    }
  }

  async readVolumes(): Promise<void> {
    try {
      this.volumes = (await this.api('GET /volumes')).volumes;
    } catch (error) {
      if (!isProblem(error)) throw error;
    }
  }

  #send(message: FromBrowser): void {
    this.#live?.send(message);
  }

  #sayWhere(): void {
    if (this.volume) this.#send({ type: 'at', volume: this.volume, fileId: this.tabs.active });
  }

  /** News of all my volumes, while something shows them together. Gives a way to stop. */
  watchAll(): () => void {
    const names = this.volumes.map((one) => one.name).filter((name) => name !== this.volume);
    for (const volume of names) this.#send({ type: 'watch', volume });
    this.#alsoWatched = names;
    return () => {
      this.#alsoWatched = [];
      for (const volume of names) if (volume !== this.volume) this.#send({ type: 'unwatch', volume });
    };
  }

  #opened(again: boolean): void {
    for (const volume of this.#alsoWatched) this.#send({ type: 'watch', volume });
    if (this.volume) {
      this.#send({ type: 'watch', volume: this.volume });
      this.#sayWhere();
    }
    if (!again) return;
    void this.readTree();
    void this.readVolumes();
    void this.#readNotifications();
  }

  /** For a part of the page that needs a message itself, such as the conflicts of its file. Gives a way to stop. */
  listen(listener: (message: ToBrowser) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** News from the socket. Public so that a test can speak. */
  hear(message: ToBrowser): void {
    for (const listener of this.#listeners) listener(message);
    if (
      'volume' in message &&
      message.volume !== this.volume &&
      message.type !== 'reviewed' &&
      message.type !== 'committed'
    )
      return;
    switch (message.type) {
      case 'presence':
        this.here = message.here;
        break;
      case 'tree':
        this.#hearTree(message);
        break;
      case 'pending': {
        this.due = new Map([...this.due, [message.fileId, { at: message.due, authors: message.authors }]]);
        const file = this.files.get(message.fileId);
        if (file) this.#put([{ ...file, pending: true, held: message.held === 'secret' }]);
        break;
      }
      case 'committed':
        this.#hearCommitted(message);
        break;
      case 'reviewed':
        this.versions += 1;
        void this.readVolumes();
        break;
      case 'notification':
        this.notifications = [
          message.notification,
          ...this.notifications.filter((one) => one.id !== message.notification.id),
        ].slice(0, 100);
        if (!message.notification.read) this.unread += 1;
        break;
      case 'access':
        void this.readAccess();
        break;
      case 'refused':
        void this.readTree();
        break;
      case 'hello':
      case 'conflicts':
        break;
    }
  }

  #hearTree(message: Extract<ToBrowser, { type: 'tree' }>): void {
    const files = new Map(this.files);
    const gone = new Map(this.gone);
    for (const one of message.gone) {
      files.delete(one.id);
      gone.set(one.id, { path: one.path, by: one.by, at: one.at });
    }
    for (const file of message.changed) gone.delete(file.id);
    this.files = files;
    this.gone = gone;
    this.folders = message.folders;
    this.#put(message.changed);
  }

  #hearCommitted(message: Extract<ToBrowser, { type: 'committed' }>): void {
    if (message.volume === this.volume) {
      const due = new Map(this.due);
      for (const id of message.fileIds) due.delete(id);
      this.due = due;
      this.#put(
        message.fileIds.flatMap((id) => {
          const file = this.files.get(id);
          return file ? [{ ...file, pending: false }] : [];
        }),
      );
      this.versions += 1;
    }
    void this.readVolumes();
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
