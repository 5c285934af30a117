// A volume as an archive, at any version, written while it is read: memory holds one file at a time.
import { Readable } from 'node:stream';
import { notFound } from '#shared/errors.ts';
import { packTar, packZip } from './archive.ts';
import type { Versions } from '../versions/versions.ts';

export type ArchiveFormat = 'zip' | 'tar.gz';

/** `at`: a version; without it what is typed becomes one first. The stream is exactly what git has at that version, byte for byte. */
export async function exportVolume({
  versions,
  volume,
  format,
  at,
}: {
  versions: Pick<Versions, 'checkpointNow' | 'commits' | 'list' | 'readBlob'>;
  volume: { id: string; name: string };
  format: ArchiveFormat;
  at?: string | undefined;
}): Promise<{ stream: Readable; name: string; type: string }> {
  const oid = at ?? (await versions.checkpointNow({ volumeId: volume.id })).head?.oid ?? null;
  const [commit] = oid === null ? [] : await versions.commits({ volumeId: volume.id, oids: [oid] });
  if (oid !== null && !commit) throw notFound('such version');
  const entries = oid === null ? [] : await versions.list({ volumeId: volume.id, at: oid });
  async function* files() {
    for (const { path, oid: blob } of entries) {
      const content = await versions.readBlob({ volumeId: volume.id, oid: blob });
      if (!content) throw new Error(`blob ${blob} of ${path} is missing`);
      yield { path, content };
    }
  }
  const seconds = commit ? Math.floor(Date.parse(commit.at) / 1000) : 0;
  return {
    stream: (format === 'zip' ? packZip : packTar)({ files: files(), at: seconds }),
    name: `${volume.name.replace('/', '-')}-${oid?.slice(0, 8) ?? 'empty'}.${format}`,
    type: format === 'zip' ? 'application/zip' : 'application/gzip',
  };
}
