import { compileModule } from 'svelte/compiler';
import { defineConfig, type Plugin } from 'vitest/config';

/** State classes of the browser (*.svelte.ts) run here as in a browser, without a DOM; vite-plugin-svelte would make server code of them. */
const svelteModules: Plugin = {
  name: 'svelte-modules',
  enforce: 'post',
  transform: (code, id) =>
    /\.svelte\.ts$/.test(id) ? { code: compileModule(code, { filename: id, generate: 'client' }).js.code } : undefined,
};

export default defineConfig({
  plugins: [svelteModules],
  test: {
    include: ['{shared,server,scripts}/**/*.test.ts', 'web/lib/**/*.test.ts'],
    globalSetup: './server/platform/testDatabase.ts',
    // Machines of CI are shared and stall: a second try, which the report names. What fails twice has failed.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
