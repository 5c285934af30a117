// Which boards a program can be run on from the editor, which one is meant first, and what that takes: words for the dialog.
import type { Device } from '#shared/api/devices.ts';
import { clockLeft, driverName } from '../boardWords.ts';

export type BoardOffer = {
  /** Who drives it, or why it cannot be had. */
  words: string;
  /** `ask`: somebody drives, and a turn is asked for. `start`: nobody runs this virtual board; this tab would. Null: not now. */
  act: 'run' | 'ask' | 'start' | null;
};

/** Those of the file's volume first; among them those that are there. `first`: the one used last, else one that is there. */
export function boardChoices({
  devices,
  volume,
  last,
}: {
  devices: readonly Device[];
  volume: string;
  last: string | null;
}): { boards: Device[]; first: string | null } {
  const rank = ({ volume: of, state }: Device) =>
    (of === volume ? 0 : 4) + (state.connection !== 'online' ? 2 : 0) + (state.lease || state.stop ? 1 : 0);
  const boards = devices
    .filter(({ may }) => may !== 'watch')
    .sort((a, b) => rank(a) - rank(b) || a.state.label.localeCompare(b.state.label));
  const isThere = (one: Device | undefined) => one?.state.connection === 'online' && !one.state.stop;
  const known = boards.find(({ id }) => id === last);
  return { boards, first: (isThere(known) ? known : (boards.find(isThere) ?? known ?? boards[0]))?.id ?? null };
}

export function boardOffer({ state, me, now }: { state: Device['state']; me: string; now: number }): BoardOffer {
  const { lease, stop, queue, connection } = state;
  if (stop) return { words: `Stopped by ${stop.by.name}. Clear it on the bench to go on`, act: null };
  if (connection === 'offline' && state.kind === 'virtual') return { words: 'No browser runs it', act: 'start' };
  if (connection !== 'online') return { words: state.why ?? 'No browser holds it', act: null };
  const isMine = [lease?.holder, lease?.with].some((one) => one?.person.id === me && one.run === null);
  if (lease && isMine && lease.state !== 'offered') return { words: 'You drive', act: 'run' };
  if (!lease && queue.length === 0) return { words: 'Nobody drives', act: 'run' };
  const who = lease ? `${driverName(lease.holder)} drives, ${clockLeft(lease.expires - now)} left` : 'Just given on';
  return { words: queue.length > 0 ? `${who}, ${queue.length} wait` : who, act: 'ask' };
}
