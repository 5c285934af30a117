// The edge of runs: /runs and /conversations.
import type { RouteKey, Routes } from '#shared/api.ts';
import { notFound } from '#shared/errors.ts';
import { decide, type Actor } from '#shared/permissions.ts';
import { Problem } from '#shared/errors.ts';
import type { HandlersOf, VolumeTarget } from '../platform/http.ts';
import type { Browsers } from './browsers.ts';
import type { Conversations } from './conversations.ts';
import { describeRun, pageOf, readCursor } from './describe.ts';
import { eventStream } from './eventStream.ts';
import type { Runs } from './runs.ts';
import type { RunRow } from './runStore.ts';

type RunRoutes = HandlersOf<
  | (`${string} /runs${string}` & RouteKey)
  | (`${string} /conversations${string}` & RouteKey)
  | ('POST /browser-calls/:call' & keyof Routes)
>;

const mostLinks = 50;

export type RunRouteNeeds = {
  runs: Runs;
  conversations: Conversations;
  browsers: Browsers;
  /** As the asker sees it. */
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  /** Of all volumes that the asker may read. */
  readableVolumes: (actor: Actor) => Promise<string[]>;
};

export function runRoutes({ runs, conversations, browsers, findVolume, readableVolumes }: RunRouteNeeds): RunRoutes {
  /** A volume that the request names, for something that the table of routes could not decide without its body. */
  async function volumeFor(name: string, actor: Actor, verb: 'volume.read' | 'volume.run'): Promise<VolumeTarget> {
    const volume = await findVolume(name, actor);
    if (!volume) throw notFound('such volume');
    const resource = { kind: 'volume', name: volume.name, volumeKind: volume.kind, role: volume.role } as const;
    const verdict = decide({ actor, verb, resource });
    if (verdict === 'not-found') throw notFound('such volume');
    if (verdict !== 'allow') throw new Problem('forbidden', 'Your role does not allow that.');
    return volume;
  }
  const summary = async (id: string) => describeRun(await runs.row(id));

  return {
    'GET /runs': async ({ actor, query }) => {
      const { volume, limit, cursor, conversation, parent, status } = query;
      const volumeIds =
        volume === undefined ? await readableVolumes(actor) : [(await volumeFor(volume, actor, 'volume.read')).id];
      const before = readCursor(cursor);
      const { personId } = actor;
      const rows = await runs.store.list({ volumeIds, personId, conversation, parent, status, before, limit });
      const { page, cursor: next } = pageOf(rows, limit, ({ id, createdAt }) => ({ id, at: createdAt }));
      return { runs: page.map(describeRun), cursor: next };
    },
    'POST /runs': async ({ actor, body }) => {
      const volume = await volumeFor(body.volume, actor, 'volume.run');
      const request = {
        agent: body.agent ?? null,
        skills: body.skills ?? [],
        paths: body.paths ?? [],
        model: body.model ?? null,
        budget: defined(body.budget ?? {}),
      };
      const row = await runs.start({
        actor,
        volume,
        goal: body.goal,
        request,
        conversation: body.conversation ?? null,
        isPrivate: body.private ?? false,
      });
      return describeRun(row);
    },
    'GET /runs/:id': async ({ run }) => {
      const [row, events, children] = await Promise.all([
        runs.row(run.id),
        runs.store.events(run.id),
        runs.store.children(run.id),
      ]);
      return { run: describeRun(row), events, children: children.map(describeRun) };
    },
    'GET /runs/:id/links': async ({ run, actor }) => {
      const row = await runs.row(run.id);
      const [before, after, readable] = await Promise.all([
        runs.store.byIds(row.dependsOn.map((one) => one.run)),
        runs.store.buildingOn(run.id, mostLinks),
        readableVolumes(actor),
      ]);
      const isSeen = ({ volumeId, private: isPrivate, personId }: RunRow) =>
        readable.includes(volumeId) && (!isPrivate || personId === actor.personId);
      const link = (one: RunRow, { dependsOn }: RunRow, id: string) => {
        const { file = '', how = 'read' } = dependsOn.find((dependency) => dependency.run === id) ?? {};
        return { run: describeRun(one), file, how } as const;
      };
      return {
        builtOn: before.filter(isSeen).map((one) => link(one, row, one.id)),
        usedBy: after.filter(isSeen).map((one) => link(one, one, row.id)),
      };
    },
    'GET /runs/:id/events': async ({ run, query, request, actor }) => {
      const last = Number(request.headers.get('last-event-id') ?? query.after ?? 0);
      const after = Number.isSafeInteger(last) && last >= 0 ? last : 0;
      const maySee = async () => (await runs.target(run.id, actor))?.volume.role != null;
      return eventStream({ runs, run: run.id, personId: actor.personId, after, maySee, signal: request.signal });
    },
    'POST /runs/:id/stop': async ({ actor, run }) => {
      await runs.stop({ id: run.id, actor });
      return summary(run.id);
    },
    'POST /runs/:id/steer': async ({ actor, run, body }) => {
      await runs.steer({ id: run.id, actor, text: body.text });
      return {};
    },
    'POST /runs/:id/approvals/:call': async ({ actor, run, params, body }) => {
      await runs.approve({ id: run.id, actor, call: params.call, ...body });
      return {};
    },
    'POST /runs/:id/answers/:call': async ({ actor, run, params, body }) => {
      await runs.answer({ id: run.id, actor, call: params.call, text: body.text });
      return {};
    },
    'POST /runs/:id/resume': async ({ actor, run, body }) =>
      describeRun(await runs.resume({ id: run.id, actor, budget: defined(body.budget ?? {}) })),
    'GET /runs/:id/limits': ({ actor, run }) => runs.limits({ id: run.id, actor }),
    'POST /runs/:id/retry': async ({ actor, run, volume }) =>
      describeRun(await runs.retry({ id: run.id, actor, volume })),
    'POST /runs/:id/branch': async ({ actor, run, volume, body }) =>
      describeRun(await runs.branch({ id: run.id, actor, volume, ...body })),
    'POST /runs/:id/take-over': async ({ actor, run }) => {
      await runs.takeOver({ id: run.id, actor });
      return {};
    },
    'POST /browser-calls/:call': async ({ actor, params, body }) => {
      browsers.answered({
        id: params.call,
        personId: actor.personId,
        answer: { ...body, files: body.files.map(defined) },
      });
      return {};
    },

    'GET /conversations': async ({ actor, query }) =>
      conversations.list({ actor, cursor: query.cursor, volume: await volumeFor(query.volume, actor, 'volume.read') }),
    'POST /conversations': async ({ actor, body }) =>
      conversations.begin({
        actor,
        title: body.title,
        isPrivate: body.private,
        volume: await volumeFor(body.volume, actor, 'volume.run'),
      }),
    'PATCH /conversations/:conversation': async ({ actor, params, body }) =>
      conversations.change({ id: params.conversation, actor, title: body.title, isPrivate: body.private }),
    'DELETE /conversations/:conversation': async ({ actor, params }) => {
      await conversations.remove({ id: params.conversation, actor });
      return {};
    },
  };
}

/** Without the keys that say nothing. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
