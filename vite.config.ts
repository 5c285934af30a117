import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import kit from './svelte.config.js';

export default defineConfig({
  root: 'web',
  server: { fs: { allow: ['..'] } },
  plugins: [tailwindcss(), sveltekit(kit)],
});
