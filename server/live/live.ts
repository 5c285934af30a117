// /live: who is where, and what just happened, for the volumes that each browser has open. Whoever may not read a volume hears nothing
// of it, also when that changed a moment ago (AC1, SY10). News, not truth: it is read from the API again after a reconnect.
import crypto from 'node:crypto';
import type { Commit, Conflict, Notification } from '#shared/api.ts';
import type { DeviceState } from '#shared/devices.ts';
import type { Face, FromBrowser, Presence, ToBrowser } from '#shared/live.ts';
import { decide, reachesVolume, type Actor } from '#shared/permissions.ts';
import type { Clock } from '../platform/clock.ts';
import type { VolumeTarget } from '../platform/http.ts';
import type { Acceptor } from '../platform/sockets.ts';
import { LiveConnection } from './connection.ts';
import { openRunTab, type LiveRuns, type RunTab } from './runTabs.ts';

type Watch = {
  volumeId: string;
  fileId: string | null;
  since: string;
  /** While its person writes the sentence of a version. */
  goOn: (() => void) | null;
};
type Tab = { connection: LiveConnection; runs: RunTab; watches: Map<string, Watch>; asking: Promise<void> };
export type TreeNews = Omit<Extract<ToBrowser, { type: 'tree' }>, 'type' | 'volume'>;

export type LiveNeeds = {
  clock: Clock;
  findVolume: (name: string, actor: Actor) => Promise<VolumeTarget | null>;
  isStillValid: (actor: Actor) => Promise<boolean>;
  face: (personId: string) => Promise<Face | null>;
  /** Is this file in this volume, also as a deleted one? */
  isFileOf: (place: { volumeId: string; fileId: string }) => Promise<boolean>;
  /** No pause becomes a version until what it answers is called. */
  putOffVersions: (volumeId: string) => () => void;
  runs: LiveRuns;
};

export type Live = ReturnType<typeof createLive>;

const mostWatched = 32;
const mostShown = 500;
/** Moves of many people within this time are told together. */
const gatherMs = 100;
/** Sessions and tokens end by themselves too. */
const recheckMs = 60_000;

