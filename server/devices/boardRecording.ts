// What is being recorded of a board just now: at most one recording, which anybody who may drive begins and ends, or which is full.
import { Problem } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Recorder, Recordings } from './recordings.ts';

export class BoardRecording {
  now: Recorder | null = null;
  private starts = false;
  private readonly fileId: string;
  private readonly recordings: Pick<Recordings, 'start'>;
  private readonly flush: () => void;
  private readonly changed: (by: Face, text: string) => void;
  private readonly failed: (error: unknown) => void;

  constructor({
    fileId,
    recordings,
    flush,
    changed,
    failed,
  }: {
    fileId: string;
    recordings: Pick<Recordings, 'start'>;
    /** What was said belongs before the change. */
    flush: () => void;
    changed: (by: Face, text: string) => void;
    failed: (error: unknown) => void;
  }) {
    this.fileId = fileId;
    this.recordings = recordings;
    this.flush = flush;
    this.changed = changed;
    this.failed = failed;
  }

  async turn({ on, by }: { on: boolean; by: Face }): Promise<Recorder> {
    const { now } = this;
    if (!on) {
      if (!now) throw new Problem('conflict', 'Nothing is being recorded.');
      await this.end(now, `${by.name} stopped the recording`);
      return now;
    }
    if (now || this.starts) throw new Problem('conflict', 'It is being recorded already.');
    this.starts = true;
    try {
      const recorder: Recorder = await this.recordings.start({
        fileId: this.fileId,
        by,
        ended: () => void this.end(recorder, 'The recording is full').catch(this.failed),
      });
      this.flush();
      this.now = recorder;
      this.changed(by, `${by.name} records`);
      return recorder;
    } finally {
      this.starts = false;
    }
  }

  async settled(): Promise<void> {
    await this.now?.stop();
  }

  private async end(recorder: Recorder, why: string): Promise<void> {
    if (this.now === recorder) {
      this.flush();
      this.now = null;
      this.changed(recorder.by, why);
    }
    await recorder.stop();
  }
}
