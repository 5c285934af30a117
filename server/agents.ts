// The third page of main.ts: what works for people. The library, models, runs and memory know each other by type only; here they are
// introduced. Each comes with what it asks of the others.
import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config.ts';
import type { LiveRuns } from './live/runTabs.ts';
import type { Live } from './live/live.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import { Problem } from '#shared/errors.ts';
import { createBrowsers } from './runs/browsers.ts';
import { createConversations } from './runs/conversations.ts';
import { createConversationStore } from './runs/conversationStore.ts';
import { runRoutes } from './runs/runRoutes.ts';
import { openRuns, type Runs } from './runs/runs.ts';
import { createRunStore } from './runs/runStore.ts';
import type { PlanRun, WalkRun } from './runs/walk.ts';
import type { Volumes } from './volumes/volumes.ts';
import type { VolumeStore } from './volumes/volumeStore.ts';

export type Agents = Awaited<ReturnType<typeof openAgents>>;

export async function openAgents({
  database,
  accounts,
  volumes,
  volumeStore,
  live,
  clock,
  log,
  config,
}: {
  database: Database;
  accounts: Accounts;
  volumes: Volumes;
  volumeStore: VolumeStore;
  live: Pick<Live, 'runs'>;
  clock: Clock;
  log: Log;
  config: Pick<Config, 'rateLimits'>;
}) {
  const failed = (what: string) => (err: unknown) => log.error({ err }, what);
  const nameOf = async (volumeId: string) => (await volumeStore.byId(volumeId))?.name ?? null;

  const plan: PlanRun = async () => {
    throw new Problem('conflict', 'No model is set up. Add a provider under Settings, Models.');
  };
  const walk: WalkRun = async ({ emit }) => {
    await emit({ type: 'ended', outcome: 'failed', reason: 'No model is set up.', answer: '' });
  };

  // ---- runs, and who looks at them
  const browsers = createBrowsers();
  const conversations = createConversations({
    store: createConversationStore(database),
    faces: (ids) => accounts.faces(ids),
    volumeName: nameOf,
    clock,
  });
  const runs: Runs = await openRuns({
    store: createRunStore(database),
    conversationOf: conversations.join,
    plan,
    walk,
    trace: async () => null,
    access: {
      volume: async (id, personId) => {
        const row = await volumeStore.byId(id);
        return row && { ...row, role: await accounts.roleIn({ volume: row, personId }) };
      },
      face: (personId) => accounts.face(personId),
      isTokenGood: (tokenId) => accounts.isStillValid({ tokenId, sessionId: null } as Actor),
    },
    news: {
      changed: (news) => live.runs(news),
      waits: ({ row, what }) => {
        const text = what === 'question' ? 'asks you something' : 'waits for your approval';
        accounts
          .notify({
            to: [row.personId],
            kind: `run.${what}`,
            text: `“${short(row.head.goal)}” ${text}.`,
            volume: row.head.volume,
            run: row.id,
          }) // prettier-ignore
          .catch(failed('news.failed'));
      },
    },
    clock,
    log,
    limited: config.rateLimits,
  });
  const stopListening = accounts.onAccessChanged(({ personId }) => {
    runs.recheck(personId).catch(failed('runs.recheck-failed'));
  });

  const liveRuns: LiveRuns = {
    async find(run, actor) {
      const target = await runs.target(run, actor);
      if (!target) return null;
      const { name, kind, role } = target.volume;
      const resource = { kind: 'volume', name, volumeKind: kind, role } as const;
      return decide({ actor, verb: 'volume.read', resource }) === 'allow' ? { volume: name } : null;
    },
    follow: runs.following.follow,
    able: browsers.able,
    output: browsers.output,
    left: browsers.left,
  };
  async function readableVolumes(actor: Actor): Promise<string[]> {
    const teams = await accounts.teamsOf(actor.personId);
    const names = [`user/${actor.login}`, ...teams.map(({ slug }) => `team/${slug}`)];
    const mine = names.filter((name) => !actor.onlyVolume || actor.onlyVolume === name);
    return (await volumeStore.byNames(mine)).map(({ id }) => id);
  }

  return {
    runs,
    liveRuns,
    handlers: {
      ...runRoutes({
        runs,
        conversations,
        browsers,
        findVolume: (name, actor) => volumes.find(name, actor),
        readableVolumes,
      }),
    },
    async close(): Promise<void> {
      stopListening();
      await runs.close();
    },
  };
}

const short = (goal: string) => {
  const line = goal.trim().split('\n', 1)[0]!;
  return line.length <= 60 ? line : `${line.slice(0, 59).trimEnd()}…`;
};
