// A file in a pane: what the server says of it, its live document, its conflicts, and what can be done about it. Lives as long as
// its pane; the document may live longer (openDocuments.ts).
import { untrack } from 'svelte';
import type { Conflict, FileDetail } from '#shared/api.ts';
import { isProblem, Problem } from '#shared/errors.ts';
import type { Face, ToBrowser } from '#shared/live.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import { freeName } from '#lib/workspace/tree.ts';
import type { LiveDocument } from './liveDocument.ts';
import { mergeWords } from './mergeWords.ts';
import { findOldCopies, forgetCopy, type OldCopy } from './offlineCopies.ts';
import { useDocument } from './openDocuments.ts';
import { readFaces } from './people.ts';

export class OpenFile {
  readonly fileId: string;
  detail = $state.raw<FileDetail | null>(null);
  problem = $state.raw<Problem | null>(null);
  live = $state.raw<LiveDocument | null>(null);
  conflicts = $state.raw<Conflict[]>([]);
  /** Words of an earlier epoch that are only here. */
  old = $state.raw<OldCopy | null>(null);
  faces = $state.raw<Face[]>([]);
  busy = $state(false);
  readonly #workspace: Workspace;
  readonly #me: Face;
  #release = () => {};
  #stop: (() => void)[] = [];
  #closed = false;

  constructor({ fileId, workspace, me }: { fileId: string; workspace: Workspace; me: Face }) {
    this.fileId = fileId;
    this.#workspace = workspace;
    this.#me = me;
  }

