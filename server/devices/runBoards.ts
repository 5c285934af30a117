// Boards as a run meets them: the same lease, the same refusals, and its person's rights asked again before each act (RU4).
import crypto from 'node:crypto';
import { notFound, Problem } from '#shared/errors.ts';
import type { Device } from '#shared/api/devices.ts';
import type { Driver, Job, JobResult, LeaseView } from '#shared/devices.ts';
import { viewLease, type Refused } from '#shared/leaseState.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Artifacts } from './artifacts.ts';
import type { Board } from './board.ts';
import type { Inventory } from './inventory.ts';
import { createMatcher } from './pattern.ts';
import { BoardRefusal, type JobAsked, type Pattern, type RunBoard, type RunBoards } from './types.ts';

const thrown = ({ code, text }: Refused): BoardRefusal => new BoardRefusal(code, text);

/** The most that `waitFor` hands back. */
const mostHeard = 256 * 1024;

export function createRunBoards({
  inventory,
  artifacts,
  boardOf,
  fileBytes,
  need,
  face,
}: {
  inventory: Inventory;
  artifacts: Artifacts;
  boardOf: (id: string) => Promise<Board>;
  /** Of a file in the volume of the board `id`. */
  fileBytes: (file: { id: string; path: string }) => Promise<{ name: string; bytes: Uint8Array }>;
  /** Throws when the actor may not, now. */
  need: (asked: { actor: Actor; id: string; verb: 'device.watch' | 'device.stop' | 'device.drive' }) => Promise<void>;
  face: (personId: string) => Promise<Face | null>;
}) {
  function openBoard({
    board,
    actor,
    driver,
    attach,
  }: {
    board: Board;
    actor: Actor;
    driver: Driver;
    attach: () => void;
  }): RunBoard {
    // prettier-ignore
    const { id } = board.place;
    const mayDrive = () => need({ actor, id, verb: 'device.drive' });
    const mine = (): LeaseView | null => {
      const { lease } = viewLease(board.leaseState());
      return lease?.holder.key === driver.key && lease.state === 'granted' ? lease : null;
    };
    const epoch = (): number => {
      const lease = mine();
      if (lease) return lease.epoch;
      const { stop } = board.leaseState();
      throw stop
        ? thrown({ code: 'stopped', text: `${stop.by.name} stopped the board.` })
        : thrown({ code: 'no-lease', text: 'You do not drive this board: ask for it first.' });
    };
    const must = (refused: Refused | null) => {
      if (refused) throw thrown(refused);
    };
    /** Until `ready` finds something; null when the time is up. */
    function wait<T>({
      on,
      ms,
      signal,
      ready,
    }: {
      on: Set<() => void>;
      ms: number;
      signal: AbortSignal;
      ready: () => T | null;
    }): Promise<T | null> {
      // prettier-ignore
      return new Promise((resolve, reject) => {
        const look = () => {
          try {
            const found = ready();
            if (found !== null) end(() => resolve(found));
          } catch (error) {
            end(() => reject(error instanceof Error ? error : new Error(String(error))));
          }
        };
        const abort = () => end(() => reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled')));
        const timer = setTimeout(() => end(() => resolve(null)), ms);
        const end = (then: () => void) => {
          clearTimeout(timer);
          on.delete(look);
          signal.removeEventListener('abort', abort);
          then();
        };
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        on.add(look);
        look();
      });
    }

    const it: RunBoard = {
      id,
      async device() {
        await need({ actor, id, verb: 'device.watch' });
        return inventory.deviceOf({ actor, id });
      },
      state: () => board.state(),
      lease: mine,
      async drive({ waitMs, signal }) {
        await mayDrive();
        attach();
        must(board.step({ type: 'ask', driver }));
        try {
          const lease = await wait({
            on: board.listeners,
            ms: waitMs,
            signal,
            ready() {
              const { stop, connection, queue, lease: now } = board.leaseState();
              const isHere = now?.holder.key === driver.key || queue.some((place) => place.driver.key === driver.key);
              if (stop) throw thrown({ code: 'stopped', text: `${stop.by.name} stopped the board. Nobody drives until that is cleared.` }); // prettier-ignore
              if (connection === 'offline') throw thrown({ code: 'offline', text: 'No browser holds the board just now.' }); // prettier-ignore
              if (!isHere) throw thrown({ code: 'no-lease', text: 'Your place in the queue is gone.' });
              return mine();
            },
          });
          if (lease) return lease;
          const who = board.leaseState().lease?.holder;
          throw thrown({ code: 'busy', text: who ? `${who.person.name} drives the board.` : 'The board was not free in time.' }); // prettier-ignore
        } catch (error) {
          board.step({ type: 'leave-queue', key: driver.key });
          const held = mine();
          if (held) board.step({ type: 'release', key: driver.key, epoch: held.epoch });
          throw error;
        }
      },
      async write(bytes) {
        await mayDrive();
        for (let from = 0; from < bytes.length; from += 4096)
          must(board.acts.write({ driver, epoch: epoch(), bytes: bytes.subarray(from, from + 4096) }));
      },
      async job(asked: JobAsked, { signal, progress }): Promise<JobResult> {
        await mayDrive();
        signal.throwIfAborted();
        const job = { ...asked, id: crypto.randomUUID() } as Job;
        const { promise, resolve } = Promise.withResolvers<JobResult>();
        must(
          await board.acts.startJob({
            driver,
            epoch: epoch(),
            job,
            answer: resolve,
            ...(progress ? { progress } : {}),
          }),
        );
        const cancel = () => {
          if (board.jobs.view?.id === job.id) board.jobs.cancel('cancelled', 'The run cancelled it.');
        };
        if (signal.aborted) cancel();
        signal.addEventListener('abort', cancel, { once: true });
        try {
          return await promise;
        } finally {
          signal.removeEventListener('abort', cancel);
        }
      },
      async reset(how) {
        await mayDrive();
        must(board.acts.control(driver, { type: 'reset', epoch: epoch(), how }));
      },
      async interrupt() {
        await mayDrive();
        const job = board.jobs.view;
        if (job?.by.key === driver.key) board.jobs.cancel('cancelled', 'The run interrupted it.');
        else must(board.acts.write({ driver, epoch: epoch(), bytes: new Uint8Array([3]) }));
      },
      release() {
        board.step({ type: 'leave-queue', key: driver.key });
        const lease = mine();
        if (lease) board.step({ type: 'release', key: driver.key, epoch: lease.epoch });
      },
      async keep({ name, bytes }) {
        await mayDrive();
        return artifacts.keep({ fileId: id, personId: actor.personId, name, bytes });
      },
      async keepFile(path) {
        await mayDrive();
        return artifacts.keep({ fileId: id, personId: actor.personId, ...(await fileBytes({ id, path })) });
      },
      async hashOfFile(path) {
        await need({ actor, id, verb: 'device.watch' });
        const { bytes } = await fileBytes({ id, path });
        return { bytes: bytes.length, sha256: crypto.createHash('sha256').update(bytes).digest('hex') };
      },
      async bytesOf(artifact) {
        await need({ actor, id, verb: 'device.watch' });
        return (await artifacts.read({ id: artifact, fileId: id })).bytes;
      },
      read({ from, most }) {
        board.output.flush();
        const { scrollback } = board.output;
        const wanted = from ?? Math.max(scrollback.start, scrollback.end - most);
        const at = Math.min(Math.max(wanted, scrollback.start), scrollback.end);
        const bytes = scrollback.read(at, most);
        return { bytes, from: at, to: at + bytes.length, end: scrollback.end, skipped: Math.max(0, at - Math.max(wanted, scrollback.begin)) }; // prettier-ignore
      },
      async waitFor({ pattern, from, ms, signal }) {
        await need({ actor, id, verb: 'device.watch' });
        checkPattern(pattern);
        board.output.flush();
        const { scrollback } = board.output;
        const begin = Math.min(Math.max(from ?? scrollback.end, scrollback.start), scrollback.end);
        const matcher = createMatcher(pattern);
        let at = begin;
        let heard: Buffer = Buffer.alloc(0);
        const found = await wait({
          on: board.readers,
          ms,
          signal,
          ready() {
            at = Math.max(at, scrollback.start); // it came faster than it could be held
            const bytes = scrollback.read(at, scrollback.end - at);
            at += bytes.length;
            heard = Buffer.concat([heard, bytes]);
            if (heard.length > mostHeard) heard = Buffer.from(heard.subarray(-mostHeard));
            return matcher.push(bytes);
          },
        });
        return { found, bytes: heard, from: at - heard.length, to: at };
      },
      async stop() {
        await need({ actor, id, verb: 'device.stop' });
        board.acts.stop(driver.person);
      },
    };
    return it;
  }

  return {
    forRun({ run, actor, volume }: { run: string; actor: Actor; volume: string }): RunBoards {
      const attached = new Map<string, () => void>();
      let closed = false;
      return {
        list: () => inventory.list({ actor, volume }),
        async open(name) {
          const device = find(await inventory.list({ actor, volume }), name);
          const board = await boardOf(device.id);
          const person = await face(actor.personId);
          if (!person) throw notFound('such person');
          const driver: Driver = { key: `run:${run}`, person, run };
          const attach = () => {
            if (closed) throw new Problem('conflict', 'The run has ended.');
            if (!attached.has(device.id)) attached.set(device.id, board.attach(driver, actor));
          };
          return openBoard({ board, actor, driver, attach });
        },
        close() {
          closed = true;
          for (const letGo of attached.values()) letGo();
          attached.clear();
        },
      };
    },
  };
}

function find(devices: Device[], name: string): Device {
  const wanted = name.trim().toLowerCase();
  const stem = (path: string) => path.slice('bench/'.length, -'.md'.length);
  const ways: ((device: Device) => boolean)[] = [
    ({ id }) => id === wanted,
    ({ path }) => path.toLowerCase() === wanted || stem(path).toLowerCase() === wanted,
    ({ file }) => file.label.toLowerCase() === wanted,
  ];
  for (const way of ways) {
    const found = devices.filter(way);
    if (found.length === 1) return found[0]!;
    if (found.length > 1)
      throw new Problem('conflict', `Several boards are called “${name}”: ${found.map(({ path }) => path).join(', ')}. Name one by its path.`); // prettier-ignore
  }
  throw new Problem('not-found', `There is no board “${name}” in this volume.`);
}

function checkPattern({ text }: Pattern): void {
  if (text.replaceAll('*', '') === '' || text.length > 500)
    throw new Problem('invalid', 'Say in 1 to 500 characters what to wait for.');
}
