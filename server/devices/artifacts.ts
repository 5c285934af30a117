// Bytes on their way to a board or from it: a firmware image, a file of the board. On disk, named by id, checked by their hash, gone
// after a day. The table says which there are; a file without a row is swept away, a row without its file answers 404.
import crypto from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { artifactMostBytes } from '#shared/api/devices.ts';
import { notFound, Problem } from '#shared/errors.ts';
import type { Artifact } from '#shared/devices.ts';
import type { Clock } from '../platform/clock.ts';
import type { ArtifactRow, DeviceStore } from './deviceStore.ts';

/** Of one board, together; the oldest give way. */
const mostBytesOfBoard = 64 * 2 ** 20;
const mostOfBoard = 200;
const keptMs = 24 * 60 * 60 * 1000;

export type Artifacts = ReturnType<typeof createArtifacts>;

export function createArtifacts({ directory, store, clock }: { directory: string; store: DeviceStore; clock: Clock }) {
  const fileOf = (id: string) => path.join(directory, id);
  const asArtifact = ({ id, name, bytes, sha256 }: ArtifactRow): Artifact => ({ id, name, bytes, sha256 });
  const isOld = (createdAt: Date) => clock.now() - createdAt.getTime() > keptMs;

  async function remove(ids: string[]): Promise<void> {
    await store.removeArtifacts(ids);
    for (const id of ids) await fs.rm(fileOf(id), { force: true });
  }
  async function makeRoom(fileId: string, bytes: number): Promise<void> {
    const rows = await store.artifacts(fileId);
    let [sum, count] = [bytes, rows.length + 1];
    for (const row of rows) sum += row.bytes;
    const going: string[] = [];
    for (const row of rows) {
      if (sum <= mostBytesOfBoard && count <= mostOfBoard && !isOld(row.createdAt)) break;
      going.push(row.id);
      sum -= row.bytes;
      count--;
    }
    await remove(going);
  }
  async function find(place: { id: string; fileId: string }): Promise<ArtifactRow> {
    const row = /^[0-9a-f-]{36}$/.test(place.id) ? await store.artifact(place) : null;
    if (!row || isOld(row.createdAt)) throw notFound('such artifact any more');
    return row;
  }

  return {
    /** `sha256`: what the sender says that it is. */
    async keep({
      fileId,
      personId,
      name,
      bytes,
      sha256,
    }: {
      fileId: string;
      personId: string;
      name: string;
      bytes: Uint8Array;
      sha256?: string | undefined;
    }): Promise<Artifact> {
      if (bytes.length > artifactMostBytes)
        throw new Problem('too-large', `More than ${artifactMostBytes / 2 ** 20} MiB do not fit here.`);
      const hash = crypto.createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== undefined && sha256.toLowerCase() !== hash)
        throw new Problem('invalid', 'The bytes that arrived are not those of this SHA-256. Send them again.', { sha256: hash }, 422); // prettier-ignore
      await makeRoom(fileId, bytes.length);
      await fs.mkdir(directory, { recursive: true, mode: 0o700 });
      const id = crypto.randomUUID();
      await fs.writeFile(fileOf(id), bytes, { flag: 'wx', mode: 0o600 });
      const row = { id, fileId, name, bytes: bytes.length, sha256: hash, personId, createdAt: new Date(clock.now()) };
      await store.addArtifact(row);
      return asArtifact(row);
    },
    async describe(place: { id: string; fileId: string }): Promise<Artifact> {
      return asArtifact(await find(place));
    },
    async read(place: { id: string; fileId: string }): Promise<{ artifact: Artifact; bytes: Buffer }> {
      const row = await find(place);
      const bytes = await fs.readFile(fileOf(row.id)).catch(() => null);
      if (!bytes || bytes.length !== row.bytes) throw notFound('such artifact any more');
      return { artifact: asArtifact(row), bytes };
    },
    /** What is old, and what no row names. */
    async tidy(): Promise<void> {
      const known = await store.artifactIds();
      await remove([...known].filter(([, createdAt]) => isOld(createdAt)).map(([id]) => id));
      for (const name of await fs.readdir(directory).catch(() => [])) {
        if (known.has(name)) continue;
        const { mtimeMs } = await fs.stat(fileOf(name)).catch(() => ({ mtimeMs: Infinity }));
        if (Date.now() - mtimeMs > 60_000) await fs.rm(fileOf(name), { force: true }); // not one that is being kept just now
      }
    },
  };
}
