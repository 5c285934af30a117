// What a person does with the files of a board: each act says what it does, shows the folder as it is afterwards, and keeps what went wrong.
import type { Device } from '#shared/api/devices.ts';
import type { BoardEntry } from '#shared/devices.ts';
import { sentenceOf } from '#lib/api.ts';
import type { Asker } from '#lib/ui/ask.svelte.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import { programJob } from '../run/program.ts';
import type { BoardTools, ShownFiles } from './boardTools.svelte.ts';
import type { Asked } from './NameDialog.svelte';
import { folderAbove, inFolder, lastName, readText, startCode, wrongBoardName } from './paths.ts';

type Content = Uint8Array<ArrayBuffer>;

export class BoardFolder {
  /** A name that is asked for. */
  asked = $state.raw<Asked | null>(null);
  readonly #shown: ShownFiles;
  readonly #device: () => Device;
  readonly #workspace: Pick<Workspace, 'api' | 'toasts'>;
  readonly #asker: Asker;
  /** This person may still act on the board. */
  readonly #may: () => boolean;

  constructor(from: {
    shown: ShownFiles;
    device: () => Device;
    workspace: Pick<Workspace, 'api' | 'toasts'>;
    asker: Asker;
    may: () => boolean;
  }) {
    this.#shown = from.shown;
    this.#device = from.device;
    this.#workspace = from.workspace;
    this.#asker = from.asker;
    this.#may = from.may;
  }
  get #tools(): BoardTools {
    return this.#shown.tools;
  }

  // ---- looking
  async list(to: string): Promise<void> {
    const done = await this.#tools.perform(`Reading ${to}`, { kind: 'list', path: to });
    if (!done) return;
    this.#shown.folder = to;
    this.#shown.entries = done.entries ?? [];
  }
  async show(path: string): Promise<void> {
    const content = await this.#read(path);
    if (content) this.#shown.opened = { path, bytes: content, text: readText(content) };
  }
  async download(path: string, held?: Content): Promise<void> {
    const content = held ?? (await this.#read(path));
    if (!content) return;
    const address = URL.createObjectURL(new Blob([content]));
    const link = document.createElement('a');
    link.href = address;
    link.download = lastName(path);
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
  keep(path: string, held?: Content): void {
    const { volume } = this.#device();
    this.asked = {
      title: 'Save into the volume',
      label: `Path in ${volume}`,
      value: lastName(path),
      act: 'Save',
      wrong: (value) => (value === '' || value.endsWith('/') ? 'Write a path with a name at its end.' : null),
      done: async (to) => {
        const content = held ?? (await this.#read(path));
        if (!content) return;
        try {
          const params = { volume, path: to };
          const made = await this.#workspace.api('POST /volumes/:volume/upload/*path', { params, body: content });
          this.#workspace.toasts.show({ kind: 'ok', text: `Saved as ${made.path} in ${volume}` });
        } catch (error) {
          this.#fail(sentenceOf(error));
        }
      },
    };
  }

  // ---- changing
  async bring(files: Iterable<{ file: Blob; name: string }>): Promise<void> {
    for (const { file, name } of files) {
      const wrong = wrongBoardName(name);
      if (wrong) return this.#fail(`${name}: ${wrong}`);
      if (!(await this.#put(name, () => this.#tools.send(file, name)))) return;
    }
  }
  async bringFromVolume(from: string): Promise<void> {
    await this.#put(lastName(from), () => this.#tools.fromVolume(from));
  }
  rename(path: string): void {
    this.asked = {
      title: `Rename ${lastName(path)}`,
      label: 'New name',
      value: lastName(path),
      act: 'Rename',
      wrong: wrongBoardName,
      done: (name) => {
        const to = inFolder(folderAbove(path), name);
        if (to !== path) void this.#change(`Renaming ${path}`, { kind: 'rename', path, to }, `${path} is ${to} now`);
      },
    };
  }
  makeFolder(): void {
    const { folder } = this.#shown;
    this.asked = {
      title: 'New folder',
      label: `Name, in ${folder}`,
      value: '',
      act: 'Make the folder',
      wrong: wrongBoardName,
      done: (name) => {
        const path = inFolder(folder, name);
        void this.#change(`Making ${path}`, { kind: 'mkdir', path }, `${path} is made`);
      },
    };
  }
  async remove(entry: BoardEntry): Promise<void> {
    const path = inFolder(this.#shown.folder, entry.name);
    const yes = await this.#asker.ask({
      title: `Remove ${entry.name}?`,
      text: entry.folder
        ? `${path} and all that is in it go from the board. They cannot be brought back.`
        : `${path} goes from the board. It cannot be brought back.`,
      act: `Remove ${entry.name}`,
      kind: 'danger',
    });
    if (yes) await this.#change(`Removing ${path}`, { kind: 'remove', path }, `${path} is removed`);
  }

  // ---- running
  async run(path: string): Promise<void> {
    const code = startCode(path);
    await this.#tools.perform(`Running ${path}`, { kind: 'exec', code, timeoutMs: 0, name: path, fresh: true });
    if (this.#shown.opened === null) await this.#listAgain();
  }
  async runOfVolume(path: string): Promise<void> {
    await this.#tools.perform(`Running ${path}`, async () => {
      const code = readText(await this.#tools.fetch(await this.#tools.fromVolume(path)));
      if (code === null) throw new Error(`${path} is not text.`);
      return programJob({ path, code });
    });
    await this.#listAgain();
  }

  async #read(path: string): Promise<Content | null> {
    const done = await this.#tools.perform(`Reading ${path}`, { kind: 'get', path });
    if (!done?.artifact) return null;
    try {
      return await this.#tools.fetch(done.artifact);
    } catch (error) {
      this.#fail(sentenceOf(error));
      return null;
    }
  }
  /** False: it is not there, and no other one should follow. */
  async #put(name: string, send: () => ReturnType<BoardTools['send']>): Promise<boolean> {
    const path = inFolder(this.#shown.folder, name);
    const isThere = this.#shown.entries?.some((entry) => entry.name === name);
    const may =
      !isThere ||
      (await this.#asker.ask({
        title: `Replace ${name}?`,
        text: `${path} is on the board already. The new one takes its place when it has arrived whole.`,
        act: `Replace ${name}`,
      }));
    if (!may) return true;
    const put = async () => ({ kind: 'put' as const, path, artifact: await send() });
    return this.#change(`Writing ${path}`, put, `${path} is on the board, checked`);
  }
  async #change(what: string, work: Parameters<BoardTools['perform']>[1], said: string): Promise<boolean> {
    const done = await this.#tools.perform(what, work);
    if (done) this.#workspace.toasts.show({ kind: 'ok', text: said });
    const failed = this.#tools.failed;
    await this.list(this.#shown.folder);
    this.#tools.failed ??= failed;
    return done !== null;
  }
  /** A program may have written files. What went wrong stays. */
  async #listAgain(): Promise<void> {
    if (!this.#may()) return;
    const failed = this.#tools.failed;
    await this.list(this.#shown.folder);
    this.#tools.failed ??= failed;
  }
  #fail(text: string): void {
    this.#tools.failed = { text, partial: null };
  }
}
