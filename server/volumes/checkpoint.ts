// Rooms become commits (GI1, GI2, GI3): what was typed since the last version is stacked, one commit a person, beside what happens to
// the tree. One queue per volume writes; an intent in the database before the branch moves and one transaction after it make sure
// that git and the tables tell the same story, also when we are killed in between (GI6).
import crypto from 'node:crypto';
import { notFound, Problem } from '#shared/errors.ts';
import { looksSecret } from '#shared/secrets.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Repositories } from '../platform/repositories.ts';
import type { NewCommit, PathChange, Repository } from '../platform/repository.ts';
import type { Rooms, Window } from '../sync/types.ts';
import type { CheckpointStore, FileRow, RowChange } from './checkpointStore.ts';
import { composeCommits, type Draft, type Put, type TypedFile } from './composition.ts';
import { planTables } from './commitPlan.ts';
import type { CheckpointNow, CommitTree, Head, People, TreeChange, Version, VersionNews } from './versions.ts';
import { signaturesOf } from './signatures.ts';

/** So many files are asked one by one for what was typed in them. */
const few = 8;

export type CheckpointNeeds = {
  store: CheckpointStore;
  repositories: Repositories;
  rooms: Pick<Rooms, 'window' | 'read' | 'seed' | 'pending'>;
  people: People;
  clock: Clock;
  log: Log;
  news: Pick<VersionNews, 'committed' | 'held'>;
  /** Fills the tables from git when they do not reach its head. */
  rebuild: (volumeId: string, repository: Repository) => Promise<void>;
};

type Held = { fileId: string; people: string[] };
export type Made = { versions: Version[]; held: string[]; head: Head | null };
type Act = Omit<CheckpointNow, 'fileIds'> & {
  tree: TreeChange[];
  /** Who makes the changes of the tree; its commit comes first. Undefined: there are none. */
  author?: string | null;
  fileIds: string[];
  order: (string | null)[];
};

