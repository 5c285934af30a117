// A board while anybody has to do with it: one browser holds it (boardHost.ts), many look, one drives (boardLease.ts, boardActs.ts). What the
// board says goes to all (output.ts); what reaches the board is checked here against the lease, and once more by the board's browser, which
// knows the epoch too (DE1, DE2). All that is told about a board is told in one order, here.
import { frameTypes, type DeviceState, type Driver, type Frame, type FromViewer } from '#shared/devices.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { viewLease, type LeaseEffect, type LeaseState, type Refused } from '#shared/leaseState.ts';
import type { Actor } from '#shared/permissions.ts';
import type { May } from './access.ts';
import type { Artifacts } from './artifacts.ts';
import type { Audit } from './audit.ts';
import { BoardActs } from './boardActs.ts';
import { BoardHost } from './boardHost.ts';
import { BoardLease, type LeaseNeeds, type Timeless } from './boardLease.ts';
import { BoardNews, type Note } from './boardNews.ts';
import { BoardRecording } from './boardRecording.ts';
import type { BoardPlace } from './inventory.ts';
import { BoardJobs, foldedJob } from './jobs.ts';
import { Line, type Arrival } from './line.ts';
import { Rate, type DeviceLimits } from './limits.ts';
import { readFromViewer } from './messages.ts';
import { Output } from './output.ts';
import type { Recordings } from './recordings.ts';
import { hearViewer, type Viewer } from './viewerWords.ts';

export type BoardNeeds = LeaseNeeds & {
  place: BoardPlace;
  limits: DeviceLimits;
  artifacts: Pick<Artifacts, 'describe'>;
  recordings: Pick<Recordings, 'start'>;
  audit: Pick<Audit, 'add' | 'input'>;
  /** Tells those who look at the bench and not at this board. */
  news: (board: { volumeId: string; state: DeviceState }) => void;
};

export const personKey = (personId: string): string => `person:${personId}`;

export class Board {
  place: BoardPlace;
  readonly output: Output;
  readonly jobs: BoardJobs;
  /** For those who drive. */
  readonly acts: BoardActs;
  /** Called with what was said, for runs that read. */
  readonly readers = new Set<() => void>();
  private readonly host: BoardHost;
  private readonly lease: BoardLease;
  private readonly recording: BoardRecording;
  private readonly viewers = new Set<Viewer>();
  private readonly runs = new Map<string, { actor: Actor; count: number }>();
  private readonly needs: BoardNeeds;
  private readonly news: BoardNews;
  private usedAt: number;

  constructor(needs: BoardNeeds) {
    const { place, numbers, limits, clock } = needs;
    this.needs = needs;
    this.place = place;
    this.usedAt = clock.now();
    this.news = new BoardNews({
      limits,
      state: () => this.state(),
      viewers: (state) => this.output.tellState(state),
      host: (state) => this.host.send({ type: 'state', state }),
      bench: (state) => needs.news({ volumeId: this.place.volumeId, state }),
    });
    this.lease = new BoardLease({
      ...needs,
      perform: (effect) => this.perform(effect),
      changed: () => this.tellState(),
      end: () => this.output.end,
    });
    this.recording = new BoardRecording({
      fileId: place.id,
      recordings: needs.recordings,
      flush: () => this.output.flush(),
      changed: (by, text) => {
        this.audit('recording', { person: by, run: null }, text);
        this.tellState();
      },
      failed: needs.failed,
    });
    this.output = new Output({
      limits,
      clock,
      begin: numbers.offset,
      said: (bytes) => {
        this.recording.now?.output(bytes);
        for (const read of this.readers) read();
      },
    });
    this.jobs = new BoardJobs({
      clock,
      toHost: (message) => this.host.send(message),
      ended: (view, result) => {
        this.step({ type: 'job-end', id: view.id });
        const how = result.ok ? 'done' : `${result.code}${result.text ? `: ${result.text.trim().slice(-200)}` : ''}`;
        this.note({ kind: 'job-end', by: view.by, text: `${view.label}: ${how}`, ...foldedJob(view) });
      },
    });
    const { lease, jobs, output, recording } = this;
    const parts = {
      ...needs,
      fileId: place.id,
      lease,
      jobs,
      output,
      note: (note: Note) => this.note(note),
      tellState: () => this.tellState(),
    };
    this.host = new BoardHost({ ...parts, gone: () => (this.usedAt = clock.now()) });
    this.acts = new BoardActs({
      ...parts,
      recording,
      host: () => this.host.now,
      toHost: (message) => this.host.send(message),
      informHost: () => this.news.informHost(),
      addToAudit: (kind, by, text) => this.audit(kind, by, text),
    });
  }

