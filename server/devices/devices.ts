// The bench: boards of all volumes, who holds them, who drives them. A board is a file; what it says goes through its hub (board.ts), which
// is in memory while somebody has to do with it.
import path from 'node:path';
import type { DeviceState } from '#shared/devices.ts';
import { isBoardPath } from '#shared/boardFile.ts';
import { isProblem, notFound, Problem, type ErrorCode } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Acceptor } from '../platform/sockets.ts';
import { mayOrWhy, need, type May } from './access.ts';
import { createArtifacts } from './artifacts.ts';
import { createAudit } from './audit.ts';
import { Board, type BoardNeeds } from './board.ts';
import { deviceRoutes } from './deviceRoutes.ts';
import { createDeviceStore, type BoardRow } from './deviceStore.ts';
import { createInventory, type BoardFiles, type BoardPlace } from './inventory.ts';
import { deviceLimits, type DeviceLimits } from './limits.ts';
import { createRecordings } from './recordings.ts';
import { createRunBoards } from './runBoards.ts';

export type Devices = Awaited<ReturnType<typeof openDevices>>;

const tidyMs = 60 * 60 * 1000;
const tickMs = 250;
/** What is typed in the file of a board is read again after this. */
const readAgainMs = 500;

export async function openDevices({
  database,
  directory,
  files,
  people,
  news,
  clock,
  failed,
  limits = deviceLimits,
}: {
  database: Database;
  /** In the data folder. */
  directory: string;
  files: BoardFiles;
  people: {
    face: (id: string) => Promise<Face | null>;
    faces: (ids: string[]) => Promise<Map<string, Face>>;
    isStillValid: (actor: Actor) => Promise<boolean>;
    isTokenGood: (tokenId: string) => Promise<boolean>;
  };
  /** How a board is now, for those who look at the bench. */
  news: BoardNeeds['news'];
  clock: Clock;
  failed: (error: unknown) => void;
  limits?: DeviceLimits;
}) {
  const store = createDeviceStore(database);
  const artifacts = createArtifacts({ directory: path.join(directory, 'artifacts'), store, clock });
  const recordings = createRecordings({ directory: path.join(directory, 'recordings'), store, clock, failed });
  const audit = createAudit({ store, clock, failed });
  const boards = new Map<string, Board>();
  const opening = new Map<string, Promise<Board>>();
  const reading = new Map<string, NodeJS.Timeout>();
  let rechecks = 0;

  // ---- boards in memory and out of it
  const inventory = createInventory({
    files,
    stateOf: async (place) => boards.get(place.id)?.state() ?? asleep(place, await stopOf(place.id)),
  });
  const stopFrom = async (row: BoardRow | undefined): Promise<DeviceState['stop']> => {
    if (!row?.stopBy || !row.stopAt) return null;
    const by = (await people.face(row.stopBy)) ?? { id: row.stopBy, login: '', name: 'Somebody', colour: 1 };
    return { by, at: row.stopAt.getTime(), done: row.stopDone };
  };
  const stopOf = async (id: string) => stopFrom((await store.boards([id])).get(id));

  function asleep({ id, volume, path: filePath, file }: BoardPlace, stop: DeviceState['stop']): DeviceState {
    const { label, kind, chip, baud } = file;
    const nobody = { host: null, lease: null, queue: [], job: null, watchers: [], recording: null };
    return { id, volume, path: filePath, label, kind, chip, baud, connection: 'offline', why: null, stop, ...nobody, now: clock.now() }; // prettier-ignore
  }

  async function open(id: string): Promise<Board> {
    const place = await inventory.place(id);
    if (!place) throw notFound('such board');
    const row = await store.reserve(id);
    const board = new Board({
      place,
      numbers: { epoch: row.from.epoch, epochs: row.epoch, offset: row.from.offset, bytes: row.offset },
      before: { stop: await stopFrom(row), restless: row.restless },
      limits,
      clock,
      artifacts,
      recordings,
      audit,
      news,
      keep: (what) => store.keep(id, what),
      async reserve() {
        const more = await store.reserve(id);
        return { epochs: more.epoch, bytes: more.offset };
      },
      failed,
    });
    boards.set(id, board);
    return board;
  }
  /** Throws `not-found`. */
  function boardOf(id: string): Promise<Board> {
    const board = boards.get(id);
    if (board) return Promise.resolve(board);
    const now = opening.get(id) ?? open(id).finally(() => opening.delete(id));
    opening.set(id, now);
    return now;
  }
  function letGo(id: string, board: Board): void {
    boards.delete(id);
    board.close();
    board.settled().catch(failed);
  }
  async function readAgain(id: string): Promise<void> {
    const board = boards.get(id);
    if (!board) return;
    const place = await inventory.place(id);
    if (place) return board.moved(place);
    board.end('not-found', 'The board is deleted, or not shared with you any more.');
    letGo(id, board);
  }

  // ---- who may
  async function mayNow(actor: Actor, id: string): Promise<May | ErrorCode> {
    if (!(await people.isStillValid(actor))) return 'unauthenticated';
    const file = await files.findFile(id, actor);
    if (!file || file.deletedAt || file.kind !== 'text' || !isBoardPath(file.path)) return 'not-found';
    return mayOrWhy({ actor, volume: file.volume });
  }
  async function recheck(personId?: string): Promise<void> {
    rechecks++;
    await Promise.all([...boards].map(([id, board]) => board.recheck((actor) => mayNow(actor, id), personId)));
  }

  const accept: Acceptor = async (visit) => {
    const { actor, id, query } = visit;
    try {
      const asked = rechecks;
      const may = /^[0-9a-f-]{36}$/.test(id) ? await mayNow(actor, id) : 'not-found';
      if (may === 'not-found') throw notFound('such board');
      if (may !== 'watch' && may !== 'drive' && may !== 'own')
        throw new Problem(may, may === 'forbidden' ? 'This token does not allow that.' : 'Sign in first.');
      const face = await people.face(actor.personId);
      if (!face) throw new Error('a signed-in person without a face');
      const board = await boardOf(id);
      const isHost = query.get('host') === '1';
      if (isHost && may === 'watch') throw new Problem('forbidden', 'You may watch this board, not share one here.');
      if (isHost) board.checkHold(actor);
      else if (board.isFull)
        throw new Problem('rate-limited', `More than ${limits.viewers} are looking already.`, { retryAfter: 30 });
      const from = query.get('from') ?? '';
      const arrival = { ...visit.accept(), actor, face };
      if (isHost) board.hold(arrival);
      else board.enter({ ...arrival, may, asked: /^\d{1,16}$/.test(from) ? Number(from) : null });
      if (asked !== rechecks) await board.recheck((one) => mayNow(one, id), actor.personId);
    } catch (error) {
      if (!isProblem(error)) failed(error);
      visit.refuse(isProblem(error) ? error : new Problem('unavailable', 'The board cannot be opened just now.'));
    }
  };

  // ---- time
  let tickedAt = performance.now();
  const ticking = setInterval(() => {
    const now = performance.now();
    const late = now - tickedAt > 4 * tickMs;
    tickedAt = now;
    for (const [id, board] of boards) {
      try {
        board.tick({ now, late });
        if (board.isIdle) letGo(id, board);
      } catch (error) {
        failed(error);
      }
    }
  }, tickMs);
  const rechecking = setInterval(() => void recheck().catch(failed), limits.recheck);
  const tidy = async () => {
    await artifacts.tidy();
    await recordings.tidy();
  };
  const tidying = setInterval(() => void tidy().catch(failed), tidyMs);
  for (const timer of [ticking, rechecking, tidying]) timer.unref();
  await recordings.recover();

  const runBoards = createRunBoards({
    inventory,
    artifacts,
    boardOf,
    face: people.face,
    async fileBytes({ id, path: from }) {
      const board = await files.byId(id);
      const bytes = board && (await files.bytesAt({ volumeId: board.volumeId, path: from }));
      if (!bytes) throw new Problem('not-found', `There is no file “${from}” in this volume.`);
      return { name: from.split('/').at(-1)!, bytes };
    },
    async need({ actor, id, verb }) {
      // a run outlives a sign-in, not the token that started it
      if (actor.tokenId && !(await people.isTokenGood(actor.tokenId)))
        throw new Problem('unauthenticated', 'The access token that started this run is no longer good.');
      const file = await files.findFile(id, actor);
      if (!file || file.deletedAt || !isBoardPath(file.path)) throw notFound('such board');
      need({ actor, verb, volume: file.volume });
    },
  });

  return {
    accept,
    handlers: deviceRoutes({ inventory, artifacts, recordings, store, audit, files, people, boardOf }),
    forRun: runBoards.forRun,
    recheck,
    /** Somebody typed in a file. */
    edited({ fileId }: { fileId: string }): void {
      if (!boards.has(fileId) || reading.has(fileId)) return;
      const timer = setTimeout(() => {
        reading.delete(fileId);
        void readAgain(fileId).catch(failed);
      }, readAgainMs);
      reading.set(fileId, timer);
    },
    /** Files have a new version: perhaps another place, or none. */
    committed({ fileIds }: { fileIds: string[] }): void {
      for (const id of fileIds) if (boards.has(id)) void readAgain(id).catch(failed);
    },
    /** Files that go for good. */
    async forget(fileIds: string[]): Promise<void> {
      for (const id of fileIds) {
        const board = boards.get(id);
        board?.end('not-found', 'The board is deleted.');
        if (board) letGo(id, board);
        await board?.settled();
      }
      await audit.flushAll();
      await store.forget(fileIds);
      await tidy();
    },
    async close(): Promise<void> {
      for (const timer of [ticking, rechecking, tidying]) clearInterval(timer);
      for (const timer of reading.values()) clearTimeout(timer);
      for (const board of boards.values()) board.close();
      await Promise.all([...boards.values()].map((board) => board.settled()));
      await audit.close();
    },
  };
}
