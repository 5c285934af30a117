// For tests: runs on a real database behind the real edge, with a walker that the test writes. ada owns team/lab, ben edits it, vic reads
// it, mallory is nobody there; each is let in by their login as token.
import type { Face } from '#shared/live.ts';
import type { Actor, Role } from '#shared/permissions.ts';
import type { RunEvent } from '#shared/run.ts';
import { createApi } from '../platform/api.ts';
import { systemClock } from '../platform/clock.ts';
import type { VolumeTarget } from '../platform/http.ts';
import { createLimits } from '../platform/limits.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { openTestDatabase } from '../platform/testDatabase.ts';
import { withAbsent } from '../platform/testHandlers.ts';
import { createBrowsers } from './browsers.ts';
import { createConversations } from './conversations.ts';
import { createConversationStore } from './conversationStore.ts';
import { runRoutes } from './runRoutes.ts';
import { openRuns, type RunNews } from './runs.ts';
import { createRunStore } from './runStore.ts';
import type { PlanRun, RunAllowance, WalkRun } from './walk.ts';

export type Person = 'ada' | 'ben' | 'vic' | 'mallory';
const logins: Person[] = ['ada', 'ben', 'vic', 'mallory'];
export const idOf = (login: Person): string => `00000000-0000-4000-8000-00000000000${logins.indexOf(login) + 1}`;
export const faceOf = (login: Person): Face => ({ id: idOf(login), login, name: login.toUpperCase(), colour: 1 });
export const actorOf = (login: Person): Actor => ({
  personId: idOf(login), login, isAdmin: false, scopes: null, onlyVolume: null, sessionId: login, tokenId: null,
}); // prettier-ignore
const loginOf = (personId: string) => logins.find((login) => idOf(login) === personId)!;

const labId = '00000000-0000-4000-9000-000000000001';
const limits = { iterations: 15, toolCalls: 50, minutes: 10, tokens: null, money: null, depth: 3, fanOut: 8 };
export const simplePlan: PlanRun = async ({ request }) => ({
  agent: request.agent ? { kind: 'agent', id: 'x', name: request.agent, volume: 'team/lab', path: 'agents/X.md', oid: 'a'.repeat(40) } : null,
  model: 'fake/model',
  limits,
  versions: { 'team/lab': 'b'.repeat(40) },
}); // prettier-ignore

export type TestRuns = Awaited<ReturnType<typeof startRuns>>;

export async function startRuns({
  postgresUrl,
  database: given,
  walk,
  plan = simplePlan,
  allowance = async () => limits,
  trace = async () => null,
  limited = true,
}: {
  postgresUrl: string;
  /** Of the runs before a restart. */
  database?: Awaited<ReturnType<typeof openTestDatabase>>;
  walk: WalkRun;
  plan?: PlanRun;
  allowance?: RunAllowance;
  trace?: Parameters<typeof openRuns>[0]['trace'];
  limited?: boolean;
}) {
  const database = given ?? (await openTestDatabase(postgresUrl));
  const roles: Record<Person, Role | null> = { ada: 'owner', ben: 'editor', vic: 'viewer', mallory: null };
  const volumeFor = (login: Person): VolumeTarget => ({
    id: labId, name: 'team/lab', kind: 'team', teamId: labId, personId: null, role: roles[login],
  }); // prettier-ignore
  const disabled = new Set<Person>();
  const told: Parameters<RunNews['changed']>[0][] = [];
  const waits: { what: string; run: string }[] = [];
  const store = createRunStore(database);
  const conversations = createConversations({
    store: createConversationStore(database),
    faces: async (ids) => new Map(ids.map((id) => [id, faceOf(loginOf(id))])),
    volumeName: async () => 'team/lab',
    shared: (conversation) => runs.shared(conversation),
    clock: systemClock,
  });
  const browsers = createBrowsers();
  const runs = await openRuns({
    store,
    conversationOf: conversations.join,
    walk,
    plan,
    allowance,
    trace,
    access: {
      isActive: async (personId) => !disabled.has(loginOf(personId)),
      volume: async (_, personId) => volumeFor(loginOf(personId)),
      face: async (personId) => faceOf(loginOf(personId)),
      isTokenGood: async () => true,
    },
    news: {
      changed: (news) => void told.push(news),
      waits: ({ row, what }) => void waits.push({ run: row.id, what }),
    },
    clock: systemClock,
    log: silentLog,
    limited,
  });
  const findVolume = async (name: string, actor: Actor | null) =>
    name === 'team/lab' && actor ? volumeFor(actor.login as Person) : null;
  const api = createApi({
    handlers: withAbsent(
      runRoutes({
        runs,
        conversations,
        browsers,
        findVolume,
        readableVolumes: async ({ login }) => (roles[login as Person] ? [labId] : []),
      }),
    ),
    gatekeepers: {
      who: async ({ token }) => (logins.includes(token as Person) ? actorOf(token as Person) : null),
      team: async () => null,
      volume: findVolume,
      file: async () => null,
      run: (id, actor) => runs.target(id, actor),
    },
    origins: { origin: null, tls: false, loopback: true },
    trustProxy: 0,
    limits: createLimits({ clock: systemClock, enabled: limited }),
    log: silentLog,
    metrics: createMetrics(),
  });
  const incoming = { incoming: { socket: { remoteAddress: '127.0.0.1', remotePort: 1, remoteFamily: 'IPv4' } } };

  async function request(who: Person, key: string, body?: unknown, headers: Record<string, string> = {}) {
    const [method, address] = key.split(' ') as [string, string];
    return api.request(
      address,
      {
        method,
        headers: {
          authorization: `Bearer ${who}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      incoming,
    );
  }
  /** `{ status, body }` of one request. */
  async function call(who: Person, key: string, body?: unknown) {
    const response = await request(who, key, body);
    return { status: response.status, body: (await response.json()) as any };
  }

  return {
    database, store, runs, browsers, conversations, roles, disabled, told, waits, request, call,
    async start(who: Person, more: Record<string, unknown> = {}): Promise<string> {
      const { status, body } = await call(who, 'POST /runs', { volume: 'team/lab', goal: 'Do it.', ...more });
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body.id;
    },
    /** Until the run's row says so. */
    async until(id: string, holds: (row: Awaited<ReturnType<typeof runs.row>>) => boolean): Promise<void> {
      for (const end = performance.now() + 5000; ; await pause(10)) {
        const row = await runs.row(id);
        if (holds(row)) return;
        if (performance.now() > end) throw new Error(`it did not happen: ${JSON.stringify(row)}`);
      }
    },
    events: (id: string): Promise<RunEvent[]> => store.events(id),
    close: () => runs.close(),
  };
} // prettier-ignore

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** A turn that says something and ends. */
export const sayAndEnd =
  (text: string): WalkRun =>
  async ({ emit }) => {
    await emit({ type: 'turn', step: 1, model: 'fake/model', strategy: 'native' });
    for (const word of text.split(/(?<= )/)) void emit({ type: 'text', step: 1, text: word });
    await emit({ type: 'usage', step: 1, input: 10, output: 5, money: 0.01, ms: 3 });
    await emit({ type: 'ended', outcome: 'done', reason: 'It answered.', answer: text });
  };
