// A board's state in words and shapes, the same on its card, its page and a phone.
import type { DeviceState, Driver, JobView } from '#shared/devices.ts';
import { clockTime } from '#lib/ui/words.ts';

export type Shape = '' | 'busy' | 'off' | 'stop' | 'warn';

/** Shape and word: square driven, circle free, ring offline, red square stopped, diamond unplugged. */
export function boardLook(state: DeviceState): { shape: Shape; word: string } {
  if (state.stop) return { shape: 'stop', word: 'stopped' };
  if (state.connection === 'offline') return { shape: 'off', word: 'offline' };
  if (state.connection === 'lost') return { shape: 'warn', word: 'unplugged' };
  if (state.job) return { shape: 'busy', word: jobWord(state.job) };
  const shape = state.lease ? 'busy' : '';
  if (state.kind === 'virtual') return { shape, word: 'virtual' };
  return { shape, word: state.lease ? 'driven' : 'free' };
}

const jobWords: Record<JobView['kind'], string> = {
  exec: 'running',
  list: 'reading',
  get: 'reading',
  put: 'writing',
  remove: 'writing',
  mkdir: 'writing',
  rename: 'writing',
  flash: 'flashing',
  json: 'asking',
};
export const jobWord = (job: JobView): string => jobWords[job.kind];

/** `1:12`; never below 0:00. */
export function clockLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `in about 1 min`, for somebody who waits. */
export function aboutLeft(ms: number): string {
  if (ms < 45_000) return 'in a moment';
  return `in about ${Math.max(1, Math.round(ms / 60_000))} min`;
}

/** `Mei`, `Mei's run 214`. */
export const driverName = ({ person, run }: Driver): string => (run ? `A run of ${person.name}` : person.name);
export const isRun = ({ run }: Driver): boolean => run !== null;

/** One line: where it is plugged in. */
export function whereWords(state: DeviceState): string {
  const chip = state.kind === 'virtual' ? 'MicroPython' : (state.chip ?? 'Serial');
  return state.host ? `${chip}, on ${possessive(state.host.person.name)} browser` : chip;
}
export const possessive = (name: string): string => (name.endsWith('s') ? `${name}’` : `${name}’s`);

/** Why nothing can be typed; null: it can. */
export function whyNotType({
  state,
  mine,
  link,
  you,
}: {
  state: DeviceState | null;
  mine: boolean;
  link: string;
  you: string;
}): string | null {
  if (!state || link !== 'open') return 'Not connected. What you see is of before';
  if (state.stop) return `Stopped by ${state.stop.by.name}, ${clockTime(new Date(state.stop.at))}. Clear it to go on`;
  if (state.connection === 'offline') return state.why ?? 'No browser holds this board';
  if (state.connection === 'lost') return state.why ?? 'The board is unplugged';
  if (state.job) return `${driverName(state.job.by)}: ${state.job.label}. Typing waits until it is done`;
  if (mine) return null;
  if (state.lease?.state === 'offered')
    return state.lease.holder.key === you
      ? 'It is your turn: take it to type'
      : `Offered to ${driverName(state.lease.holder)}`;
  if (state.lease) return `${driverName(state.lease.holder)} drives. You can read; ask for a turn to type`;
  return 'Nobody drives. Ask for a turn to type';
}

export const baudRates = [
  9600, 19_200, 38_400, 57_600, 74_880, 115_200, 230_400, 460_800, 921_600, 1_500_000, 2_000_000,
];
