// What consolidation asks of runs, files, models and the kernel, for server/workspace.ts.
import { setHeaderKey } from '#shared/definitionEditing.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import { readRun } from '#shared/run.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { Library } from './library/types.ts';
import {
  consolidator,
  createConsolidation,
  type ConsolidationNeeds,
  type ConsolidationVolume,
} from './memory/consolidation.ts';
import { createMemoryStore } from './memory/memoryStore.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { HandlersOf } from './platform/http.ts';
import type { Log } from './platform/log.ts';
import type { Runs } from './runs/runs.ts';
import type { RunRow } from './runs/runStore.ts';
import type { Rooms } from './sync/types.ts';
import type { FileStore } from './volumes/files/fileStore.ts';
import type { Merges } from './volumes/files/merge.ts';
import type { Versions } from './volumes/versions/versions.ts';
import type { VolumeStore } from './volumes/volumeStore.ts';

const mostPeople = 10;
const passesLooked = 5;

export function openConsolidation({
  database,
  accounts,
  volumeStore,
  fileStore,
  merges,
  versions,
  rooms,
  library,
  standardModel,
  cameFrom,
  runs,
  clock,
  log,
  everyMs,
}: {
  database: Database;
  accounts: Pick<Accounts, 'roleIn' | 'face' | 'isActive'>;
  volumeStore: Pick<VolumeStore, 'byId'>;
  fileStore: Pick<FileStore, 'byId'>;
  merges: Pick<Merges, 'merge'>;
  versions: Pick<Versions, 'checkpointNow' | 'textOf'>;
  rooms: Pick<Rooms, 'read'>;
  library: Pick<Library, 'kernel'>;
  standardModel: (asker: { personId: string | null; teamId: string | null }) => Promise<string | null>;
  cameFrom: (files: { volumeId: string; fileIds: string[] }) => Promise<string | null>;
  runs: Pick<Runs, 'start' | 'store'>;
  clock: Clock;
  log: Log;
  /** 0: never by itself. */
  everyMs: number;
}) {
  /** As somebody who acts without a sign-in. Null: they may not run anything there. */
  async function actorOf(volume: ConsolidationVolume, personId: string): Promise<Actor | null> {
    const [row, face] = await Promise.all([volumeStore.byId(volume.id), accounts.face(personId)]);
    if (!row || !face || !(await accounts.isActive(personId))) return null;
    const actor: Actor = {
      personId, login: face.login, isAdmin: false, scopes: null, onlyVolume: null, sessionId: null, tokenId: null,
    }; // prettier-ignore
    const role = await accounts.roleIn({ volume: row, personId });
    const resource = { kind: 'volume', name: row.name, volumeKind: row.kind, role } as const;
    return decide({ actor, verb: 'volume.run', resource }) === 'allow' ? actor : null;
  }

  async function passOf({ id, status, reason, request, createdAt, endedAt }: RunRow) {
    const given = new Set(request.paths);
    const state = status === 'done' ? readRun(await runs.store.events(id)) : null;
    const calls = (state?.items ?? []).flatMap((item) => (item.kind === 'step' ? item.calls : []));
    const parts = calls.flatMap((call) => (call.status === 'ok' && call.tool === 'read_file' ? call.parts : []));
    const read = parts.flatMap((part) => (part.kind === 'file' && given.has(part.path) ? [part.path] : []));
    return {
      run: id,
      status: endedAt === null ? ('going' as const) : status === 'done' ? ('done' as const) : ('failed' as const),
      interrupted: status === 'failed' && reason === 'interrupted',
      startedAt: createdAt,
      endedAt,
      read: [...new Set(read)],
    };
  }

  /** Runs that began here and are not over. */
  const started = new Set<string>();
  const needs: ConsolidationNeeds = {
    store: createMemoryStore(database),
    volume: (id) => volumeStore.byId(id),
    async personFor(volume) {
      const row = await volumeStore.byId(volume.id);
      const people = row?.personId ? [row.personId] : await runs.store.peopleOf({ volumeId: volume.id, limit: mostPeople });
      for (const personId of people) {
        const actor = await actorOf(volume, personId);
        if (actor) return actor;
      }
      return null;
    }, // prettier-ignore
    async settings({ volume, actor }) {
      const { values } = await library.kernel({ actor, volume: volume.name, own: volume.kind === 'user' });
      return {
        traces: Math.max(1, values.consolidate_after_traces!),
        days: values.consolidate_after_days!,
        archiveDays: values.archive_after_days!,
        tokens: values.consolidate_tokens!,
      };
    },
    isOurs: async ({ volumeId, fileId }) => (await cameFrom({ volumeId, fileIds: [fileId] })) === null,
    model: ({ teamId }, { personId }) => standardModel({ personId: teamId === null ? personId : null, teamId }),
    passes: async (volumeId) =>
      Promise.all((await runs.store.consolidations({ volumeId, limit: passesLooked })).map(passOf)),
    isBusy: () => runs.store.isConsolidating(),
    async start({ volume, actor, goal, paths, unattended }) {
      const { id } = await runs.start({
        actor,
        volume,
        goal,
        conversation: null,
        isPrivate: false,
        request: {
          agent: consolidator,
          skills: [],
          paths,
          model: unattended?.model ?? null,
          budget: unattended ? { tokens: unattended.tokens } : {},
          consolidates: true,
          ...(unattended ? { unattended: true } : {}),
        },
      });
      started.add(id);
      return id;
    },
    async mark({ volume, personId, fileIds, state, message }) {
      const marked: string[] = [];
      for (const fileId of fileIds) {
        const row = await fileStore.byId(fileId);
        if (!row || row.volumeId !== volume.id || row.deletedAt) continue;
        const text = (await rooms.read(fileId)) ?? (await versions.textOf(fileId)) ?? '';
        const next = setHeaderKey({ text, key: 'lifecycle_state', value: state });
        if (next === null || next === text) continue;
        await merges.merge({ volumeId: volume.id, fileId, person: personId, base: text, theirs: next, source: 'run' });
        marked.push(fileId);
      }
      if (marked.length === 0) return;
      await versions.checkpointNow({ volumeId: volume.id, fileIds: marked, of: personId, message, kind: 'external' });
    },
  };
  const consolidation = createConsolidation({ needs, clock, log });

  const look = () =>
    void consolidation.lookAround().catch((err: unknown) => log.error({ err }, 'memory.consolidation-failed'));
  const timer = everyMs > 0 ? setInterval(look, everyMs).unref() : null;

  const routes: HandlersOf<'GET /volumes/:volume/consolidation' | 'POST /volumes/:volume/consolidation'> = {
    'GET /volumes/:volume/consolidation': async ({ volume, actor }) => {
      const state = await consolidation.state({ volume, actor });
      const off = state.off ?? (everyMs === 0 ? ('turned-off' as const) : null);
      return { ...state, off };
    },
    'POST /volumes/:volume/consolidation': async ({ volume, actor }) => ({
      run: await consolidation.now({ volume, actor }),
    }),
  };
  return {
    routes,
    /** A run began, changed its status or ended. */
    runChanged({ volumeId, run }: { volumeId: string; run: string }): void {
      if (!started.has(run)) return;
      consolidation.changed({ volumeId, run }).then(
        (isOver) => isOver && started.delete(run),
        (err: unknown) => log.error({ err }, 'memory.consolidation-failed'),
      );
    },
    async close(): Promise<void> {
      if (timer) clearInterval(timer);
      await consolidation.close();
    },
  };
}