export function createCheckpoint(needs: CheckpointNeeds) {
  const { store, repositories, rooms, clock, log, news } = needs;
  const queues = new Map<string, Promise<unknown>>();
  /** Where the tables of a volume are, once it is known that they agree with git. */
  const heads = new Map<string, Head | null>();

  /** One after the other. When something failed, the next one looks first whether git and the tables still agree. */
  function inQueue<T>(volumeId: string, work: (repository: Repository) => Promise<T>): Promise<T> {
    const before = queues.get(volumeId) ?? Promise.resolve();
    const result = before.then(() =>
      repositories.use(volumeId, async (repository) => {
        const known = heads.get(volumeId);
        if (known === undefined || (known?.oid ?? null) !== (await repository.head()))
          await agree(volumeId, repository);
        try {
          return await work(repository);
        } catch (error) {
          if (!(error instanceof Problem) || error.code === 'conflict') heads.delete(volumeId);
          throw error;
        }
      }),
    );
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    queues.set(volumeId, settled);
    void settled.then(() => queues.get(volumeId) === settled && queues.delete(volumeId));
    return result;
  }

  /** What a kill interrupted is completed if the branch moved, and forgotten if not; then the tables reach git's head. */
  async function agree(volumeId: string, repository: Repository): Promise<void> {
    const head = await repository.head();
    for (const { id, headBefore, headAfter, plan } of await store.intents(volumeId)) {
      if (head !== headBefore && (await isReached(repository, head, headAfter))) {
        await store.apply({ plan, intent: id, textOf: textIn(repository) });
        log.info({ volume: volumeId, versions: plan.versions.length }, 'checkpoint.completed');
      } else await store.dropIntent(id);
    }
    const known = await store.head(volumeId);
    if ((known?.oid ?? null) !== head) {
      log.warn({ volume: volumeId, head, known: known?.oid ?? null }, 'index.rebuilt');
      await needs.rebuild(volumeId, repository);
    }
    heads.set(volumeId, await store.head(volumeId));
  }

  /** All windows, with the layers that nobody may see taken out; files whose text may not be kept are named in `held`. */
  async function readWindows(
    fileIds: string[],
    rows: Map<string, FileRow>,
    order: (string | null)[],
    pathOf: (id: string) => string,
  ) {
    const typed: TypedFile[] = [];
    const held: Held[] = [];
    // a folder that moves: most of its files have nothing new, and one question tells which
    const waiting = fileIds.length > few ? new Set((await rooms.pending()).map(({ fileId }) => fileId)) : null;
    for (const fileId of fileIds) {
      if (waiting && !waiting.has(fileId)) continue;
      const row = rows.get(fileId);
      const window = await rooms.window(fileId, order);
      if (!row || !window) continue;
      // layers are made of lines of the old and of the new text: what was typed and taken out again is in none
      if (holdsSecret({ path: pathOf(fileId), text: window.after, notSecret: row.notSecret }))
        held.push({ fileId, people: window.layers.map((layer) => layer.person).filter((id) => id !== null) });
      else typed.push(withFirstText(window, row));
    }
    return { typed, held };
  }

  async function make(repository: Repository, act: Act): Promise<Made> {
    const { volumeId, tree } = act;
    const ids = [...new Set([...tree.map((change) => change.fileId), ...act.fileIds])];
    const rows = await store.filesById(ids);
    checkTree(tree, rows);
    const moved = new Map(tree.map((change) => [change.fileId, change]));
    const isThere = (id: string) => {
      const change = moved.get(id);
      return change ? change.kind !== 'delete' : rows.get(id)?.deletedAt === null;
    };
    const pathOf = (id: string) => {
      const change = moved.get(id);
      return change && change.kind !== 'delete' ? change.path : rows.get(id)!.path;
    };
    const { typed, held } = await readWindows(act.fileIds.filter(isThere), rows, act.order, pathOf);
    const refused = await holdBackNew(tree, rows, act.author ?? null);
    const drafts = composeCommits({
      ...act,
      tree: tree.filter((change) => !refused.includes(change.fileId)),
      rows,
      typed,
      pathOf,
    });
    const made = await write(repository, { volumeId, drafts, typed, rows, extraRows: heldRows(tree, refused) });
    const back = [...held, ...refused.map((fileId): Held => ({ fileId, people: act.author ? [act.author] : [] }))];
    await tellHeld({ volumeId, held: back, rows, pathOf });
    await letGo({ volumeId, fileIds: typed.map((file) => file.fileId), rows, made });
    return { versions: made, held: back.map(({ fileId }) => fileId), head: heads.get(volumeId) ?? null };
  }

  /** What looked like a secret was taken out again, and nothing else is new: no version says so. */
  async function letGo({
    volumeId,
    fileIds,
    rows,
    made,
  }: {
    volumeId: string;
    fileIds: string[];
    rows: Map<string, FileRow>;
    made: Version[];
  }) {
    const inVersion = new Set(made.flatMap((version) => version.files.map((file) => file.fileId)));
    const free = fileIds.filter((fileId) => rows.get(fileId)?.heldAt && !inVersion.has(fileId));
    if (free.length === 0) return;
    await store.release(free);
    news.committed({ volumeId, versions: [], fileIds: free });
  }

  /** A new text that looks like a secret gets a room, so that nothing is lost, but no version. */
  async function holdBackNew(tree: TreeChange[], rows: Map<string, FileRow>, person: string | null): Promise<string[]> {
    const refused: string[] = [];
    for (const change of tree) {
      if (change.kind !== 'put' || change.fileKind !== 'text') continue;
      const text = typeof change.content === 'string' ? change.content : Buffer.from(change.content).toString();
      const row = rows.get(change.fileId);
      if (!holdsSecret({ path: change.path, text, notSecret: row?.notSecret ?? null })) continue;
      if (!row) await rooms.seed({ fileId: change.fileId, text, person });
      refused.push(change.fileId);
    }
    return refused;
  }

  async function tellHeld({
    volumeId,
    held,
    rows,
    pathOf,
  }: {
    volumeId: string;
    held: Held[];
    rows: Map<string, FileRow>;
    pathOf: (id: string) => string;
  }) {
    const fresh = held.filter(({ fileId }) => !rows.get(fileId)?.heldAt);
    if (fresh.length === 0) return;
    await store.hold(fresh.map(({ fileId }) => fileId), new Date(clock.now())); // prettier-ignore
    for (const { fileId, people } of fresh) news.held({ volumeId, fileId, path: pathOf(fileId), people });
  }

  async function write(
    repository: Repository,
    job: { volumeId: string; drafts: Draft[]; typed: TypedFile[]; rows: Map<string, FileRow>; extraRows: RowChange[] },
  ): Promise<Version[]> {
    const { volumeId, drafts, typed, rows, extraRows } = job;
    const at = Math.floor(clock.now() / 1000) * 1000; // as exact as git is
    const head = heads.get(volumeId) ?? null;
    const signatures = await signaturesOf(
      needs.people,
      drafts.flatMap((draft) => [draft.person, ...draft.coAuthors]),
    );
    const commitOf = async (draft: Draft): Promise<NewCommit> => ({
      changes: await Promise.all(
        draft.entries.flatMap((entry) => entry.puts.map((put) => resolvePut(repository, head, put))),
      ),
      author: { ...signatures.of(draft.person), at },
      message: draft.message,
      trailers: [
        ...draft.coAuthors.map((id): [string, string] => ['Co-authored-by', signatures.line(id)]),
        ...draft.trailers,
      ],
    });
    const stack = await Promise.all(drafts.map(commitOf));
    const plans = { repository, store, volumeId, at, head, drafts, typed, rows, extraRows, signatures };
    let intent: string | null = null;
    let plan = null as Awaited<ReturnType<typeof planTables>> | null;
    if (stack.length > 0)
      await repository.write({
        stack,
        expected: head?.oid ?? null,
        beforeMove: async (written) => {
          plan = await planTables({ ...plans, written });
          intent = await store.addIntent({ headBefore: head?.oid ?? null, headAfter: plan.versions.at(-1)!.oid, plan });
        },
      });
    plan ??= await planTables({ ...plans, written: drafts.map(() => null) });
    if (plan.versions.length + plan.rows.length + plan.marks.length === 0) return [];
    await store.apply({ plan, intent, textOf: textIn(repository) });
    const last = plan.versions.at(-1);
    if (last) heads.set(volumeId, { oid: last.oid, position: last.position });
    const fileIds = [
      ...new Set([
        ...plan.rows.map((row) => row.fileId),
        ...plan.versions.flatMap((version) => version.files.map((file) => file.fileId)),
      ]),
    ];
    if (plan.versions.length > 0) news.committed({ volumeId, versions: plan.versions, fileIds });
    return plan.versions;
  }

  return {
    /** Waits until the tables of the volume agree with git. */
    async head(volumeId: string): Promise<Head | null> {
      if (!heads.has(volumeId)) await inQueue(volumeId, async () => undefined);
      return heads.get(volumeId) ?? null;
    },
    async checkpoint(checkpoint: CheckpointNow & { fileIds: string[]; order: (string | null)[] }): Promise<Made> {
      return inQueue(checkpoint.volumeId, (repository) => make(repository, { ...checkpoint, tree: [] }));
    },
    async commitTree(commit: CommitTree): Promise<Made> {
      const { volumeId, author, include = [] } = commit;
      return inQueue(volumeId, async (repository) => {
        const tree = await commit.plan();
        // their words belong to where the files were, and to who typed them
        const before = tree
          .filter((change) => change.kind !== 'put' && !include.includes(change.fileId))
          .map((change) => change.fileId);
        const group = commit.group ?? crypto.randomUUID();
        const first =
          before.length > 0
            ? await make(repository, { volumeId, tree: [], fileIds: before, order: [null], group })
            : null;
        const of = author ?? undefined;
        const act: Act = {
          ...commit,
          group,
          tree,
          author,
          fileIds: include,
          order: [author, null],
          ...(of === undefined ? {} : { of }),
        };
        const made = await make(repository, act);
        return {
          ...made,
          versions: [...(first?.versions ?? []), ...made.versions],
          held: [...(first?.held ?? []), ...made.held],
        };
      });
    },
    async rebuild(volumeId: string): Promise<void> {
      await inQueue(volumeId, async (repository) => {
        await needs.rebuild(volumeId, repository);
        heads.set(volumeId, await store.head(volumeId));
      });
    },
    async idle(): Promise<void> {
      while (queues.size > 0) await Promise.all(queues.values());
    },
  };
}

