// Do the tests of living documents and of versions find what they are there for? Plants one bug at a time in a copy of the project and runs the
// tests that must find it. Prints a line per bug; ends with 1 when one was not found. Usage: node scripts/plantBugs.mjs [word in a name]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { versionBugs } from './versionBugs.mjs';

const root = path.join(import.meta.dirname, '..');
const [fuzz, rooms, hostile] = ['server/sync/fuzz.test.ts', 'server/sync/rooms.test.ts', 'server/sync/hostile.test.ts'];

/** `from` must occur exactly once in the file; it becomes `to`. */
const bugs = [
  [
    'acknowledge before append',
    fuzz,
    'room.ts',
    'this.pending.push(given);',
    'this.pending.push(given);\n    given.settled();',
  ],
  [
    'broadcast before append',
    fuzz,
    'updateLog.ts',
    'if (await this.append(taken)) {',
    'void this.append(taken);\n      {',
  ],
  [
    'acknowledge what is known before it is durable',
    rooms,
    'room.ts',
    'this.waiting.push(writer);',
    'writer.settled();',
  ],
  [
    'seed again from the text of the last version',
    rooms,
    'openings.ts',
    '(await readHead(fileId)) ?? (await seed(fileId))',
    '(await seed(fileId))',
  ],
  ['skip the epoch', rooms, 'door.ts', 'epoch !== null && epoch !== String(room.epoch)', 'false'],
  ['no owners of client ids', rooms, 'room.ts', 'known !== undefined && known !== owner', 'false'],
  ['owners are not stored', fuzz, 'room.ts', 'const clients = newClients.map(', 'const clients = [].map('],
  ['no hold for what is early', fuzz, 'judge.ts', "if (clock > here) return 'early';", ''],
  ['a row is lost when the append is tried again', fuzz, 'updateLog.ts', 'if (isIn) return true;', 'return true;'],
  [
    'a row is appended again though it is in',
    fuzz,
    'updateLog.ts',
    'const isIn = await this.store.has(batch);',
    'const isIn = false;',
  ],
  [
    'compaction passes the last version',
    fuzz,
    'documentJobs.ts',
    'const settled = rows.updates.filter((update) => update.upto <= rows.committed);\n  const last',
    'const settled = rows.updates;\n  const last',
  ],
  ['blocks are spliced in ascending order', fuzz, 'splice.ts', '.sort((a, b) => b - a)', '.sort((a, b) => a - b)'],
  ['deletions are spliced as they come', fuzz, 'deletions.ts', 'ranges.sort((a, b) => a[0] - b[0])', 'ranges'],
  [
    'catch up from where the reader already was not',
    fuzz,
    'connection.ts',
    'this.behind = shown;',
    'this.behind = this.room.durable;',
  ],
  [
    'one row for all who typed',
    fuzz,
    'room.ts',
    'Map.groupBy(pending, ({ person }) => person)',
    'new Map([[pending[0]?.person ?? null, pending]])',
  ],
  [
    'the delete set of the blob is cut one byte late',
    fuzz,
    'documentJobs.ts',
    'Y.encodeStateAsUpdate(doc, vector).length - 1',
    'Y.encodeStateAsUpdate(doc, vector).length - 2',
  ],
  ['a reader may write', rooms, 'intake.ts', 'if (!this.mayWrite) return this.deny();', ''],
  [
    'presence is what the client says it is',
    rooms,
    'presence.ts',
    '{ ...state, user: { id, name, login, colour } }',
    'state',
  ],
  [
    'origins are not checked',
    hostile,
    'validate.ts',
    "else if (at >= clock) wrong('an origin lies not before its item');",
    '',
  ],
  ['new client ids without end', rooms, 'newClients.ts', 'recent.length >= this.most', 'false'],
];

const wanted = process.argv[2] ?? '';
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-planted-'));
for (const name of ['server', 'shared', 'samples', 'system', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  if (fs.existsSync(path.join(root, name)))
    fs.cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
}
fs.symlinkSync(fs.realpathSync(path.join(root, 'node_modules')), path.join(copy, 'node_modules'));
let missed = 0;
try {
  const all = [
    ...bugs.map(([name, test, file, ...rest]) => [name, test, '', `server/sync/${file}`, ...rest]),
    ...versionBugs,
  ];
  for (const [name, test, only, file, from, to] of all.filter(([name]) => name.includes(wanted))) {
    const target = path.join(copy, file);
    const source = fs.readFileSync(target, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`"${name}" does not fit ${file} any more`);
    fs.writeFileSync(
      target,
      source.replace(from, () => to),
    );
    const seeds = process.env.PLANTED_SEEDS ?? '60';
    const run = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', test, '--bail=1', ...(only ? ['-t', only] : [])],
      {
        cwd: copy,
        env: { ...process.env, FUZZ_SEEDS: seeds },
        timeout: 300_000,
        encoding: 'utf8',
      },
    );
    fs.writeFileSync(target, source);
    const found = run.status !== 0;
    if (!found) missed++;
    console.log(`${found ? 'found    ' : 'NOT FOUND'}  ${name}  (${path.basename(test)})`);
  }
} finally {
  fs.rmSync(copy, { recursive: true, force: true });
}
console.log(missed === 0 ? 'All planted bugs were found.' : `${missed} planted bugs were not found.`);
process.exit(missed === 0 ? 0 : 1);
