// Who may what with a board, by the table that decides everywhere (AC1).
import { notFound, Problem } from '#shared/errors.ts';
import { decide, type Actor, type Verb } from '#shared/permissions.ts';
import type { VolumeTarget } from '../platform/http.ts';

type DeviceVerb = Extract<Verb, `device.${string}`>;
export type May = 'watch' | 'drive' | 'own';

const verdictOf = ({ actor, verb, volume }: { actor: Actor; verb: DeviceVerb; volume: VolumeTarget }) =>
  decide({ actor, verb, resource: { kind: 'volume', name: volume.name, volumeKind: volume.kind, role: volume.role } });

/** Null: for this actor there is no such board. */
export function mayOf({ actor, volume }: { actor: Actor; volume: VolumeTarget }): May | null {
  if (verdictOf({ actor, verb: 'device.watch', volume }) !== 'allow') return null;
  if (verdictOf({ actor, verb: 'device.drive', volume }) !== 'allow') return 'watch';
  return volume.role === 'owner' ? 'own' : 'drive';
}

/** Throws what the table says. */
export function need({ actor, verb, volume }: { actor: Actor; verb: DeviceVerb; volume: VolumeTarget | null }): void {
  const verdict = volume ? verdictOf({ actor, verb, volume }) : 'not-found';
  if (verdict === 'allow') return;
  if (verdict === 'not-found') throw notFound('such volume');
  throw new Problem('forbidden', 'Your role does not allow that.');
}

/** What somebody may with a board now, or why they may not even see it. */
export function mayOrWhy({ actor, volume }: { actor: Actor; volume: VolumeTarget }): May | 'not-found' | 'forbidden' {
  const may = mayOf({ actor, volume });
  if (may) return may;
  return verdictOf({ actor, verb: 'device.watch', volume }) === 'forbidden' ? 'forbidden' : 'not-found';
}
