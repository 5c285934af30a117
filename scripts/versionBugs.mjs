// Bugs in versions that the tests must find, for plantBugs.mjs: name, test file, word in the test's name, file, what is there, what
// is planted instead.
const [repository, versions, faults] = [
  'server/platform/repository.test.ts',
  'server/volumes/versions/versions.test.ts',
  'server/volumes/versions/faults.test.ts',
];
const windows = 'server/volumes/versions/windows.test.ts';
const attribution = 'shared/attribution.test.ts';

// prettier-ignore
export const versionBugs = [
  ['a branch moves without compare-and-swap', repository, 'two writers', 'server/platform/repository.ts', 'if ((await head()) !== from) {', 'if (Date.now() < 0) {'],
  ['a branch moves before its objects are durable', repository, 'a stack of versions', 'server/platform/repository.ts', 'looseWritten += await fresh.flush();', 'setImmediate(() => void fresh.flush());'],
  ['what a kill left stays', repository, 'what a killed process left', 'server/platform/repository.ts', 'if (repair)', 'if (!repair)'],
  ['a commit that changes nothing', repository, 'changes nothing', 'server/platform/repository.ts', 'if (changed.length === 0) return null;', ''],
  ['a fan-out folder that gc took is not made again', repository, 'git packs', 'server/platform/atomicFiles.ts', 'if (!isMissing(error) || attempt === 50) throw error;', 'throw error;'],
  ['no queue per volume', versions, 'many acts at once', 'server/volumes/versions/volumeQueue.ts', 'queues.get(volumeId) ?? Promise.resolve()', 'Promise.resolve()'],
  ['intents are dropped at the next start', faults, 'killed after', 'server/volumes/versions/volumeQueue.ts', 'if (head !== headBefore && (await isReached(repository, head, headAfter))) {', 'if (Date.now() < 0) {'],
  ['rooms are marked before the branch moves', faults, 'killed before', 'server/volumes/versions/checkpoint.ts', 'plan = await planTables({ ...plans, written });', 'plan = await planTables({ ...plans, written });\n          await store.apply({ plan, intent: null, textOf: textIn(repository) });'],
  ['rooms are never marked', versions, 'one pause', 'server/volumes/versions/planStore.ts', 'marked as (${markCommitted(part.marks)})', 'marked as (${markCommitted([])})'],
  ['co-authors are lost', versions, 'co-author', 'server/volumes/versions/checkpoint.ts', "...draft.coAuthors.map((id): [string, string] => ['Co-authored-by', signatures.line(id)]),", ''],
  ['layers from the last to the first', windows, '', 'server/volumes/versions/stack.ts', 'layers.shift()!', 'layers.pop()!'],
  ['what looks like a secret is committed', versions, 'secret', 'server/volumes/versions/holding.ts', 'secret.hash !== notSecret', 'secret.hash === notSecret'],
  ['a move forgets where from', 'server/volumes/history/history.test.ts', '', 'server/volumes/versions/composition.ts', 'pathBefore: from,', 'pathBefore: null,'],
  ['blame gives new lines to the one before', windows, '', 'server/volumes/versions/lineBlame.ts', 'put(bTo - bFrom, position);', 'put(bTo - bFrom, next.at(-1)?.[1] ?? position);'],
  ['words typed before a move are not committed first', versions, 'a rename, a move', 'server/volumes/versions/checkpoint.ts', "change.kind !== 'put' && !include.includes(change.fileId)", "change.kind === 'put'"],
  ['continuous typing is never committed', 'server/volumes/versions/schedule.test.ts', '', 'server/volumes/versions/schedule.ts', 'Math.min(state.last + times.quietMs, state.first + times.latestMs)', 'state.last + times.quietMs'],
  ['a tie goes to who typed first', attribution, '', 'shared/attribution.ts', 'b.last - a.last', 'a.last - b.last'],
  ['undo takes a line over', attribution, '', 'shared/attribution.ts', '  returnUndone(pieces, rows);\n', ''],
  ['a row that is sent again takes words over', attribution, '', 'shared/attribution.ts', 'if (next && next.from <= from) {\n        from', 'if (next && next.from <= from) {\n        next.row = row;\n        from'],
  ['a merge drops what both sides changed', 'shared/text.test.ts', '', 'shared/text.ts', 'if (!wholeLines) overlaps.push({ at, base: base.slice(from, to), ours, theirs });', 'if (!wholeLines) return;'],
];
