// What a viewer asks of a board, one message at a time: who may only watch is refused here, who does not drive by the lease. The emergency
// stop and what only takes back one's own wish are for everybody (DE3).
import type { Driver, FromViewer, Job, JobResult } from '#shared/devices.ts';
import { Problem } from '#shared/errors.ts';
import type { Refused } from '#shared/leaseState.ts';
import type { Face } from '#shared/live.ts';
import type { May } from './access.ts';
import type { Timeless } from './boardLease.ts';
import type { Line } from './line.ts';
import type { Rate } from './limits.ts';
import type { View } from './output.ts';

export type Viewer = { line: Line<FromViewer>; view: View; driver: Driver; may: May; bytes: Rate };

/** What a board does for those who look at it (boardActs.ts). */
export type Asked = {
  step: (event: Timeless) => Refused | null;
  stop: (by: Face) => void;
  startJob: (asked: { driver: Driver; epoch: number; job: Job; answer: (result: JobResult) => void }) => Promise<Refused | null>; // prettier-ignore
  cancelJob: (asked: { driver: Driver; owner: boolean; id: string }) => Refused | null;
  control: (driver: Driver, message: Extract<FromViewer, { type: 'signals' | 'reset' | 'baud' }>) => Refused | null;
  world: (driver: Driver, command: Extract<FromViewer, { type: 'world' }>['command']) => Refused | null;
  record: (asked: { on: boolean; by: Face }) => Promise<unknown>;
};

const watchersMay = new Set<FromViewer['type']>(['stop', 'leave-queue', 'clear-stop']);

export function hearViewer({
  acts,
  viewer,
  viewers,
  message,
  failed,
}: {
  acts: Asked;
  viewer: Viewer;
  viewers: Iterable<Viewer>;
  message: FromViewer;
  failed: (error: unknown) => void;
}): void {
  const { driver, may, line } = viewer;
  const { key, person } = driver;
  const owner = may === 'own';
  const refuse = (refused: Refused | null) => {
    if (refused) line.send({ type: 'refused', of: message.type, ...refused });
  };
  if (may === 'watch' && !watchersMay.has(message.type))
    return refuse({ code: 'forbidden', text: 'You may watch this board, not drive it.' });
  switch (message.type) {
    case 'stop':
      return acts.stop(person);
    case 'ask':
      return refuse(acts.step({ type: 'ask', driver }));
    case 'take':
      return refuse(acts.step({ type: 'take', driver, owner }));
    case 'leave-queue':
      return refuse(acts.step({ type: 'leave-queue', key }));
    case 'accept':
    case 'renew':
    case 'release':
    case 'uninvite':
      return refuse(acts.step({ type: message.type, key, epoch: message.epoch }));
    case 'clear-stop':
      return refuse(acts.step({ type: 'clear-stop', by: person, owner }));
    case 'invite': {
      const guest = [...viewers].find(
        ({ driver: other, may: can }) => other.person.id === message.personId && can !== 'watch',
      );
      if (!guest) return refuse({ code: 'invalid', text: 'They are not here, or may only watch.' });
      return refuse(acts.step({ type: 'invite', key, epoch: message.epoch, guest: guest.driver }));
    }
    case 'job': {
      const answer = (result: JobResult) => tellResult({ asker: viewer, viewers, result });
      acts.startJob({ driver, epoch: message.epoch, job: message.job, answer }).then(refuse, (error: unknown) => {
        failed(error);
        refuse({ code: 'invalid', text: 'The job could not be started.' });
      });
      return;
    }
    case 'cancel-job':
      return refuse(acts.cancelJob({ driver, owner, id: message.id }));
    case 'signals':
    case 'reset':
    case 'baud':
      return refuse(acts.control(driver, message));
    case 'world':
      return refuse(acts.world(driver, message.command));
    case 'record':
      acts.record({ on: message.on, by: person }).catch((error: unknown) => {
        const text = error instanceof Problem ? error.message : 'It cannot be recorded just now.';
        refuse({ code: 'invalid', text });
      });
  }
}

/** To the tab that asked; when it is gone, to the others of that person. */
function tellResult({ asker, viewers, result }: { asker: Viewer; viewers: Iterable<Viewer>; result: JobResult }): void {
  const message = { type: 'job-result', result };
  if (asker.line.isOpen) return asker.line.send(message);
  for (const { line, driver } of viewers) if (driver.key === asker.driver.key) line.send(message);
}
