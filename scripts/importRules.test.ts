// Each import rule of .dependency-cruiser.js, and each "only in" rule of eslint.config.js, is proved with a deliberately bad import in a
// small tree of its own: a rule that never fires protects nothing.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ESLint } from 'eslint';
import { afterAll, expect, test, vi } from 'vitest';

// both tools read the whole tree, and a busy machine takes its time
vi.setConfig({ testTimeout: 120_000 });
const root = path.join(import.meta.dirname, '..');
const bin = path.join(root, 'node_modules/.bin');
const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-imports-'));
afterAll(() => fs.rmSync(tree, { recursive: true, force: true }));

const good: Record<string, string> = {
  'package.json': JSON.stringify({
    type: 'module',
    imports: { '#shared/*': './shared/*', '#lib/*': './web/lib/*' },
    devDependencies: { uplot: '*' },
  }),
  'shared/errors.ts': `export const codes = 1;`,
  // the other half of the cycle; it is reported once
  'shared/second.ts': `import { first } from './first.ts'; export const second = () => first;`,
  'shared/errors.test.ts': `import fs from 'node:fs'; import { codes } from './errors.ts'; console.log(fs, codes);`,
  'web/lib/api.ts': `import type { codes } from '#shared/errors.ts'; export type Api = typeof codes;`,
  'web/lib/ui/Button.svelte': `<button></button>`,
  'web/lib/workspace/workspace.svelte.ts': `import type { Api } from '../api.ts'; export type Workspace = Api;`,
  'web/lib/editor/Editor.svelte': `<script lang="ts">import Button from '#lib/ui/Button.svelte'; import type { Workspace } from '#lib/workspace/workspace.svelte.ts'; let w: Workspace;</script><Button />`,
  'web/routes/+page.svelte': `<script lang="ts">import Editor from '#lib/editor/Editor.svelte';</script><Editor />`,
  'server/config.ts': `export const config = 1;`,
  'server/platform/database.ts': `import { sql } from 'drizzle-orm'; export const database = sql;`,
  'server/platform/repository.ts': `import git from 'isomorphic-git'; export const repository = git;`,
  'server/platform/egress.ts': `import https from 'node:https'; export const egress = https;`,
  'server/accounts/tables.ts': `import { pgTable } from 'drizzle-orm/pg-core'; export const tables = pgTable;`,
  'server/accounts/accounts.ts': `import { database } from '../platform/database.ts'; import type { Room } from '../sync/rooms.ts'; export const accounts = (room: Room) => [room, database];`,
  'server/sync/updateStore.ts': `import { sql } from 'drizzle-orm'; export const updateStore = sql;`,
  'server/sync/rooms.ts': `export type Room = 1; export const rooms = 1;`,
  'server/main.ts': `import { config } from './config.ts'; import { accounts } from './accounts/accounts.ts'; import { rooms } from './sync/rooms.ts'; console.log(config, accounts, rooms);`,
  'e2e/world.ts': `import { codes } from '#shared/errors.ts'; export const world = codes;`,
};

const bad: Record<string, { text: string; rule: string }> = {
  'shared/first.ts': {
    text: `import { second } from './second.ts'; export const first = () => second;`,
    rule: 'no-cycles',
  },
  'shared/lost.ts': { text: `import { nowhere } from './nowhere.ts'; export const lost = nowhere;`, rule: 'not-found' },
  'shared/reaching.ts': {
    text: `import { config } from '../server/config.ts'; export const reaching = config;`,
    rule: 'shared-imports-only-shared',
  },
  'shared/onDisk.ts': { text: `import fs from 'node:fs'; export const onDisk = fs;`, rule: 'shared-runs-anywhere' },
  'web/lib/ui/Clever.svelte': {
    text: `<script lang="ts">import { codes } from '#shared/errors.ts'; codes;</script>`,
    rule: 'ui-knows-nothing-of-the-product',
  },
  'web/lib/history/History.svelte': {
    text: `<script lang="ts">import Editor from '#lib/editor/Editor.svelte';</script><Editor />`,
    rule: 'features-stay-apart',
  },
  'web/lib/review/review.ts': {
    text: `import { config } from '../../../server/config.ts'; export const review = config;`,
    rule: 'web-does-not-reach-into-the-server',
  },
  'server/platform/clever.ts': {
    text: `import { rooms } from '../sync/rooms.ts'; export const clever = rooms;`,
    rule: 'platform-knows-no-slice',
  },
  'server/volumes/friendly.ts': {
    text: `import { rooms } from '../sync/rooms.ts'; export const friendly = rooms;`,
    rule: 'slices-share-types-only',
  },
  'server/volumes/settings.ts': {
    text: `import { config } from '../config.ts'; export const settings = config;`,
    rule: 'slices-do-not-know-main-or-config',
  },
  'server/volumes/drawing.ts': {
    text: `import uPlot from 'uplot'; export const drawing = uPlot;`,
    rule: 'what-runs-is-installed',
  },
  'e2e/inside.ts': {
    text: `import { rooms } from '../server/sync/rooms.ts'; export const inside = rooms;`,
    rule: 'stories-and-benchmarks-look-from-outside',
  },
  'server/volumes/queries.ts': {
    text: `import { sql } from 'drizzle-orm'; export const queries = sql;`,
    rule: 'drizzle-only-in-stores',
  },
  'server/volumes/commit.ts': {
    text: `import git from 'isomorphic-git'; export const commit = git;`,
    rule: 'isomorphic-git-only-in-repository',
  },
  'server/volumes/download.ts': {
    text: `import https from 'node:https'; export const download = https;`,
    rule: 'outbound-requests-only-in-egress',
  },
};

test('each import rule fires for its bad import, and for nothing else', async () => {
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
  for (const [file, text] of [
    ...Object.entries(good),
    ...Object.entries(bad).map(([file, { text }]) => [file, text] as const),
  ]) {
    fs.mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    fs.writeFileSync(path.join(tree, file), text);
  }
  const { stdout, stderr } = spawnSync(
    path.join(bin, 'depcruise'),
    ['--config', path.join(root, '.dependency-cruiser.js'), '-T', 'json', 'shared', 'server', 'web', 'e2e'],
    { cwd: tree, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  expect(stderr).toBe('');
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  const fired = new Set(summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`));
  expect([...fired].sort()).toEqual(
    Object.entries(bad)
      .map(([file, { rule }]) => `${file}: ${rule}`)
      .sort(),
  );

  const { default: rules } = (await import('../.dependency-cruiser.js')) as {
    default: { forbidden: { name: string }[] };
  };
  expect(new Set(rules.forbidden.map(({ name }) => name)), 'a rule without a proof').toEqual(
    new Set(Object.values(bad).map(({ rule }) => rule)),
  );
});

test.each([
  ['console only in platform/log.ts', 'server/main.ts', `console.log(1);\n`, 'no-console', 'server/platform/log.ts'],
  [
    'process.env only in config.ts',
    'server/main.ts',
    `export const path = process.env.PATH;\n`,
    'no-restricted-properties',
    'server/config.ts',
  ],
  [
    'fetch only in platform/egress.ts',
    'server/main.ts',
    `await fetch('https://example.com');\n`,
    'no-restricted-globals',
    null,
  ],
])('%s', async (_name, file, text, rule, allowed) => {
  const eslint = new ESLint({ cwd: root });
  const fired = async (filePath: string) =>
    (await eslint.lintText(text, { filePath: path.join(root, filePath) }))[0]!.messages.map(({ ruleId }) => ruleId);
  expect(await fired(file)).toContain(rule);
  if (allowed) expect(await fired(allowed)).not.toContain(rule);
});
