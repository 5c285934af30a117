// Bytes from this computer into the open volume, with a toast that counts and can stop them.
import { count } from '#lib/ui/words.ts';
import { openVolume } from './fileVerbs.ts';
import { freeName, joinPath, nameOf } from './tree.ts';
import type { Workspace } from './workspace.svelte.ts';

export type Upload = { /** Where in the volume. */ path: string; bytes: Blob };

/** Brings bytes in, four at a time; names that are taken get a number. */
export async function upload(workspace: Workspace, uploads: Upload[], into = ''): Promise<void> {
  const volume = openVolume(workspace);
  const stop = new AbortController();
  const taken = workspace.pathTaken;
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
  const toast = workspace.toasts.show({
    text: all === 1 ? `Uploading ${nameOf(uploads[0]!.path)}` : words(0),
    progress: 0,
    act: cancel,
  });
  const work = async () => {
    for (let next = queue.shift(); next && !stop.signal.aborted; next = queue.shift()) {
      const { path, bytes } = next;
      try {
        await workspace.api('POST /volumes/:volume/upload/*path', {
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
  await workspace.readTree();
  if (stop.signal.aborted) toast.change({ text: `Stopped. ${count(done, 'file')} of ${all} arrived.` });
  else if (failures.length === 0)
    toast.change({ kind: 'ok', text: `Uploaded ${all === 1 ? nameOf(uploads[0]!.path) : count(done, 'file')}` });
  else
    toast.change({
      kind: 'danger',
      text: `${done} of ${count(all, 'file')} arrived. ${failures.slice(0, 3).join(' ')}${failures.length > 3 ? ` And ${failures.length - 3} more.` : ''}`,
    });
}
