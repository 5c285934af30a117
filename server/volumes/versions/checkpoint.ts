// Rooms become commits (GI1, GI2, GI3): what was typed since the last version is stacked, one commit a person, beside what happens to
// the tree. One queue per volume writes; an intent in the database before the branch moves and one transaction after it make sure
// that git and the tables tell the same story, also when we are killed in between (GI6).
import crypto from 'node:crypto';
import { notFound, Problem } from '#shared/errors.ts';
import { longestKey, pathKey } from '#shared/path.ts';
import type { Clock } from '../../platform/clock.ts';
import type { NewCommit, PathChange, Repository } from '../../platform/repository.ts';
import type { Rooms, Window } from '../../sync/types.ts';
import type { FileRow, RowChange } from './checkpointStore.ts';
import { composeCommits, type Draft, type Put, type TypedFile } from './composition.ts';
import { planTables } from './commitPlan.ts';
import { createHolding, heldRows, holdsSecret, type Held, type HoldingNeeds } from './holding.ts';
import type { CheckpointNow, CommitTree, Head, People, TreeChange, Version, VersionNews } from './versions.ts';
import { signaturesOf } from './signatures.ts';
import { createVolumeQueue, textIn, type QueueNeeds } from './volumeQueue.ts';

/** So many files are asked one by one for what was typed in them. */
const few = 8;

export type CheckpointNeeds = QueueNeeds &
  HoldingNeeds & {
    rooms: Pick<Rooms, 'window' | 'seed' | 'pending'>;
    people: People;
    news: Pick<VersionNews, 'committed' | 'held'>;
    clock: Clock;
  };

export type Made = { versions: Version[]; held: string[]; head: Head | null };
type Act = Omit<CheckpointNow, 'fileIds'> & {
  tree: TreeChange[];
  /** Who makes the changes of the tree; its commit comes first. Undefined: there are none. */
  author?: string | null;
  fileIds: string[];
  order: (string | null)[];
};

export function createCheckpoint(needs: CheckpointNeeds) {
  const { store, rooms, clock, news } = needs;
  const queue = createVolumeQueue(needs);
  const { heads, inQueue } = queue;
  const holding = createHolding(needs);

  /** All windows; files whose text may not be kept are in `held` instead. */
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
    await checkNames(volumeId, tree);
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
    const refused = await holding.keepOut({ tree, rows, person: act.author ?? null });
    const drafts = composeCommits({
      ...act,
      tree: tree.filter((change) => !refused.includes(change.fileId)),
      rows,
      typed,
      pathOf,
    });
    const made = await write(repository, { volumeId, drafts, typed, rows, extraRows: heldRows(tree, refused) });
    const back = [...held, ...refused.map((fileId): Held => ({ fileId, people: act.author ? [act.author] : [] }))];
    await holding.hold({ volumeId, held: back, rows, pathOf });
    await holding.letGo({ volumeId, fileIds: typed.map((file) => file.fileId), rows, made });
    return { versions: made, held: back.map(({ fileId }) => fileId), head: heads.get(volumeId) ?? null };
  }

  /** What the tables would refuse must not be in git first: nothing could be written to the volume after that. */
  async function checkNames(volumeId: string, tree: TreeChange[]): Promise<void> {
    const keys = new Map<string, string>();
    for (const change of tree) {
      if (change.kind === 'delete') continue;
      const key = pathKey(change.path);
      if (keys.has(key)) throw new Problem('conflict', `Two files cannot both be “${change.path}”.`);
      if (Buffer.byteLength(key) > longestKey) throw new Problem('invalid', 'This path is too long.', undefined, 422);
      keys.set(key, change.path);
    }
    if (keys.size === 0) return;
    const except = tree.map((change) => change.fileId);
    const [taken] = await store.namesTaken({ volumeId, keys: [...keys.keys()], except });
    if (taken !== undefined) throw new Problem('conflict', `“${taken}” is there already.`, { path: taken });
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
    head: queue.head,
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
    rebuild: queue.rebuild,
    remove: queue.remove,
    idle: queue.idle,
  };
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
