// The samples of a plot, bounded: one column of times and one of values for each name, as the chart wants them.
import { createLineReader, mostSeries, readSample, type Sample } from './plotLines.ts';
import type { Reader } from './scrollback.ts';

const mostSamples = 20_000;
/** Samples of one line that come this close are drawn at one time (Teleplot says each name in a line of its own). */
const together = 0.002;

export class PlotHistory {
  /** Seconds, rising. */
  times: number[] = [];
  series: { name: string; values: (number | null)[] }[] = [];
  /** Counts up with each change. */
  version = 0;
  /** Names that had no room. */
  left = 0;
  #at = 0;
  #old: Sample[] = [];
  readonly #lines = createLineReader((line) => {
    const sample = readSample(line);
    if (sample) this.#take(sample);
  });
  #known = true;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** For a scrollback to write to. */
  readonly reader: Reader = {
    entry: (entry) => {
      if (entry.kind === 'mark') {
        if (entry.mark.kind === 'skipped') this.#lines.restart();
        return;
      }
      this.#known = entry.at !== null;
      if (entry.at !== null) {
        this.settle(entry.at / 1000);
        this.#at = entry.at / 1000;
      }
      this.#lines.read(entry.bytes);
    },
    restart: () => this.clear(),
  };

  /** Numbers of before this visit, which have no times yet. */
  get waits(): boolean {
    return this.#old.length > 0;
  }

  clear(): void {
    this.times = [];
    this.series = [];
    this.#old = [];
    this.left = 0;
    this.version += 1;
  }
  /** What was said before we came has no times: it is spread over the time that it may have taken. */
  settle(until = this.#now() / 1000): void {
    const old = this.#old;
    if (old.length === 0) return;
    this.#old = [];
    const from = Math.max(this.times.at(-1) ?? -Infinity, until - old.length * 0.05);
    old.forEach((sample, i) => this.#add(from + ((until - from) * (i + 1)) / (old.length + 1), sample));
  }

  #take(sample: Sample): void {
    if (this.#known) this.#add(this.#at, sample);
    else {
      this.#old.push(sample);
      if (this.#old.length > mostSamples) this.#old.shift();
    }
  }
  #add(at: number, sample: Sample): void {
    const last = this.times.at(-1) ?? -Infinity;
    const joins = this.times.length > 0 && at - last < together && sample.every(({ name }) => this.#free(name));
    if (!joins) {
      this.times.push(Math.max(at, last));
      for (const { values } of this.series) values.push(null);
    }
    for (const { name, value } of sample) {
      let mine = this.series.find((one) => one.name === name);
      if (!mine && this.series.length < mostSeries) {
        mine = { name, values: new Array<number | null>(this.times.length).fill(null) };
        this.series.push(mine);
      }
      if (mine) mine.values[this.times.length - 1] = value;
      else this.left += 1;
    }
    if (this.times.length > mostSamples * 1.1) {
      const gone = this.times.length - mostSamples;
      this.times.splice(0, gone);
      for (const { values } of this.series) values.splice(0, gone);
      this.series = this.series.filter(({ values }) => values.some((value) => value !== null));
    }
    this.version += 1;
  }
  #free(name: string): boolean {
    const mine = this.series.find((one) => one.name === name);
    return !mine || mine.values.at(-1) === null;
  }
  /** The newest value of each name. */
  get newest(): { name: string; value: number | null }[] {
    return this.series.map(({ name, values }) => ({ name, value: values.findLast((value) => value !== null) ?? null }));
  }
  /** Columns from `from` on; a gap in one name's samples is joined. */
  since(from: number): [number[], ...(number | null)[][]] {
    let first = this.times.length;
    while (first > 0 && this.times[first - 1]! >= from) first -= 1;
    first = Math.max(0, first - 1);
    return [this.times.slice(first), ...this.series.map(({ values }) => values.slice(first))];
  }
}