export function createLive({ clock, findVolume, isStillValid, face, isFileOf, putOffVersions, runs }: LiveNeeds) {
  const tabs = new Set<Tab>();
  /** volume name -> tabs */
  const watchers = new Map<string, Set<Tab>>();
  const names = new Map<string, string>(); // volume id -> name, while somebody watches
  const gathering = new Map<string, NodeJS.Timeout>();

  const may = async (
    verb: 'volume.read' | 'volume.write',
    volume: string,
    actor: Actor,
  ): Promise<VolumeTarget | 'not-found' | 'forbidden'> => {
    const target = await findVolume(volume, actor);
    if (!target) return 'not-found';
    const verdict = decide({
      actor,
      verb,
      resource: { kind: 'volume', name: target.name, volumeKind: target.kind, role: target.role },
    });
    return verdict === 'allow' ? target : verdict === 'forbidden' ? 'forbidden' : 'not-found';
  };

  function toVolume(
    volumeId: string,
    make: (volume: string) => ToBrowser,
    to: (connection: LiveConnection) => boolean = () => true,
  ): void {
    const volume = names.get(volumeId);
    if (volume === undefined) return;
    const message = make(volume);
    const text = JSON.stringify(message);
    for (const { connection } of watchers.get(volume) ?? []) if (to(connection)) connection.send(message, text);
  }

  const hereIn = (volume: string): Presence[] =>
    Array.from(watchers.get(volume) ?? [], ({ connection, watches }): Presence => {
      const { fileId, since } = watches.get(volume)!;
      return { tab: connection.tab, person: connection.face, fileId, since };
    }).slice(0, mostShown);

  function tellPresence(volume: string): void {
    if (gathering.has(volume)) return;
    gathering.set(
      volume,
      setTimeout(() => {
        gathering.delete(volume);
        const message: ToBrowser = { type: 'presence', volume, here: hereIn(volume) };
        const text = JSON.stringify(message);
        for (const { connection } of watchers.get(volume) ?? []) connection.send(message, text);
      }, gatherMs),
    );
  }

  function leave(tab: Tab, volume: string): void {
    const watch = tab.watches.get(volume);
    if (!watch) return;
    tab.watches.delete(volume);
    watch.goOn?.();
    const others = watchers.get(volume);
    others?.delete(tab);
    if (others?.size === 0) {
      watchers.delete(volume);
      names.delete(watch.volumeId);
    }
    tellPresence(volume);
  }

  async function hear(tab: Tab, message: FromBrowser): Promise<void> {
    if (!('volume' in message)) return tab.runs.hear(message);
    const { connection, watches } = tab;
    const { volume } = message;
    if (message.type === 'unwatch') return leave(tab, volume);
    if (message.type === 'at') {
      const watch = watches.get(volume);
      if (!watch || watch.fileId === message.fileId) return;
      if (message.fileId !== null && !(await isFileOf({ volumeId: watch.volumeId, fileId: message.fileId }))) return;
      if (watches.get(volume) !== watch) return;
      watch.fileId = message.fileId;
      watch.since = new Date(clock.now()).toISOString();
      return tellPresence(volume);
    }
    if (message.type === 'saving') return saving(tab, message);
    if (watches.has(volume)) return;
    if (watches.size >= mostWatched)
      return connection.end('rate-limited', `More than ${mostWatched} volumes at once are too many.`);
    const target = await may('volume.read', volume, connection.actor);
    if (!tabs.has(tab)) return;
    if (typeof target === 'string') return connection.send({ type: 'refused', volume, code: target });
    watches.set(volume, { volumeId: target.id, fileId: null, since: new Date(clock.now()).toISOString(), goOn: null });
    names.set(target.id, volume);
    watchers.set(volume, (watchers.get(volume) ?? new Set()).add(tab));
    connection.send({ type: 'presence', volume, here: hereIn(volume) });
    tellPresence(volume);
  }

  async function saving(
    { watches, connection }: Tab,
    { volume, open }: { volume: string; open: boolean },
  ): Promise<void> {
    const watch = watches.get(volume);
    if (!watch) return;
    if (open && (watch.goOn || typeof (await may('volume.write', volume, connection.actor)) === 'string')) return;
    watch.goOn?.();
    // the tab may have gone while it was asked
    watch.goOn = open && watches.get(volume) === watch ? putOffVersions(watch.volumeId) : null;
  }

  /** Is the sign-in still good, and may everything that is watched still be read? */
  async function recheck(tab: Tab): Promise<void> {
    const { connection, watches } = tab;
    if (!(await isStillValid(connection.actor))) return connection.end('unauthenticated', 'You are signed out.');
    for (const volume of [...watches.keys()]) {
      const target = await may('volume.read', volume, connection.actor);
      if (typeof target !== 'string') continue;
      leave(tab, volume);
      connection.send({ type: 'refused', volume, code: target });
    }
    await tab.runs.recheck();
  }
  const inTurn = (tab: Tab, work: () => Promise<void>) => {
    // one after the other, in the order in which they came
    tab.asking = tab.asking.then(work).catch(() => {
      connectionLost(tab);
    });
  };
  const connectionLost = (tab: Tab) =>
    tab.connection.end('unavailable', 'Something did not answer. Come back in a moment.');

  const timer = setInterval(() => {
    for (const tab of tabs) inTurn(tab, () => recheck(tab));
  }, recheckMs);
  timer.unref();

  const accept: Acceptor = async (visit) => {
    const { actor } = visit;
    const person = await face(actor.personId);
    if (!person) throw new Error('a signed-in person without a face');
    const { socket, head } = visit.accept();
    const watches: Tab['watches'] = new Map();
    const connection = new LiveConnection({
      tab: crypto.randomUUID(),
      actor,
      face: person,
      socket,
      head,
      said: (message) => inTurn(tab, () => hear(tab, message)),
      ended() {
        tabs.delete(tab);
        for (const volume of [...watches.keys()]) leave(tab, volume);
        // after what it still asked for
        inTurn(tab, async () => tab.runs.leave());
      },
    });
    const tab: Tab = {
      watches,
      asking: Promise.resolve(),
      connection,
      runs: openRunTab({ runs, connection, watches: (volume) => watches.has(volume) }),
    };
    tabs.add(tab);
    tab.connection.send({ type: 'hello', tab: tab.connection.tab, person });
  };

  return {
    accept,
    /** Does anybody hear what happens there? Saves putting together what nobody reads. */
    isWatched: (volumeId: string): boolean => names.has(volumeId),

    tree: (news: { volumeId: string } & TreeNews) =>
      toVolume(news.volumeId, (volume) => ({
        type: 'tree',
        volume,
        changed: news.changed,
        gone: news.gone,
        folders: news.folders,
      })),
    pending: (news: { volumeId: string; fileId: string; authors: Face[]; due: number; held: boolean }) =>
      toVolume(news.volumeId, (volume) => ({
        type: 'pending',
        volume,
        fileId: news.fileId,
        authors: news.authors,
        due: new Date(news.due).toISOString(),
        held: news.held ? 'secret' : null,
      })),
    committed: (news: { volumeId: string; commits: Commit[]; fileIds: string[] }) =>
      toVolume(news.volumeId, (volume) => ({
        type: 'committed',
        volume,
        commits: news.commits,
        fileIds: news.fileIds,
      })),
    conflicts: (news: { volumeId: string; fileId: string; open: Conflict[] }) =>
      toVolume(news.volumeId, (volume) => ({ type: 'conflicts', volume, fileId: news.fileId, open: news.open })),
    reviewed: (news: { volumeId: string; oids: string[] }) =>
      toVolume(news.volumeId, (volume) => ({ type: 'reviewed', volume, oids: news.oids })),
    /** What a volume remembers was read or measured. */
    memory: ({ volumeId }: { volumeId: string }) => toVolume(volumeId, (volume) => ({ type: 'memory', volume })),
    board: (news: { volumeId: string; state: DeviceState }) =>
      toVolume(news.volumeId, (volume) => ({ type: 'board', volume, state: news.state })),
    /** A run began, changed its status or ended. `only`: it is private to this person. */
    runs: (news: { volumeId: string; run: string; only: string | null }) =>
      toVolume(
        news.volumeId,
        (volume) => ({ type: 'runs', volume, run: news.run }),
        ({ actor }) => news.only === null || actor.personId === news.only,
      ),
    notified({ personId, notification }: { personId: string; notification: Notification }): void {
      for (const { connection } of tabs) {
        const { actor } = connection;
        const mayRead = decide({ actor, verb: 'self.read', resource: { kind: 'self' } }) === 'allow';
        if (actor.personId === personId && mayRead && reachesVolume(actor, notification.volume))
          connection.send({ type: 'notification', notification });
      }
    },
    /** Something about a person's sign-in, role or tokens changed. */
    accessChanged({ personId }: { personId: string }): void {
      for (const tab of tabs) {
        if (tab.connection.actor.personId !== personId) continue;
        tab.connection.send({ type: 'access' });
        inTurn(tab, () => recheck(tab));
      }
    },
    close(): void {
      clearInterval(timer);
      for (const waiting of gathering.values()) clearTimeout(waiting);
    },
  };
}
