// The text that a definition came from: its header names it as `system/agents/Planner.md@3f9c2a1b0d4e`.
import type { Versions } from '../volumes/versions/versions.ts';
import type { ImportNeeds } from './importing.ts';

export type Origin = { volume: string; path: string; oid: string | null; text: string };

const written = /^(system|(?:team|user)\/[^/@]+)\/(.+?)(?:@([0-9a-f]{7,40}))?$/;

/** Null: it names nothing that is there, or that may be read. */
export async function originOf({
  from,
  findVolume,
  textNow,
  versions,
}: {
  from: string | null;
  /** Null: it may not be read. */
  findVolume: (name: string) => Promise<{ id: string; name: string } | null>;
  textNow: ImportNeeds['textAt'];
  versions: Pick<Versions, 'version' | 'textAt'>;
}): Promise<Origin | null> {
  const [, name, path, short] = written.exec(from ?? '') ?? [];
  const volume = name ? await findVolume(name) : null;
  if (!volume || !path) return null;
  const place = { volume: volume.name, path };
  const version = short ? await versions.version({ volumeId: volume.id, oid: short }) : null;
  const then = version && (await versions.textAt({ volumeId: volume.id, at: version.oid, path }));
  if (version && then !== null) return { ...place, oid: version.oid, text: then };
  const text = await textNow({ volumeId: volume.id, path });
  return text === null ? null : { ...place, oid: null, text };
}
