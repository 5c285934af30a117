// A board while anybody has to do with it: one browser holds it, many look, one drives. What the board says goes to all; what reaches the
// board is checked here against the lease, and once more by the board's browser, which knows the epoch too (DE1, DE2). One idea, one
// class: all that is told about a board is told in one order.
import type { Duplex } from 'node:stream';
import { encodeFrame, frameTypes, type DeviceState, type Driver, type Frame, type FromHost, type FromViewer, type Job, type JobResult, type Mark, type ToHost } from '#shared/devices.ts'; // prettier-ignore
import { Problem, type ErrorCode } from '#shared/errors.ts';
import { viewLease, type LeaseEffect, type LeaseState, type Refused } from '#shared/lease.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import { worldStateMostBytes } from '#shared/robot/worldState.ts';
import type { May } from './access.ts';
import type { Artifacts } from './artifacts.ts';
import type { Audit } from './audit.ts';
import { BoardLease, type LeaseNeeds, type Timeless } from './boardLease.ts';
import { BoardNews } from './boardNews.ts';
import { BoardRecording } from './boardRecording.ts';
import { hearHost, type Host, type Told } from './hostWords.ts';
import type { BoardPlace } from './inventory.ts';
import { BoardJobs, isWhole } from './jobs.ts';
import { Line } from './line.ts';
import { Rate, type DeviceLimits } from './limits.ts';
import { readFromHost, readFromViewer } from './messages.ts';
import { Output } from './output.ts';
import type { Recorder, Recordings } from './recordings.ts';
import { hearViewer, type Asked, type Viewer } from './viewerWords.ts';

type Arrival = { socket: Duplex; head: Buffer; actor: Actor; face: Face };
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

export class Board implements Asked, Told {
  place: BoardPlace;
  readonly output: Output;
  readonly jobs: BoardJobs;
  /** Called with what was said, for runs that read. */
  readonly readers = new Set<() => void>();
  private readonly lease: BoardLease;
  private readonly recording: BoardRecording;
  private readonly viewers = new Set<Viewer>();
  private readonly runs = new Map<string, { actor: Actor; count: number }>();
  private host: Host | null = null;
  private why: string | null = null;
  private inputOffset = 0;
  private readonly needs: BoardNeeds;
  private readonly news: BoardNews;
  private stoppedAt = -Infinity;
  /** Who typed last, of two who drive. */
  private typing: string | null = null;
  private readonly typingTold: Rate;
  private usedAt: number;

  constructor(needs: BoardNeeds) {
    const { place, numbers, limits, clock } = needs;
    this.needs = needs;
    this.place = place;
    this.usedAt = clock.now();
    this.typingTold = new Rate(limits.typingTold);
    this.news = new BoardNews({
      limits,
      state: () => this.state(),
      viewers: (state) => this.output.tellState(state),
      host: (state) => this.toHost({ type: 'state', state }),
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
      toHost: (message) => this.toHost(message),
      ended: (view, result) => {
        this.step({ type: 'job-end', id: view.id });
        const how = result.ok ? 'done' : `${result.code}${result.text ? `: ${result.text.trim().slice(-200)}` : ''}`;
        this.note({ kind: 'job-end', by: view.by, text: `${view.label}: ${how}`, ...foldedJob(view) });
      },
    });
  }

