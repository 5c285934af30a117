// What a room can know about an update without a document: is all of it known already, does it build on something that has not
// arrived, does it repeat a part. What passes can be spliced, and leaves nothing pending in any browser.
import * as Y from 'yjs';
import { writeStateVector, type StateVector } from './stateVectors.ts';
import { scanUpdate, type Scanned } from './validate.ts';

/**
 * `known`: nothing to do. `early`: not yet. `partly`: cut off with `cutKnown` what is known and judge again. Otherwise the update,
 * without the blocks that are known as a whole.
 */
export function judge({
  update,
  vector,
}: {
  update: Scanned;
  vector: StateVector;
}): 'known' | 'early' | 'partly' | Scanned {
  const known = (client: number) => vector.get(client) ?? 0;
  // What most keys are, a letter beside one's own, builds on nothing else: no map for them.
  const reach = update.needs || update.deletions.length > 0 ? new Map<number, number>() : null;
  let partly = false;
  let repeats = 0;
  for (const { client, clock, length } of update.blocks) {
    const here = known(client);
    if (clock > here) return 'early';
    if (clock + length <= here) repeats++;
    else if (clock < here) partly = true;
    reach?.set(client, Math.max(here, clock + length));
  }
  const reached = (client: number) => reach?.get(client) ?? known(client);
  if (update.needs) for (const [client, clock] of update.needs) if (clock >= reached(client)) return 'early';
  for (const deletions of update.deletions) if (deletions.reach > reached(deletions.client)) return 'early';
  if (partly) return 'partly';
  if (repeats === update.blocks.length && update.deletions.length === 0) return 'known';
  if (repeats === 0) return update;
  return { ...update, blocks: update.blocks.filter(({ client, clock, length }) => clock + length > known(client)) };
}

/** Rare: a resync that overlaps edits which are on their way. The update has passed the scan, so Yjs reads it without surprise. */
export function cutKnown({ update, vector }: { update: Buffer; vector: StateVector }): Scanned {
  return scanUpdate({ bytes: Buffer.from(Y.diffUpdate(update, writeStateVector(vector))) });
}
