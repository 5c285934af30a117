// An ordinary module that vite.config.ts hands to the plugin: SvelteKit 3 wants no svelte.config.js in the Vite root (web/).
import adapter from '@sveltejs/adapter-static';

export default {
  adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html' }),
  files: { src: '.', assets: 'static' },
};
