// An ordinary module that vite.config.ts hands to the plugin: SvelteKit 3 wants no svelte.config.js in the Vite root (web/).
// The page's inline scripts stay: the server (platform/site.ts) names them by their hashes in its content security policy.
import adapter from '@sveltejs/adapter-static';

export default {
  adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html', precompress: true }),
  files: { src: '.', assets: 'static' },
};
