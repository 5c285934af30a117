// Why a job did not do what was asked: thrown inside jobs/, and turned into a result once, in performJob.
import type { JobResult } from '#shared/devices.ts';

export type FailureCode = Extract<JobResult, { ok: false }>['code'];

export class JobFailure extends Error {
  readonly code: FailureCode;
  /** What the board may hold now. */
  readonly partial: string | undefined;

  constructor(code: FailureCode, text: string, partial?: string) {
    super(text);
    this.name = 'JobFailure';
    this.code = code;
    this.partial = partial;
  }
}
