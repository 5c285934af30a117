// Objects of git on their way to the disk: held in memory while a stack of commits is made, then written in one wave, so that a commit
// costs one parallel wave of fsyncs and not a chain of them. Nothing points at them before they are durable.
import crypto from 'node:crypto';
import path from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import type { AtomicFiles } from './atomicFiles.ts';
import { objectHeader, type ObjectType } from './gitObjects.ts';
import { encodePack } from './gitPack.ts';

export type NewObjects = ReturnType<typeof openNewObjects>;

/** More than that, as an import brings, go into one pack instead of a file each. */
const manyAtOnce = 200;

export function openNewObjects({ gitdir, files }: { gitdir: string; files: Pick<AtomicFiles, 'writeWave'> }) {
  const held = new Map<string, { type: ObjectType; data: Uint8Array }>();

  return {
    /** Answers its name. An object that is there already is written again: it may be torn, or about to be pruned. */
    add(type: ObjectType, data: Uint8Array): string {
      const oid = crypto.createHash('sha1').update(objectHeader(type, data)).update(data).digest('hex');
      held.set(oid, { type, data });
      return oid;
    },
    find: (oid: string) => held.get(oid) ?? null,
    /** Puts all of them in place, durable when it returns. Answers how many files of their own they became. */
    async flush(): Promise<number> {
      const isMany = held.size > manyAtOnce;
      if (isMany) await writePack();
      else
        await files.writeWave(
          [...held].map(([oid, { type, data }]) => ({
            target: path.join(gitdir, 'objects', oid.slice(0, 2), oid.slice(2)),
            data: () => deflateSync(Buffer.concat([objectHeader(type, data), data]), { level: 1 }), // as git does it
          })),
        );
      const loose = isMany ? 0 : held.size;
      held.clear();
      return loose;
    },
    /** Forgets what was not flushed. */
    discard: () => held.clear(),
  };

  async function writePack(): Promise<void> {
    const objects = [...held].map(([oid, object]) => ({ oid, ...object }));
    const { name, pack, index } = await encodePack({ objects, pause: () => pause() });
    const target = path.join(gitdir, 'objects/pack', `pack-${name}`);
    await files.writeWave([{ target: `${target}.pack`, data: () => pack }]);
    await files.writeWave([{ target: `${target}.idx`, data: () => index }]); // a pack counts once it has an index
  }
}
