// What a person does with the files and folders of the open volume; each verb asks the server, then shows what it answered.
import type { FileAddress } from '#shared/api.ts';
import { count } from '#lib/ui/words.ts';
import { isInside, joinPath, nameOf } from './tree.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Makes a file and opens it, to be written in. */
export async function createFile(workspace: Workspace, path: string, text = ''): Promise<FileAddress> {
  const volume = openVolume(workspace);
  const made = await workspace.api('PUT /volumes/:volume/files/*path', { params: { volume, path }, body: text });
  workspace.put([
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
  workspace.expanded.reveal(made.path);
  workspace.toWrite = made.id;
  workspace.open(made);
  return made;
}

export async function createFolder(workspace: Workspace, path: string): Promise<void> {
  await workspace.api('POST /volumes/:volume/folders', { params: { volume: openVolume(workspace) }, body: { path } });
  if (!workspace.folders.includes(path)) workspace.folders = [...workspace.folders, path];
  workspace.expanded.reveal(`${path}/`);
}

/** Renames or moves a file or a folder; whoever has it open keeps it open. */
export async function rename(workspace: Workspace, from: string, to: string): Promise<void> {
  if (from === to) return;
  const volume = openVolume(workspace);
  if (workspace.fileAt(from)) {
    const moved = await workspace.api('PATCH /volumes/:volume/files/*path', {
      params: { volume, path: from },
      body: { rename_to: to },
    });
    renamed(workspace, [moved]);
  } else {
    const { files } = await workspace.api('PATCH /volumes/:volume/folders/*path', {
      params: { volume, path: from },
      body: { rename_to: to },
    });
    workspace.folders = workspace.folders.map((folder) =>
      isInside(folder, from) ? to + folder.slice(from.length) : folder,
    );
    workspace.expanded.renamed(from, to);
    renamed(workspace, files);
  }
}

/** Puts a file or a folder into another folder; the toast takes it back, because a thing is dropped by accident soon. */
export async function move(workspace: Workspace, from: string, into: string): Promise<void> {
  const to = joinPath(into, nameOf(from));
  if (from === to) return;
  await rename(workspace, from, to);
  workspace.expanded.reveal(to);
  const back = () => rename(workspace, to, from).catch((error: unknown) => workspace.toasts.fail(error));
  workspace.toasts.show({
    text: `Moved ${nameOf(from)} ${into ? `into ${into}` : 'to the top'}`,
    act: { label: 'Undo', run: () => void back() },
  });
}

/** Deletes a file or a folder with all that is in it; the toast puts it back. */
export async function remove(workspace: Workspace, path: string): Promise<void> {
  const volume = openVolume(workspace);
  const file = workspace.fileAt(path);
  const gone = file
    ? [await workspace.api('DELETE /volumes/:volume/files/*path', { params: { volume, path } })]
    : (await workspace.api('DELETE /volumes/:volume/folders/*path', { params: { volume, path } })).files;
  const files = new Map(workspace.files);
  workspace.arrange((tabs) => {
    for (const { id } of gone) {
      files.delete(id);
      tabs.closeEverywhere(id);
    }
  });
  workspace.files = files;
  workspace.folders = workspace.folders.filter((folder) => !isInside(folder, path));
  const what = file ? nameOf(path) : `${nameOf(path)} with ${count(gone.length, 'file')}`;
  workspace.toasts.show({
    text: `Deleted ${what}`,
    act:
      gone.length > 0
        ? {
            label: 'Undo',
            run: () =>
              void putBack(
                workspace,
                gone.map(({ id }) => id),
              ),
          }
        : undefined,
  });
}

export async function putBack(workspace: Workspace, ids: string[]): Promise<void> {
  try {
    const back = [];
    for (const id of ids) back.push(await workspace.api('POST /files/:id/put-back', { params: { id }, body: {} }));
    await workspace.readTree();
    const first = back[0];
    if (first && back.length === 1) workspace.open(first);
  } catch (error) {
    workspace.toasts.fail(error);
  }
}

function renamed(workspace: Workspace, moved: { id: string; path: string }[]): void {
  workspace.put(
    moved.flatMap(({ id, path }) => {
      const file = workspace.files.get(id);
      return file ? [{ ...file, path }] : [];
    }),
  );
}

/** The name of the volume that is open. */
export function openVolume(workspace: Workspace): string {
  if (!workspace.volume) throw new TypeError('no volume is open');
  return workspace.volume;
}