/** A person may have said that it is none. */
function holdsSecret({ path, text, notSecret }: { path: string; text: string; notSecret: string | null }): boolean {
  const secret = looksSecret(path, text);
  return secret !== null && secret.hash !== notSecret;
}

const textIn = (repository: Repository) => async (blob: string) => (await repository.readBlob(blob))?.toString() ?? '';

async function isReached(repository: Repository, head: string | null, oid: string): Promise<boolean> {
  if (head === null) return false;
  for await (const commit of repository.history(head)) if (commit.oid === oid) return true;
  return false;
}

async function resolvePut(repository: Repository, head: Head | null, put: Put): Promise<PathChange> {
  if ('content' in put) return put;
  const found = head && (await repository.blobAt({ at: head.oid, path: put.movedFrom }));
  if (!found) throw new Error(`${repository.gitdir}: ${put.movedFrom} is in the tables but not in git`);
  return { path: put.path, content: found };
}

/** A file whose first text was held back has no version yet: its whole text is what is new. */
function withFirstText(window: Window, row: FileRow): Window {
  if (row.blob !== null || window.layers.length > 0) return window;
  return { ...window, before: '', layers: [{ person: null, text: window.after, coAuthors: [] }] };
}

function checkTree(tree: TreeChange[], rows: Map<string, FileRow>): void {
  for (const change of tree) {
    const row = rows.get(change.fileId);
    if (change.kind !== 'put') {
      if (!row || row.deletedAt) throw notFound('file');
    } else if (row && !row.deletedAt && (row.kind === 'text' || change.fileKind === 'text' || row.path !== change.path))
      throw new Problem('conflict', `“${row.path}” is there already.`);
  }
}

const heldRows = (tree: TreeChange[], refused: string[]): RowChange[] =>
  tree.flatMap((change): RowChange[] => {
    if (change.kind !== 'put' || !refused.includes(change.fileId)) return [];
    const { fileId, path, fileKind, content } = change;
    return [{ act: 'put', fileId, path, fileKind, blob: null, size: Buffer.byteLength(content), held: true }];
  });
