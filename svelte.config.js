// An ordinary module that vite.config.ts hands to the plugin: SvelteKit 3 wants no svelte.config.js in the Vite root (web/).
// The page's inline scripts stay: the server (platform/site.ts) names them by their hashes in its content security policy.
import adapter from '@sveltejs/adapter-static';

const site = adapter({ pages: 'build', assets: 'build', fallback: 'index.html', precompress: true });

export default {
  adapter: {
    ...site,
    /** The site first: it empties the folder that it writes to. */
    async adapt(builder) {
      await site.adapt(builder);
      const { buildSandbox } = await import('./scripts/buildSandbox.mjs');
      await buildSandbox('build');
    },
  },
  files: { src: '.', assets: 'static' },
};
