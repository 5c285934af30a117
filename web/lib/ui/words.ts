// Small words about people, numbers and time, the same everywhere.

/** The letter on a face. */
export const initial = (name: string): string => [...name.trim()][0]?.toUpperCase() ?? '?';

/** `1 file`, `3 files` */
export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

const numbers = new Intl.NumberFormat('en');
/** With thousands marked and a true minus. */
export const number = (n: number): string => numbers.format(n).replace('-', '−');

/** `812 B`, `1.2 MB`, with a no-break space. */
export function bytes(n: number): string {
  if (n < 1000) return `${n}\u00a0B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}\u00a0${units[unit]}`;
}

const clockFormat = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false });
const dayFormat = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });

export const clockTime = (at: string | Date): string => clockFormat.format(new Date(at));

/** When something was, as short as it stays clear: `now`, `4 min`, `14:32`, `yesterday 14:32`, `3 Nov`, `3 Nov 2025`. */
export function when(at: string | Date, now: Date = new Date()): string {
  const then = new Date(at);
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return 'now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}\u00a0min ago`;
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (then.getTime() >= midnight) return clockTime(then);
  if (then.getTime() >= midnight - 86_400_000) return `yesterday ${clockTime(then)}`;
  return then.getFullYear() === now.getFullYear() ? dayFormat.format(then) : yearFormat.format(then);
}

/** `Ben`, `Ben and Mei`, `Ben, Mei and 3 others` */
export function names(all: string[], most = 3): string {
  if (all.length <= 1) return all[0] ?? '';
  if (all.length <= most) return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
  const others = all.length - most + 1;
  return `${all.slice(0, most - 1).join(', ')} and ${others} others`;
}

/** US dollars: `$0.21`, `$0.0004`, `$12` */
export function money(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars < 0.01) return `$${dollars.toPrecision(1).includes('e') ? dollars.toFixed(6) : dollars.toPrecision(1)}`;
  return `$${dollars % 1 === 0 ? dollars : dollars.toFixed(2)}`;
}
