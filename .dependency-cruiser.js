// Who may import whom. scripts/importRules.test.ts proves each rule once with a deliberately bad import.
// Slices (server/accounts, volumes, sync ...) know each other's types only; they are introduced to each other in server/main.ts.

const tests = '\\.test\\.ts$|/test[A-Z]\\w*\\.ts$';
const typeOnly = ['type-only'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other at run time are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: typeOnly } },
    },
    {
      name: 'not-found',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(@lucide/svelte/icons/|\\$app|\\$env|virtual:|\\?)|\\?(worker|raw|url)' },
    },
    {
      name: 'shared-imports-only-shared',
      comment: 'shared/ is below everything else.',
      severity: 'error',
      from: { path: '^shared/', pathNot: tests },
      to: { path: '^(server|web|scripts|e2e|bench)/' },
    },
    {
      name: 'shared-runs-anywhere',
      comment: 'shared/ runs in browsers too.',
      severity: 'error',
      from: { path: '^shared/', pathNot: tests },
      to: { dependencyTypes: ['core'], dependencyTypesNot: typeOnly },
    },
    {
      name: 'ui-knows-nothing-of-the-product',
      comment: 'web/lib/ui: buttons, dialogs, splits.',
      severity: 'error',
      from: { path: '^web/lib/ui/' },
      to: { path: '^(shared|server|scripts|web)/', pathNot: '^web/lib/ui/' },
    },
    {
      name: 'features-stay-apart',
      comment:
        'A feature of the web app uses shared/, lib/ui, lib/workspace, lib/api and itself. Routes put features together.',
      severity: 'error',
      from: { path: '^web/lib/([^/]+)/', pathNot: '^web/lib/ui/' },
      to: { path: '^web/', pathNot: ['^web/lib/(ui|workspace)/', '^web/lib/[^/]+$', '^web/lib/$1/'] },
    },
    {
      name: 'web-does-not-reach-into-the-server',
      comment: 'The web app speaks to the server over HTTP and sockets. Its tests may use the fakes of the stories.',
      severity: 'error',
      from: { path: '^web/', pathNot: tests },
      to: { path: '^(server|scripts|e2e|bench)/' },
    },
    {
      name: 'platform-knows-no-slice',
      comment: 'server/platform is the outside world: it gets what it needs as parameters.',
      severity: 'error',
      from: { path: '^server/platform/', pathNot: tests },
      to: { path: '^(server|web|scripts|e2e|bench)/', pathNot: '^server/platform/' },
    },
    {
      name: 'slices-share-types-only',
      comment: 'Slices are introduced to each other in server/main.ts.',
      severity: 'error',
      from: { path: '^server/([^/]+)/', pathNot: ['^server/platform/', tests] },
      to: { path: '^server/[^/]+/', pathNot: ['^server/platform/', '^server/$1/'], dependencyTypesNot: typeOnly },
    },
    {
      name: 'slices-do-not-know-main-or-config',
      comment: 'Settings come as parameters.',
      severity: 'error',
      from: { path: '^server/[^/]+/', pathNot: tests },
      to: { path: '^server/[^/]+\\.ts$|^(web|scripts|e2e|bench)/' },
    },
    {
      name: 'stories-and-benchmarks-look-from-outside',
      comment:
        'e2e/ and bench/ use the product as anybody could; they may share names and types with it. Only the version engine, the loop, memory and flashing are measured in process: from outside, HTTP would hide them.',
      severity: 'error',
      from: { path: '^(e2e|bench)/', pathNot: '^bench/(versions|loop|memory|flash|board)\\.ts$' },
      to: { path: '^(server|web|scripts)/' },
    },
    {
      name: 'drizzle-only-in-stores',
      comment: 'Queries live in store files, tables in tables.ts.',
      severity: 'error',
      from: {
        path: '^(server|shared|web)/',
        pathNot: ['/(\\w*[sS]tore|tables)\\.ts$', '^server/platform/database\\.ts$', tests],
      },
      to: { path: 'drizzle-orm' },
    },
    {
      name: 'isomorphic-git-only-in-repository',
      comment: 'One file writes git.',
      severity: 'error',
      from: { path: '^(server|shared|web)/', pathNot: ['^server/platform/repository\\.ts$', tests] },
      to: { path: 'isomorphic-git' },
    },
    {
      name: 'outbound-requests-only-in-egress',
      comment:
        'One file decides what may be reached; the others listen, or only read addresses. (fetch is watched by eslint.)',
      severity: 'error',
      from: {
        path: '^(server|shared)/',
        pathNot: ['^server/platform/(egress|serve|development|adminSocket|certificate)\\.ts$', tests],
      },
      to: { path: '^(node:)?(http|https|http2|net|tls|dgram|undici)$', dependencyTypesNot: typeOnly },
    },
    {
      name: 'what-runs-is-installed',
      comment:
        'The server runs on `dependencies` alone; what goes into the web app, and what builds it, is in `devDependencies`.',
      severity: 'error',
      from: { path: '^(server|shared)/', pathNot: ['^server/platform/development\\.ts$', tests] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: typeOnly },
    },
  ],
  options: {
    exclude: { path: ['^web/(build|node_modules)', '\\.svelte-kit', '^bench/sync/'] },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.svelte'],
    },
  },
};