  get isIdle(): boolean {
    const isFree = this.viewers.size === 0 && !this.host.now && this.runs.size === 0 && !this.recording.now;
    return isFree && this.needs.clock.now() - this.usedAt > this.needs.limits.idle;
  }
  leaseState(): LeaseState {
    return this.lease.state;
  }
  /** Called after each change of the lease, for runs that wait. */
  get listeners(): Set<() => void> {
    return this.lease.listeners;
  }

  state(): DeviceState {
    const { id, volume, path, file } = this.place;
    const host = this.host.now;
    const lease = this.lease.state;
    const recorder = this.recording.now;
    const watchers = new Map([...this.viewers].map(({ line }) => [line.face.id, line.face]));
    return {
      id,
      volume,
      path,
      label: file.label,
      kind: host?.holds?.kind ?? file.kind,
      chip: file.chip,
      connection: lease.connection,
      why: lease.connection === 'online' ? null : this.host.why,
      host: host?.holds ? { person: host.line.face, agent: host.holds.agent, port: host.holds.port, since: host.holds.since } : null, // prettier-ignore
      baud: host?.holds?.baud ?? file.baud,
      ...viewLease(lease),
      stop: lease.stop,
      job: this.jobs.view,
      watchers: [...watchers.values()].slice(0, 100),
      recording: recorder && {
        id: recorder.id,
        by: recorder.by,
        since: recorder.row.startedAt.getTime(),
        bytes: recorder.row.outputBytes + recorder.row.inputBytes,
      },
      now: this.needs.clock.now(),
    };
  }

  // ---- who comes, who goes ---------------------------------------------------------------------------------------------------

  get isFull(): boolean {
    return this.viewers.size >= this.needs.limits.viewers;
  }

  /** Somebody who looks, and perhaps drives. `asked`: the offset up to which they have everything. */
  enter({ may, asked, ...arrival }: Arrival & { may: May; asked: number | null }): void {
    const { limits } = this.needs;
    const driver: Driver = { key: personKey(arrival.face.id), person: arrival.face, run: null };
    const line: Line<FromViewer> = new Line<FromViewer>({
      ...arrival,
      limits,
      messages: limits.viewerMessages,
      read: readFromViewer,
      said: (message) =>
        hearViewer({ acts: this.acts, viewer, viewers: this.viewers, message, failed: this.needs.failed }),
      frame: (frame) => this.typed(viewer, frame),
      drained: () => this.output.catchUp(viewer.view),
      ended: () => this.left(viewer),
      failed: this.needs.failed,
    });
    const view = this.output.enter({ line, you: driver.key, asked });
    const viewer: Viewer = { line, view, driver, may, bytes: new Rate(limits.viewerBytes) };
    this.viewers.add(viewer);
    line.send({ type: 'state', state: this.state() });
    this.step({ type: 'back', key: driver.key });
    this.tellState();
  }

  private left(viewer: Viewer): void {
    if (!this.viewers.delete(viewer)) return;
    this.output.views.delete(viewer.view);
    this.usedAt = this.needs.clock.now();
    const { key } = viewer.driver;
    if (![...this.viewers].some(({ driver }) => driver.key === key)) this.step({ type: 'gone', key });
    this.tellState();
  }

  private typed(viewer: Viewer, { type, epoch, offset, bytes }: Frame): boolean {
    if (type !== frameTypes.input && type !== frameTypes.program) return false;
    const program = type === frameTypes.program ? offset : null;
    const refused = !viewer.bytes.allow(bytes.length)
      ? ({ code: 'too-fast', text: 'That is more at once than the board takes. Upload it instead.' } as const)
      : viewer.may === 'watch'
        ? ({ code: 'forbidden', text: 'You may watch this board, not drive it.' } as const)
        : this.acts.write({ driver: viewer.driver, epoch, bytes, program });
    if (refused) viewer.line.send({ type: 'refused', of: 'bytes', ...refused });
    return true;
  }

