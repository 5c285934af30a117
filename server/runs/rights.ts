// What a run may do: what its person may do now, with the token by which it was started (RU4).
import type { Face } from '#shared/live.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import type { VolumeTarget } from '../platform/http.ts';
import type { RunRow } from './runStore.ts';

export type RunAccess = {
  /** As this person sees it now. */
  volume(id: string, personId: string): Promise<VolumeTarget | null>;
  face(personId: string): Promise<Face | null>;
  /** May this person still sign in? */
  isActive(personId: string): Promise<boolean>;
  /** Is the token with which it was started still good? A run outlives a sign-in, not a token. */
  isTokenGood(tokenId: string): Promise<boolean>;
};

export const actorOf = ({ personId, actor: { login, scopes, onlyVolume, tokenId } }: RunRow): Actor => ({
  personId, login, scopes, onlyVolume, tokenId, isAdmin: false, sessionId: null,
}); // prettier-ignore

/** May this run still act as its person, here and now? Says why not. */
export async function lostRight({ row, access }: { row: RunRow; access: RunAccess }): Promise<string | null> {
  if (!(await access.isActive(row.personId))) return `The account of ${row.head.by.name} is disabled.`;
  const volume = await access.volume(row.volumeId, row.personId);
  const { name, kind, role } = volume ?? { name: row.head.volume, kind: 'team' as const, role: null };
  const resource = { kind: 'volume', name, volumeKind: kind, role } as const;
  const token = row.actor.tokenId;
  if (token && !(await access.isTokenGood(token))) return 'The access token that started it is no longer good.';
  if (decide({ actor: actorOf(row), verb: 'volume.run', resource }) !== 'allow')
    return `${row.head.by.name} may no longer run anything in ${row.head.volume}.`;
  return null;
}

/** May somebody else's browser act for this run, as their rights are now? */
export async function mayLend({
  row,
  lender,
  access,
}: {
  row: Pick<RunRow, 'volumeId' | 'private'>;
  lender: string;
  access: RunAccess;
}): Promise<boolean> {
  if (row.private || !(await access.isActive(lender))) return false;
  const volume = await access.volume(row.volumeId, lender);
  if (!volume) return false;
  const actor: Actor = {
    personId: lender, login: '', isAdmin: false, scopes: null, onlyVolume: null, sessionId: null, tokenId: null,
  }; // prettier-ignore
  const resource = { kind: 'volume', name: volume.name, volumeKind: volume.kind, role: volume.role } as const;
  return decide({ actor, verb: 'volume.run', resource }) === 'allow';
}