  get isIdle(): boolean {
    const isFree = this.viewers.size === 0 && !this.host && this.runs.size === 0 && !this.recording.now;
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
    const { host } = this;
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
      why: lease.connection === 'online' ? null : this.why,
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
      said: (message) => hearViewer({ board: this, viewer, viewers: this.viewers, message, failed: this.needs.failed }),
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

  /** Throws when somebody else holds it. */
  checkHold(actor: Actor): void {
    if (this.host && this.host.line.actor.personId !== actor.personId)
      throw new Problem('conflict', `${this.host.line.face.name} holds this board in their browser.`);
  }

  /** The browser that the board is plugged into. */
  hold(arrival: Arrival): void {
    const { limits, clock } = this.needs;
    const before = this.host;
    if (before) this.unhold(before, `${arrival.face.name} opened it in another tab`);
    before?.line.end('forbidden', 'You hold this board in another tab now.');
    const line: Line<FromHost> = new Line<FromHost>({
      ...arrival,
      limits,
      messages: limits.hostMessages,
      read: readFromHost,
      said: (message) => {
        if (this.host === host) hearHost({ board: this, host, message, clock });
      },
      frame: (frame) => this.saidBytes(host, frame),
      drained: () => undefined,
      ended: () => this.unhold(host, `${arrival.face.name} closed the page`),
      failed: this.needs.failed,
    });
    const host: Host = {
      line,
      flood: new Rate(limits.hostFlood),
      words: new Rate(limits.hostWords),
      openedAt: clock.now(),
      holds: null,
    };
    this.host = host;
    this.why = `${arrival.face.name} opens it`;
    this.toHost({ type: 'hello', id: this.place.id });
  }

  unhold(host: Host, why: string): void {
    if (this.host !== host) return;
    this.host = null;
    this.usedAt = this.needs.clock.now();
    this.output.forgetWorld();
    const wasThere = this.connection() !== 'offline';
    this.why = why;
    this.step({ type: 'connection', connection: 'offline', host: null });
    if (wasThere) this.note({ kind: 'connection', by: { person: host.line.face, run: null }, text: `Offline: ${why}` });
    this.tellState();
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
    const { host } = this;
    if (!host || !isMeant(host.line)) return;
    const may = await mayOf(host.line.actor);
    if (may === 'drive' || may === 'own') return;
    this.unhold(host, `${host.line.face.name} may not share it here any more`);
    host.line.end(may === 'watch' ? 'forbidden' : may, 'You may not share this board here any more.');
  }

  /** The file was renamed or written: what it says of the board may be different. */
  moved(place: BoardPlace): void {
    this.place = place;
    this.tellState();
  }

  /** The board's file is gone. */
  end(code: ErrorCode, why: string): void {
    for (const { line } of this.viewers) line.end(code, why);
    if (this.host) {
      const { host } = this;
      this.unhold(host, why);
      host.line.end(code, why);
    }
    this.close();
  }

  /** Now and then: what time does by itself, and who is no longer there. `late`: nobody looked for a while. */
  tick({ now, late }: { now: number; late: boolean }): void {
    const time = this.needs.clock.now();
    this.lease.tick();
    this.jobs.tick();
    const { host } = this;
    const { lease } = this.lease.state;
    const quickKeys = [lease?.holder.key, lease?.with?.key];
    for (const { line, driver } of this.viewers) {
      if (late) line.forgive();
      line.tick({ now, quick: quickKeys.includes(driver.key) });
    }
    if (!host) return;
    if (late) host.line.forgive();
    if (!host.line.tick({ now, quick: true })) this.unhold(host, `${host.line.face.name}'s browser does not answer`);
    else if (!host.holds && time - host.openedAt > this.needs.limits.hostingPatience)
      host.line.end('invalid', 'Say what you hold.');
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
        return this.toHost({ type: 'safe', why: effect.why });
      case 'stop':
        return this.toHost({ type: 'stop', by: effect.by });
      case 'abort-job':
        return this.jobs.abort({ text: effect.why, lost: this.connection() !== 'online' });
      case 'note':
        return this.note({ kind: effect.about, by: { person: effect.by, run: effect.run }, text: effect.text });
    }
  }

  // ---- what drivers do ---------------------------------------------------------------------------------------------------------

