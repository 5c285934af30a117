// Agents among the people of a file: a name and a caret where they wrote last. They have no connection; who stays silent leaves, as
// browsers forget a presence that nobody renews.
import type { Face } from '#shared/live.ts';
import type { Speaker } from './presence.ts';
import type { Room } from './room.ts';

type Shown = { room: Room; speaker: Speaker & { awareId: number }; timer: NodeJS.Timeout };

/** Milliseconds without a word until an agent is gone; browsers wait 30 s. */
const silence = 25_000;

export function createAgents({
  find,
  patience = silence,
}: {
  find: (fileId: string) => Room | null;
  patience?: number;
}) {
  const shown = new Map<string, Map<string, Shown>>();

  function leave(agent: string, fileId: string): void {
    const files = shown.get(agent);
    const one = files?.get(fileId);
    if (!files || !one) return;
    clearTimeout(one.timer);
    if (!one.room.closed) one.room.presence.leave(one.speaker);
    files.delete(fileId);
    if (files.size === 0) shown.delete(agent);
  }

  return {
    show({ fileId, agent, face, caret }: { fileId: string; agent: string; face: Face; caret: unknown }): void {
      const room = find(fileId);
      if (!room || room.closed) return;
      const files = shown.get(agent) ?? new Map<string, Shown>();
      shown.set(agent, files);
      const before = files.get(fileId);
      if (before) clearTimeout(before.timer);
      // the id under which programs write for this agent: nobody else can claim it
      const isSame = before?.room === room;
      const speaker = isSame ? before.speaker : { face, awareId: room.programClient(`agent ${agent}`) };
      const timer = setTimeout(() => leave(agent, fileId), patience).unref();
      files.set(fileId, { room, speaker, timer });
      room.presence.show(speaker, caret === null ? {} : { cursor: { anchor: caret, head: caret } });
    },
    hide(agent: string): void {
      for (const fileId of [...(shown.get(agent)?.keys() ?? [])]) leave(agent, fileId);
    },
    close(): void {
      for (const agent of [...shown.keys()]) for (const { timer } of shown.get(agent)!.values()) clearTimeout(timer);
      shown.clear();
    },
  };
}