  get deleted(): { by: Face | null; at: string } | null {
    return (
      this.#workspace.gone.get(this.fileId) ??
      (this.#workspace.files.has(this.fileId) ? null : (this.detail?.deleted ?? null))
    );
  }
  get path(): string {
    return (
      this.#workspace.files.get(this.fileId)?.path ??
      this.#workspace.gone.get(this.fileId)?.path ??
      this.detail?.path ??
      ''
    );
  }

  async open(): Promise<void> {
    this.problem = null;
    try {
      const detail = await this.#workspace.api('GET /files/:id', { params: { id: this.fileId } });
      if (this.#closed) return;
      this.detail = detail;
      if (!detail.sync) return;
      this.#hold(detail);
      void this.readConflicts();
      const [old] = await findOldCopies({ personId: this.#me.id, fileId: this.fileId, epoch: detail.epoch });
      if (!this.#closed) this.old = old ?? null;
    } catch (error) {
      if (!isProblem(error)) throw error;
      this.problem = error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#letGo();
  }

  #hold(detail: FileDetail): void {
    const { live, release } = useDocument({ file: { ...detail, sync: detail.sync! }, me: this.#me });
    const readFacesNow = () => {
      const faces = readFaces(live.awareness, this.#me);
      if (JSON.stringify(faces) !== JSON.stringify(untrack(() => this.faces))) this.faces = faces;
    };
    live.awareness.on('change', readFacesNow);
    const unlisten = live.onChange(() => {
      // Rebuilt on the server, and nothing of ours is missing there: go on with the new one, without a question.
      if (live.ending?.offer === 'merge' && live.unsent === 0 && !this.busy) void this.mergeAsText();
    });
    this.#release = release;
    this.#stop = [unlisten, () => live.awareness.off('change', readFacesNow)];
    this.live = live;
    readFacesNow();
  }

  #letGo(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
    this.#release();
    this.#release = () => {};
  }

  async #reopen(): Promise<LiveDocument | null> {
    this.busy = true;
    try {
      const before = this.detail?.epoch;
      const detail = await this.#workspace.api('GET /files/:id', { params: { id: this.fileId } });
      if (this.#closed || !detail.sync || detail.epoch === before) return null;
      this.#letGo();
      this.detail = detail;
      this.#hold(detail);
      return this.live;
    } catch (error) {
      this.#workspace.toasts.fail(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** After another epoch: my words into the file as it is now. */
  async mergeAsText(): Promise<void> {
    const stale = this.live;
    if (!stale) return;
    const live = await this.#reopen();
    if (!live) return;
    // read only now: people type on while the server is asked
    if (stale.base !== null) await this.#bringIn(live, stale.base, stale.text.toString());
    await stale.discardCopy();
  }

  async mergeOld(): Promise<void> {
    const { old, live } = this;
    if (!old || !live) return;
    await this.#bringIn(live, old.unsent.base, old.text);
    await this.forgetOld();
  }

  async forgetOld(): Promise<void> {
    if (this.old) await forgetCopy(this.old.name);
    this.old = null;
  }

  async #bringIn(live: LiveDocument, base: string, mine: string): Promise<void> {
    await live.whenSynced();
    const { both, changed } = mergeWords({ text: live.text, base, mine, origin: live.bringing });
    const text = !changed
      ? 'Your words were already in the file.'
      : both === 0
        ? 'Your words are in the file.'
        : `Your words are in the file. In ${both === 1 ? 'one place' : `${both} places`} both texts stand now: look them over.`;
    this.#workspace.toasts.show({ kind: 'ok', text });
  }

  async copyText(text = this.live?.text.toString() ?? ''): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#workspace.toasts.show({ kind: 'ok', text: 'Your text is copied.' });
    } catch {
      // no permission, or plain http: a file is as good
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
      link.download = this.path.slice(this.path.lastIndexOf('/') + 1) || 'text.md';
      link.click();
      URL.revokeObjectURL(link.href);
      this.#workspace.toasts.show({ kind: 'ok', text: 'Your text is saved as a file.' });
    }
  }

  // ---- deleted under us ----------------------------------------------------------------------------------------------------

  async putBack(): Promise<void> {
    await this.#workspace.putBack([this.fileId]);
    if (this.live?.ending) await this.open();
  }

  async keepCopy(): Promise<void> {
    try {
      const path = freeName(this.path, this.#workspace.pathTaken);
      await this.#workspace.createFile(path, this.live?.text.toString() ?? '');
    } catch (error) {
      this.#workspace.toasts.fail(error);
    }
  }

  // ---- versions ------------------------------------------------------------------------------------------------------------

  /** Its sentence is being written: no pause is to become a version before it. Gives a way to say that it is done. */
  writeSentence(): () => void {
    const volume = this.detail?.volume;
    if (!volume) return () => {};
    this.#workspace.send({ type: 'saving', volume, open: true });
    return () => this.#workspace.send({ type: 'saving', volume, open: false });
  }

  async saveVersion(message: string): Promise<boolean> {
    const volume = this.detail?.volume;
    if (!volume) return false;
    try {
      await this.live?.whenSent();
      const { commits } = await this.#workspace.api('POST /volumes/:volume/checkpoint', {
        params: { volume },
        body: message ? { message } : {},
      });
      const made = commits.at(-1);
      if (!made && message) {
        // a pause was quicker than the sentence, which is not thrown away for it
        this.#workspace.toasts.show({
          text: 'Everything is in a version already, so none was made. Your sentence is kept for the next one.',
        });
        return false;
      }
      this.#workspace.toasts.show({
        kind: 'ok',
        text: made ? `Saved version ${made.oid.slice(0, 7)}` : 'Nothing changed since the last version.',
      });
      return true;
    } catch (error) {
      this.#workspace.toasts.fail(error);
      return false;
    }
  }

  async notASecret(): Promise<void> {
    try {
      await this.#workspace.api('POST /files/:id/not-a-secret', { params: { id: this.fileId } });
      await this.#workspace.readTree();
    } catch (error) {
      this.#workspace.toasts.fail(error);
    }
  }

  // ---- conflicts -----------------------------------------------------------------------------------------------------------

  async readConflicts(): Promise<void> {
    try {
      this.conflicts = (
        await this.#workspace.api('GET /files/:id/conflicts', { params: { id: this.fileId } })
      ).conflicts;
    } catch (error) {
      if (!isProblem(error)) throw error; // the next news, or the next visit, shows them
    }
  }

  async settle(conflict: string, choice: 'keep' | 'take' | 'both' | 'own', text?: string): Promise<void> {
    try {
      await this.live?.whenSent();
      await this.#workspace.api('POST /files/:id/conflicts/:conflict', {
        params: { id: this.fileId, conflict },
        body: { choice, ...(text !== undefined && { text }) },
      });
      this.conflicts = this.conflicts.filter((one) => one.id !== conflict);
    } catch (error) {
      this.#workspace.toasts.fail(error);
      void this.readConflicts();
    }
  }

  /** News of the volume that concern this file. */
  hear(message: ToBrowser): void {
    if (message.type === 'conflicts' && message.fileId === this.fileId) this.conflicts = message.open;
    else if (message.type === 'committed' && message.fileIds.includes(this.fileId))
      this.live?.tellLights({ type: 'committed', oid: message.commits.at(-1)?.oid ?? null });
  }
}