  private typed(viewer: Viewer, { type, epoch, offset, bytes }: Frame): boolean {
    if (type !== frameTypes.input && type !== frameTypes.program) return false;
    const program = type === frameTypes.program ? offset : null;
    const refused = !viewer.bytes.allow(bytes.length)
      ? ({ code: 'too-fast', text: 'That is more at once than the board takes. Upload it instead.' } as const)
      : viewer.may === 'watch'
        ? ({ code: 'forbidden', text: 'You may watch this board, not drive it.' } as const)
        : this.write({ driver: viewer.driver, epoch, bytes, program });
    if (refused) viewer.line.send({ type: 'refused', of: 'bytes', ...refused });
    return true;
  }

  /** Bytes of a driver, to the board. `program`: only to the program of the job that began then. */
  write({
    driver,
    epoch,
    bytes,
    program = null,
  }: {
    driver: Driver;
    epoch: number;
    bytes: Uint8Array;
    program?: number | null;
  }): Refused | null {
    const beside = program === null ? {} : { beside: this.jobs.programOf(program) ?? '' };
    const refused = this.step({ type: 'write', key: driver.key, epoch, ...beside });
    if (refused) return refused;
    const { host } = this;
    if (!host) return { code: 'offline', text: 'The board is not there.' };
    if (host.line.waiting > this.needs.limits.waitingForHost)
      return { code: 'too-fast', text: "The board's browser does not take so much." };
    this.tellWhoTypes(driver);
    this.news.informHost();
    const kind = program === null ? frameTypes.input : frameTypes.program;
    host.line.sendFrame(encodeFrame({ type: kind, epoch, offset: program ?? this.inputOffset, bytes }));
    this.inputOffset += bytes.length;
    this.recording.now?.input(bytes, driver.run ? `run:${driver.run}` : driver.person.login);
    this.needs.audit.input({ fileId: this.place.id, personId: driver.person.id, runId: driver.run, bytes });
    return null;
  }

  /** Where two people drive, lines of a console look alike: beside what follows stands who typed it. */
  private tellWhoTypes({ key, person }: Driver): void {
    if (!this.lease.state.lease?.with) this.typing = null;
    else if (this.typing !== key && this.typingTold.allow(1)) {
      this.typing = key;
      this.output.mark('typed', `${person.name} types`, { by: person });
    }
  }

  /** Lines of the port, speed and resets: what a driver does beside bytes. */
  control(driver: Driver, message: Extract<FromViewer, { type: 'signals' | 'reset' | 'baud' }>): Refused | null {
    const { epoch, ...rest } = message;
    const refused = this.step({ type: 'write', key: driver.key, epoch });
    if (refused) return refused;
    this.news.informHost();
    this.toHost(rest);
    const name = driver.run ? `An agent of ${driver.person.name}` : driver.person.name;
    if (message.type === 'reset') this.note({ kind: 'reset', by: driver, text: `${name}: ${message.how} reset` });
    if (message.type === 'baud') this.note({ kind: 'baud', by: driver, text: `${name}: ${message.baud} baud` });
    return null;
  }

  world(driver: Driver, command: Extract<FromViewer, { type: 'world' }>['command']): Refused | null {
    if (this.host?.holds?.kind !== 'virtual') return { code: 'invalid', text: 'Only a virtual board has a world.' };
    this.toHost({ type: 'world', command });
    if (command.do !== 'obstacle') this.audit('world', driver, command.do === 'map' ? `map ${command.map}` : command.do); // prettier-ignore
    return null;
  }

  /** Null: it began. The answer comes with `answer`, once. */
  async startJob({
    driver,
    epoch,
    job: asked,
    answer,
    progress,
  }: {
    driver: Driver;
    epoch: number;
    job: Job;
    answer: (result: JobResult) => void;
    progress?: (done: number | null, note: string) => void;
  }): Promise<Refused | null> {
    const job = await this.withArtifacts(asked);
    if (!job) return { code: 'invalid', text: 'The bytes of this job are not here any more. Send them again.' };
    if (this.jobs.view?.id === job.id) return { code: 'busy', text: 'That job is under way.' };
    const refused = this.step({ type: 'job', key: driver.key, epoch, id: job.id, whole: isWhole(job) });
    if (refused) return refused;
    this.news.informHost();
    const view = this.jobs.begin({ job, by: driver, answer, progress });
    this.note({ kind: 'job', by: driver, text: view.label, ...foldedJob(job) });
    this.tellState();
    return null;
  }

