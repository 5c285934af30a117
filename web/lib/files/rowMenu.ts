// What can be done with a row of the tree, or with the volume itself.
import Columns from '@lucide/svelte/icons/columns-2';
import Copy from '@lucide/svelte/icons/copy';
import Download from '@lucide/svelte/icons/download';
import FilePlus from '@lucide/svelte/icons/file-plus';
import FolderInput from '@lucide/svelte/icons/folder-input';
import FolderPlus from '@lucide/svelte/icons/folder-plus';
import History from '@lucide/svelte/icons/history';
import Link from '@lucide/svelte/icons/link';
import Pencil from '@lucide/svelte/icons/pencil';
import Trash from '@lucide/svelte/icons/trash-2';
import Upload from '@lucide/svelte/icons/upload';
import { addressOf } from '#lib/api.ts';
import type { MenuEntry } from '#lib/ui/menu.ts';
import { placeAddress } from '#lib/workspace/place.ts';
import { folderOf, type Row } from '#lib/workspace/tree.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';

type Acts = {
  newIn: (what: 'file' | 'folder', folder: string) => void;
  rename: (path: string) => void;
  move: (path: string) => void;
  remove: (row: Row) => void;
  upload: (folder: string) => void;
};

export function rowEntries(row: Row | null, workspace: Workspace, acts: Acts): MenuEntry[] {
  const volume = workspace.volume ?? '';
  const folder = row === null ? '' : row.kind === 'folder' ? row.path : folderOf(row.path);
  const copy = (text: string, what: string) => () =>
    void navigator.clipboard.writeText(text).then(
      () => workspace.toasts.show({ text: `Copied ${what}`, kind: 'ok' }),
      () => workspace.toasts.show({ text: `The browser did not let us copy. ${text}`, kind: 'danger' }),
    );
  const create: MenuEntry[] = workspace.canWrite
    ? [
        { label: 'New file', icon: FilePlus, run: () => acts.newIn('file', folder) },
        { label: 'New folder', icon: FolderPlus, run: () => acts.newIn('folder', folder) },
        { label: folder ? `Upload into ${folder}` : 'Upload files', icon: Upload, run: () => acts.upload(folder) },
      ]
    : [];
  if (row === null) return create.length > 0 ? create : [{ label: 'You can read this volume', disabled: true }];

  const address = placeAddress({ volume, path: row.path });
  const open: MenuEntry[] =
    row.kind === 'file'
      ? [
          {
            label: 'Open to the side',
            icon: Columns,
            run: () =>
              workspace.open({ id: row.key, path: row.path }, workspace.tabs.isSplit ? 1 - workspace.tabs.current : 1),
          },
          { label: 'History', icon: History, href: placeAddress({ volume, view: 'history', path: row.path }) },
          {
            label: 'Download',
            icon: Download,
            href: addressOf('GET /volumes/:volume/raw/*path', {
              params: { volume, path: row.path },
              query: { download: '1' },
            }),
            download: true,
          },
          'line',
        ]
      : [];
  const change: MenuEntry[] = workspace.canWrite
    ? [
        'line',
        { label: 'Rename', icon: Pencil, keys: 'F2', run: () => acts.rename(row.path) },
        { label: 'Move to', icon: FolderInput, run: () => acts.move(row.path) },
        { label: 'Delete', icon: Trash, keys: 'Delete', kind: 'danger', run: () => acts.remove(row) },
      ]
    : [];
  return [
    ...open,
    ...create,
    ...(create.length > 0 ? (['line'] as const) : []),
    { label: 'Copy path', icon: Copy, run: copy(row.path, 'the path') },
    { label: 'Copy link', icon: Link, run: copy(new URL(address, location.href).href, 'the link') },
    ...change,
  ];
}
