// How the code of the page is cut into files. Left alone, the bundler makes one file of everything that two places share: sixty
// requests before the first text. What is needed together travels together; what is needed later (a preview, a menu, Monaco, a
// grammar) is fetched by `import()` where it is used, and must not be named here with what comes first.

/**
 * What the page says of itself (its release, above all), and how a file is fetched. It stands alone because it must be there before
 * the router is read: a router that knows no release takes every failure for a new release, and reloads the page without end.
 */
const start = [/@sveltejs\/kit\/src\/runtime\/client\/payload\.js/, /vite\/preload-helper/];
/** Svelte, the router, our controls: every page needs them. */
const base = [
  /node_modules\/(svelte|esm-env|clsx|devalue)\//,
  /node_modules\/@sveltejs\/kit\/src\/(runtime\/(?!client\/(entry|client-entry|payload))|exports|utils)/, // those fetch each other
  /\/web\/lib\/(api|ui\/(?!\w*Sheet|MenuEntries))/,
  /\/shared\/(errors|permissions)\.ts/,
];
/** What is around every place of the workspace. */
const workspace = [/\/web\/lib\/workspace\//];
/** Text with others: CodeMirror and Yjs, without grammars and without what helps while writing. */
const editor = [
  /node_modules\/@codemirror\/(state|view|language|commands)\//,
  /node_modules\/@lezer\/(common|highlight)\//,
  /node_modules\/(style-mod|crelt|w3c-keyname|@marijn)\//,
  /node_modules\/(yjs|lib0|y-websocket|y-protocols|y-indexeddb)\//,
];
/** Menus, popovers and dialogs, with the library that keeps their focus and their place. */
const floating = [
  /node_modules\/(bits-ui|@floating-ui|runed|svelte-toolbelt|tabbable|style-to-object|inline-style-parser)\//,
  /\/web\/lib\/ui\/(\w*Sheet|MenuEntries)\.svelte/,
];

const part = (name: string, tests: RegExp[]) => ({
  name,
  test: (id: string) => tests.some((test) => test.test(id)),
});

export const parts = [
  { ...part('start', start), priority: 5 },
  { ...part('base', base), priority: 4 },
  { ...part('editor', editor), priority: 3 },
  { ...part('floating', floating), priority: 2 },
  { ...part('workspace', workspace), priority: 1 },
  // icons that several places share; one each would be a request each
  { name: 'icons', test: /@lucide\/svelte/, minShareCount: 2, priority: 0 },
];
