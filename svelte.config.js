// An ordinary module that vite.config.ts hands to the plugin: SvelteKit 3 wants no svelte.config.js in the Vite root (web/).
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import adapterStatic from '@sveltejs/adapter-static';

const site = adapterStatic({ pages: 'build', assets: 'build', fallback: 'index.html' });

/**
 * SvelteKit starts the app by an inline script; our pages are served with `script-src 'self'`, which refuses one. So after the
 * build it becomes a file named by its content. It is a classic script: it finds its place by `document.currentScript`.
 */
async function moveStartScriptIntoFile() {
  const page = await readFile('build/index.html', 'utf8');
  const inline = /<script>([\s\S]*?)<\/script>/g;
  const scripts = [...page.matchAll(inline)];
  const [found] = scripts;
  if (scripts.length !== 1 || !found?.[1]) throw new Error(`build/index.html has ${scripts.length} inline scripts, expected SvelteKit's one`);
  const name = `_app/immutable/boot.${createHash('sha256').update(found[1]).digest('hex').slice(0, 12)}.js`;
  await writeFile(`build/${name}`, found[1]);
  await writeFile('build/index.html', page.replace(found[0], `<script src="/${name}"></script>`));
}

export default {
  adapter: {
    ...site,
    /** @param {import('@sveltejs/kit').Builder} builder */
    async adapt(builder) {
      await site.adapt(builder);
      await moveStartScriptIntoFile();
    },
  },
  files: { src: '.', assets: 'static' },
};
