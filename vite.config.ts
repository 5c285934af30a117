import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin } from 'vite';
import kit from './svelte.config.js';
import { parts } from './web/parts.ts';

/** In development the server answers for the frames too; what they run is built when it starts. */
const sandbox: Plugin = {
  name: 'llmos-sandbox',
  apply: 'serve',
  async configureServer() {
    if (process.env.VITEST) return;
    const { buildSandbox } = await import('./scripts/buildSandbox.mjs');
    await buildSandbox('build');
  },
};

export default defineConfig({
  root: 'web',
  server: {
    fs: { allow: ['..'] },
    // as the server says it of the built page: shared memory for Python needs both
    headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  },
  plugins: [tailwindcss(), sveltekit(kit), sandbox],
  environments: { client: { build: { rolldownOptions: { output: { codeSplitting: { groups: parts } } } } } },
});
