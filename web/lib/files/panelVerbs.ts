// What can be done from the side panel of a volume: as acts of the palette and as entries of its menu.
import ChevronsDownUp from '@lucide/svelte/icons/chevrons-down-up';
import Download from '@lucide/svelte/icons/download';
import FilePlus from '@lucide/svelte/icons/file-plus';
import Filter from '@lucide/svelte/icons/filter';
import FolderInput from '@lucide/svelte/icons/folder-input';
import FolderPlus from '@lucide/svelte/icons/folder-plus';
import GitBranch from '@lucide/svelte/icons/git-branch';
import History from '@lucide/svelte/icons/history';
import Upload from '@lucide/svelte/icons/upload';
import { addressOf } from '#lib/api.ts';
import type { MenuEntry } from '#lib/ui/menu.ts';
import type { Action } from '#lib/workspace/actions.svelte.ts';
import { placeAddress } from '#lib/workspace/place.ts';
import { folderOf } from '#lib/workspace/tree.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';

export type PanelVerbs = {
  newIn: (what: 'file' | 'folder') => void;
  rename: (path: string) => void;
  move: (path: string) => void;
  /** Asks for files of this computer. */
  pick: (what: 'files' | 'folder', into: string) => void;
  importInto: () => void;
  filter: () => void;
};

export function panelActions(workspace: Workspace, verbs: PanelVerbs): Action[] {
  const write = () => workspace.canWrite;
  const writeFile = () => workspace.canWrite && workspace.activeFile !== null;
  const withFile = (run: (path: string) => void) => () => workspace.activeFile && run(workspace.activeFile.path);
  return [
    {
      id: 'file.new',
      title: 'New file',
      group: 'File',
      keys: 'Alt N',
      icon: FilePlus,
      when: write,
      run: () => verbs.newIn('file'),
    },
    {
      id: 'folder.new',
      title: 'New folder',
      group: 'File',
      keys: 'Alt Shift N',
      icon: FolderPlus,
      when: write,
      run: () => verbs.newIn('folder'),
    },
    {
      id: 'file.upload',
      title: 'Upload files',
      group: 'File',
      icon: Upload,
      when: write,
      run: () => verbs.pick('files', folderOf(workspace.activeFile?.path ?? '')),
    },
    {
      id: 'folder.upload',
      title: 'Upload a folder',
      group: 'File',
      icon: FolderInput,
      when: write,
      run: () => verbs.pick('folder', ''),
    },
    {
      id: 'volume.import',
      title: 'Import an archive or a git address',
      group: 'File',
      icon: GitBranch,
      when: write,
      run: verbs.importInto,
    },
    {
      id: 'file.rename',
      title: 'Rename this file',
      group: 'File',
      when: writeFile,
      run: withFile(verbs.rename),
    },
    {
      id: 'file.move',
      title: 'Move this file to',
      group: 'File',
      icon: FolderInput,
      when: writeFile,
      run: withFile(verbs.move),
    },
    { id: 'tree.filter', title: 'Filter the files', group: 'View', icon: Filter, run: verbs.filter },
    { id: 'tree.rename', title: 'Rename, in the tree', group: 'File', keys: 'F2', onlyKeys: true, run: () => {} },
    { id: 'tree.delete', title: 'Delete, in the tree', group: 'File', keys: 'Delete', onlyKeys: true, run: () => {} },
  ];
}

export function panelEntries(workspace: Workspace, verbs: PanelVerbs): MenuEntry[] {
  const volume = workspace.volume ?? '';
  const archive = (format: 'zip' | 'tar.gz'): MenuEntry => ({
    label: `Download as ${format}`,
    icon: Download,
    href: addressOf('GET /volumes/:volume/export', { params: { volume }, query: { format } }),
    download: true,
  });
  const writing: MenuEntry[] = [
    { label: 'Upload files', icon: Upload, run: () => verbs.pick('files', '') },
    { label: 'Upload a folder', icon: FolderInput, run: () => verbs.pick('folder', '') },
    { label: 'Import an archive or a git address', icon: GitBranch, run: verbs.importInto },
    'line',
  ];
  return [
    ...(workspace.canWrite ? writing : []),
    archive('zip'),
    archive('tar.gz'),
    'line',
    { label: 'History of the volume', icon: History, href: placeAddress({ volume, view: 'history' }) },
    { label: 'Close all folders', icon: ChevronsDownUp, run: () => workspace.expanded.closeAll() },
  ];
}
