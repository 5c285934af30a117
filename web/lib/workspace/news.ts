// What the server says over the news socket, made into what the workspace shows.
import type { ToBrowser } from '#shared/live.ts';
import type { Workspace } from './workspace.svelte.ts';

export function hearNews(workspace: Workspace, message: ToBrowser): void {
  if (
    'volume' in message &&
    message.volume !== workspace.volume &&
    message.type !== 'reviewed' &&
    message.type !== 'committed'
  )
    return;
  switch (message.type) {
    case 'presence':
      workspace.here = message.here;
      break;
    case 'tree':
      hearTree(workspace, message);
      break;
    case 'pending': {
      workspace.due = new Map([...workspace.due, [message.fileId, { at: message.due, authors: message.authors }]]);
      const file = workspace.files.get(message.fileId);
      if (file) workspace.put([{ ...file, pending: true, held: message.held === 'secret' }]);
      break;
    }
    case 'committed':
      hearCommitted(workspace, message);
      break;
    case 'reviewed':
      workspace.versions += 1;
      void workspace.readVolumes();
      break;
    case 'notification':
      workspace.notifications.add(message.notification);
      break;
    case 'access':
      void workspace.readAccess();
      break;
    case 'refused':
      void workspace.readTree();
      break;
    case 'hello':
    case 'conflicts':
      break;
  }
}

function hearTree(workspace: Workspace, message: Extract<ToBrowser, { type: 'tree' }>): void {
  const files = new Map(workspace.files);
  const gone = new Map(workspace.gone);
  for (const one of message.gone) {
    files.delete(one.id);
    gone.set(one.id, { path: one.path, by: one.by, at: one.at });
  }
  for (const file of message.changed) gone.delete(file.id);
  workspace.files = files;
  workspace.gone = gone;
  workspace.folders = message.folders;
  workspace.put(message.changed);
}

function hearCommitted(workspace: Workspace, message: Extract<ToBrowser, { type: 'committed' }>): void {
  if (message.volume === workspace.volume) {
    const due = new Map(workspace.due);
    for (const id of message.fileIds) due.delete(id);
    workspace.due = due;
    workspace.put(
      message.fileIds.flatMap((id) => {
        const file = workspace.files.get(id);
        return file ? [{ ...file, pending: false }] : [];
      }),
    );
    workspace.versions += 1;
  }
  void workspace.readVolumes();
}
