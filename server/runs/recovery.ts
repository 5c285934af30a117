// After a restart: what waits for a person goes on waiting, whatever else was going on is interrupted (RU1), and what ended when nobody
// could write its trace gets one.
import type { Log } from '../platform/log.ts';
import { interrupted } from './endings.ts';
import type { Going, GoingRuns, WriteTrace } from './going.ts';
import type { RunStore } from './runStore.ts';
import { waitingCalls } from './summary.ts';

export async function recoverRuns({
  store,
  going,
  wake,
  failed,
  log,
}: {
  store: RunStore;
  going: GoingRuns;
  /** Somebody answered, or the time to answer is over. */
  wake: (one: Going) => Promise<void>;
  failed: (error: unknown) => void;
  log: Log;
}): Promise<void> {
  const left = await Promise.all((await store.going()).map(({ id }) => going.load(id)));
  const found = left.filter((one) => one !== null);
  const waiting = found.filter(({ log: { state } }) => waitingCalls(state).length > 0);
  const unended = new Set(found.map(({ row }) => row.id));
  const roots = new Set(waiting.map(({ row }) => row.rootId).filter((root) => unended.has(root)));
  for (const one of found) {
    if (!roots.has(one.row.rootId)) {
      // its trace follows when the port is open
      await one.log.emit({ type: 'ended', outcome: 'failed', reason: interrupted, answer: '' });
      going.release(one);
      continue;
    }
    for (const { id, approval } of waitingCalls(one.log.state))
      if (approval && approval.verdict === null)
        one.asking.watch({ call: id, expiresAt: approval.expiresAt, expired: () => void wake(one).catch(failed) });
  }
  if (found.length > 0)
    log.info({ interrupted: found.length - waiting.length, waiting: waiting.length }, 'runs.recovered');
}

export async function traceWhatEnded({
  store,
  going,
  trace,
}: {
  store: RunStore;
  going: GoingRuns;
  trace: WriteTrace;
}): Promise<void> {
  for (const { id } of await store.untraced()) {
    const one = going.isClosing() ? null : await going.load(id);
    if (!one || one.walk || one.log.state.endedAt === null) continue;
    const written = await trace({ row: one.row, log: one.log, ended: null });
    if (written) await one.log.emit({ type: 'trace', ...written });
    going.release(one);
  }
}