  /** Bytes by what is here under their id, whatever the asker says of them. Null: they are not. */
  private async withArtifacts(job: Job): Promise<Job | null> {
    const describe = (id: string) => this.needs.artifacts.describe({ id, fileId: this.place.id });
    try {
      if (job.kind === 'put') return { ...job, artifact: await describe(job.artifact.id) };
      if (job.kind !== 'flash') return job;
      const images = job.images.map(async (image) => ({ ...image, artifact: await describe(image.artifact.id) }));
      return { ...job, images: await Promise.all(images) };
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }

  cancelJob({ driver, owner, id }: { driver: Driver; owner: boolean; id: string }): Refused | null {
    const job = this.jobs.view;
    if (job?.id !== id) return null;
    const isMine = job.by.key === driver.key || this.lease.state.lease?.holder.key === driver.key;
    if (!isMine && !owner && this.lease.state.host !== driver.person.id)
      return { code: 'forbidden', text: `${job.by.person.name} began it. The emergency stop is for everybody.` };
    this.jobs.cancel('cancelled', `${driver.person.name} cancelled it.`);
    return null;
  }

  /** DE3: needs nothing. */
  stop(by: Face): void {
    const now = performance.now();
    if (this.lease.state.stop && now - this.stoppedAt < this.needs.limits.gatherStops) return;
    this.stoppedAt = now;
    this.step({ type: 'stop', by });
  }

  record(asked: { on: boolean; by: Face }): Promise<Recorder> {
    return this.recording.turn(asked);
  }

  // ---- what the board's browser says ----------------------------------------------------------------------------------------

  private saidBytes(host: Host, { type, bytes }: Frame): boolean {
    if (type !== frameTypes.output && type !== frameTypes.world) return false;
    if (type === frameTypes.world && bytes.length > worldStateMostBytes) return false;
    if (this.host !== host || !host.holds) return true;
    if (!host.flood.allow(bytes.length)) host.line.hold(200);
    if (type === frameTypes.output) this.output.add(bytes);
    else this.output.show(encodeFrame({ type: frameTypes.world, epoch: 0, offset: 0, bytes }));
    return true;
  }

  connection(): DeviceState['connection'] {
    return this.lease.state.connection;
  }
  because(why: string | null): void {
    this.why = why;
  }
  isStopping(): boolean {
    const { stop } = this.lease.state;
    return stop !== null && !stop.done;
  }
  progressed(message: Extract<FromHost, { type: 'job-progress' }>): boolean {
    return this.jobs.progressed(message);
  }
  result(result: JobResult): void {
    this.jobs.result(result);
  }

  // ---- telling ---------------------------------------------------------------------------------------------------------------

  private toHost(message: ToHost): void {
    this.host?.line.send(message);
  }

  tellState(): void {
    this.news.changed();
  }

  note({
    kind,
    by,
    text,
    job,
  }: {
    kind: Mark['kind'];
    by: Pick<Driver, 'person' | 'run'>;
    text: string;
    job?: string;
  }): void {
    // prettier-ignore
    this.output.mark(kind, text, job === undefined ? {} : { job });
    this.recording.now?.mark(text);
    this.audit(kind, by, text);
  }
  private audit(kind: string, { person, run }: Pick<Driver, 'person' | 'run'>, text: string): void {
    this.needs.audit.add({ fileId: this.place.id, kind, personId: person.id, runId: run, text });
  }
}

/** Files go in conversations of programs, which a console may fold. What a program prints is what everybody is here for. */
const foldedJob = ({ id, kind }: { id: string; kind: Job['kind'] }) => (kind === 'exec' ? {} : { job: id });