  /** Throws when somebody else holds it. */
  checkHold(actor: Actor): void {
    this.host.check(actor);
  }
  /** The browser that the board is plugged into. */
  hold(arrival: Arrival): void {
    this.host.hold(arrival);
  }

  /** A run drives: counted like a tab. Returns how to let go of it. */
  attach(driver: Driver, actor: Actor): () => void {
    const run = this.runs.get(driver.key) ?? { actor, count: 0 };
    run.count++;
    this.runs.set(driver.key, run);
    this.step({ type: 'back', key: driver.key });
    return () => {
      if (--run.count > 0) return;
      this.runs.delete(driver.key);
      this.usedAt = this.needs.clock.now();
      this.step({ type: 'revoke', key: driver.key });
    };
  }

  /** `mayOf`: what an actor may now; a code ends their connection. */
  async recheck(mayOf: (actor: Actor) => Promise<May | ErrorCode>, personId?: string): Promise<void> {
    const isMeant = ({ actor }: { actor: Actor }) => personId === undefined || actor.personId === personId;
    for (const viewer of [...this.viewers].filter(({ line }) => isMeant(line))) {
      const may = await mayOf(viewer.line.actor);
      const isOut = may !== 'watch' && may !== 'drive' && may !== 'own';
      if ((isOut || may === 'watch') && viewer.may !== 'watch') this.step({ type: 'revoke', key: viewer.driver.key });
      if (isOut) viewer.line.end(may, 'You may not see this board any more.');
      else viewer.may = may;
    }
    for (const [key, run] of [...this.runs].filter(([, { actor }]) => isMeant({ actor }))) {
      const may = await mayOf(run.actor);
      if (may !== 'drive' && may !== 'own') this.step({ type: 'revoke', key });
    }
    if (this.host.now && isMeant(this.host.now.line)) await this.host.recheck(mayOf);
  }

  /** The file was renamed or written: what it says of the board may be different. */
  moved(place: BoardPlace): void {
    this.place = place;
    this.tellState();
  }

  /** The board's file is gone. */
  end(code: ErrorCode, why: string): void {
    for (const { line } of this.viewers) line.end(code, why);
    this.host.end(code, why);
    this.close();
  }

  /** Now and then: what time does by itself, and who is no longer there. `late`: nobody looked for a while. */
  tick({ now, late }: { now: number; late: boolean }): void {
    this.lease.tick();
    this.jobs.tick();
    const { lease } = this.lease.state;
    const quickKeys = [lease?.holder.key, lease?.with?.key];
    for (const { line, driver } of this.viewers) {
      if (late) line.forgive();
      line.tick({ now, quick: quickKeys.includes(driver.key) });
    }
    this.host.tick({ now, late });
  }

  close(): void {
    this.output.flush();
    this.output.close();
    this.news.close();
  }
  /** Everything that must be on disk is. */
  async settled(): Promise<void> {
    await this.recording.settled();
    await this.lease.settled();
  }

  // ---- the lease -------------------------------------------------------------------------------------------------------------

  step(event: Timeless): Refused | null {
    return this.lease.step(event);
  }

  private perform(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'safe':
        return this.host.send({ type: 'safe', why: effect.why });
      case 'stop':
        return this.host.send({ type: 'stop', by: effect.by });
      case 'abort-job':
        return this.jobs.abort({ text: effect.why, lost: this.lease.state.connection !== 'online' });
      case 'note':
        return this.note({ kind: effect.about, by: { person: effect.by, run: effect.run }, text: effect.text });
    }
  }

  // ---- telling ---------------------------------------------------------------------------------------------------------------

  private tellState(): void {
    this.news.changed();
  }

  private note({ kind, by, text, job }: Note): void {
    this.output.mark(kind, text, job === undefined ? {} : { job });
    this.recording.now?.mark(text);
    this.audit(kind, by, text);
  }
  private audit(kind: string, { person, run }: Pick<Driver, 'person' | 'run'>, text: string): void {
    this.needs.audit.add({ fileId: this.place.id, kind, personId: person.id, runId: run, text });
  }
}
