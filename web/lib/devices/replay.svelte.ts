// A recording played again: into a scrollback of its own, that a console and a plot read like a living board's, at any speed.
import type { Recording } from '#shared/api/devices.ts';
import type { Api } from '#lib/api.ts';
import { readRecording, type RecordedEvent } from './recordingLines.ts';
import { Scrollback } from './scrollback.ts';

export const speeds = [0.5, 1, 2, 5, 20];
const stepMs = 40;

export class Replay {
  readonly recording: Pick<Recording, 'id' | 'startedAt' | 'ms'>;
  readonly scrollback = new Scrollback(8 * 1024 * 1024);
  readonly #events: RecordedEvent[];
  /** Milliseconds from its start. */
  at = $state(0);
  playing = $state(false);
  speed = $state(1);
  #next = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #told = 0;

  constructor(recording: Pick<Recording, 'id' | 'startedAt' | 'ms'>, events: RecordedEvent[]) {
    this.recording = recording;
    this.#events = events;
  }
  static async open(api: Api, recording: Recording): Promise<Replay> {
    const answer: unknown = await api('GET /devices/:id/recordings/:recording', {
      params: { id: recording.device, recording: recording.id },
      query: { format: 'jsonl' },
    });
    const text = typeof answer === 'string' ? answer : await (answer as Blob).text();
    const replay = new Replay(recording, readRecording(text));
    replay.play();
    return replay;
  }

  get length(): number {
    return Math.max(this.recording.ms, this.#events.at(-1)?.ms ?? 0, 1);
  }
  play(): void {
    if (this.at >= this.length) this.seek(0);
    this.playing = true;
    this.#told = performance.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#run(this.at + (now - this.#told) * this.speed);
      this.#told = now;
      if (this.at >= this.length) this.pause();
    }, stepMs);
  }
  pause(): void {
    this.playing = false;
    clearInterval(this.#timer);
  }
  /** Back means: from the start up to there, at once. */
  seek(to: number): void {
    if (to < this.at) {
      this.scrollback.clear();
      this.#next = 0;
    }
    this.#run(to);
    this.#told = performance.now();
  }
  close(): void {
    this.pause();
  }

  #run(to: number): void {
    this.at = Math.min(to, this.length);
    const start = Date.parse(this.recording.startedAt);
    for (let event = this.#events[this.#next]; event && event.ms <= this.at; event = this.#events[++this.#next]) {
      const at = start + event.ms;
      if (event.kind === 'output') this.scrollback.add(this.scrollback.end, event.bytes, at);
      else this.scrollback.mark({ offset: this.scrollback.end, at, kind: 'lease', text: event.text });
    }
  }
}
