// What drivers do with a board: bytes, the lines of its port, jobs, the hands in a robot's world. Each act is held against the lease first
// (DE2); then the board's browser hears it, and whoever looks, the audit and a recording are told of it.
import { encodeFrame, frameTypes, type Driver, type FromViewer, type Job, type JobResult, type ToHost } from '#shared/devices.ts'; // prettier-ignore
import { Problem } from '#shared/errors.ts';
import type { Refused } from '#shared/leaseState.ts';
import type { Face } from '#shared/live.ts';
import type { Artifacts } from './artifacts.ts';
import type { Audit } from './audit.ts';
import type { BoardLease, Timeless } from './boardLease.ts';
import type { Note } from './boardNews.ts';
import type { BoardRecording } from './boardRecording.ts';
import type { Host } from './hostWords.ts';
import { foldedJob, isWhole, type BoardJobs } from './jobs.ts';
import { Rate, type DeviceLimits } from './limits.ts';
import type { Output } from './output.ts';
import type { Recorder } from './recordings.ts';
import type { Asked } from './viewerWords.ts';

type Acted = {
  fileId: string;
  limits: DeviceLimits;
  artifacts: Pick<Artifacts, 'describe'>;
  audit: Pick<Audit, 'input'>;
  lease: BoardLease;
  jobs: BoardJobs;
  output: Output;
  recording: BoardRecording;
  host: () => Host | null;
  toHost: (message: ToHost) => void;
  /** Before it hears what was done under an epoch, the board's browser knows that epoch. */
  informHost: () => void;
  note: (note: Note) => void;
  addToAudit: (kind: string, by: Note['by'], text: string) => void;
  tellState: () => void;
};

export class BoardActs implements Asked {
  private readonly board: Acted;
  private inputOffset = 0;
  private stoppedAt = -Infinity;
  /** Who typed last, of two who drive. */
  private typing: string | null = null;
  private readonly typingTold: Rate;

  constructor(board: Acted) {
    this.board = board;
    this.typingTold = new Rate(board.limits.typingTold);
  }

  step(event: Timeless): Refused | null {
    return this.board.lease.step(event);
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
    const beside = program === null ? {} : { beside: this.board.jobs.programOf(program) ?? '' };
    const refused = this.step({ type: 'write', key: driver.key, epoch, ...beside });
    if (refused) return refused;
    const host = this.board.host();
    if (!host) return { code: 'offline', text: 'The board is not there.' };
    if (host.line.waiting > this.board.limits.waitingForHost)
      return { code: 'too-fast', text: "The board's browser does not take so much." };
    this.tellWhoTypes(driver);
    this.board.informHost();
    const kind = program === null ? frameTypes.input : frameTypes.program;
    host.line.sendFrame(encodeFrame({ type: kind, epoch, offset: program ?? this.inputOffset, bytes }));
    this.inputOffset += bytes.length;
    this.board.recording.now?.input(bytes, driver.run ? `run:${driver.run}` : driver.person.login);
    this.board.audit.input({ fileId: this.board.fileId, personId: driver.person.id, runId: driver.run, bytes });
    return null;
  }

  /** Where two people drive, lines of a console look alike: beside what follows stands who typed it. */
  private tellWhoTypes({ key, person }: Driver): void {
    if (!this.board.lease.state.lease?.with) this.typing = null;
    else if (this.typing !== key && this.typingTold.allow(1)) {
      this.typing = key;
      this.board.output.mark('typed', `${person.name} types`, { by: person });
    }
  }

  /** Lines of the port, speed and resets: what a driver does beside bytes. */
  control(driver: Driver, message: Extract<FromViewer, { type: 'signals' | 'reset' | 'baud' }>): Refused | null {
    const { epoch, ...rest } = message;
    const refused = this.step({ type: 'write', key: driver.key, epoch });
    if (refused) return refused;
    this.board.informHost();
    this.board.toHost(rest);
    const name = driver.run ? `An agent of ${driver.person.name}` : driver.person.name;
    if (message.type === 'reset') this.board.note({ kind: 'reset', by: driver, text: `${name}: ${message.how} reset` });
    if (message.type === 'baud') this.board.note({ kind: 'baud', by: driver, text: `${name}: ${message.baud} baud` });
    return null;
  }

  world(driver: Driver, command: Extract<FromViewer, { type: 'world' }>['command']): Refused | null {
    if (this.board.host()?.holds?.kind !== 'virtual')
      return { code: 'invalid', text: 'Only a virtual board has a world.' };
    this.board.toHost({ type: 'world', command });
    if (command.do !== 'obstacle')
      this.board.addToAudit('world', driver, command.do === 'map' ? `map ${command.map}` : command.do);
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
    if (this.board.jobs.view?.id === job.id) return { code: 'busy', text: 'That job is under way.' };
    const refused = this.step({ type: 'job', key: driver.key, epoch, id: job.id, whole: isWhole(job) });
    if (refused) return refused;
    this.board.informHost();
    const view = this.board.jobs.begin({ job, by: driver, answer, progress });
    this.board.note({ kind: 'job', by: driver, text: view.label, ...foldedJob(job) });
    this.board.tellState();
    return null;
  }

  /** Bytes by what is here under their id, whatever the asker says of them. Null: they are not. */
  private async withArtifacts(job: Job): Promise<Job | null> {
    const describe = (id: string) => this.board.artifacts.describe({ id, fileId: this.board.fileId });
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
    const job = this.board.jobs.view;
    if (job?.id !== id) return null;
    const isMine = job.by.key === driver.key || this.board.lease.state.lease?.holder.key === driver.key;
    if (!isMine && !owner && this.board.lease.state.host !== driver.person.id)
      return { code: 'forbidden', text: `${job.by.person.name} began it. The emergency stop is for everybody.` };
    this.board.jobs.cancel('cancelled', `${driver.person.name} cancelled it.`);
    return null;
  }

  /** DE3: needs nothing. */
  stop(by: Face): void {
    const now = performance.now();
    if (this.board.lease.state.stop && now - this.stoppedAt < this.board.limits.gatherStops) return;
    this.stoppedAt = now;
    this.step({ type: 'stop', by });
  }

  record(asked: { on: boolean; by: Face }): Promise<Recorder> {
    return this.board.recording.turn(asked);
  }
}
