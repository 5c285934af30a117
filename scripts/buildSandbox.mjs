// Builds what the sandboxed frames run (web/sandbox) into <out>/sandbox, one classic script each, with MicroPython beside them, and lays
// the files of Pyodide into <out>/pyodide/<version>, all compressed. Called by the build of the web app (svelte.config.js) and by Vite in development.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { readMicroPython } from '../server/boards/collecting.ts';

const root = path.join(import.meta.dirname, '..');
const from = path.join(root, 'web', 'sandbox');
const scripts = {
  'py-boot': 'pyBoot.ts',
  'py-worker': 'pyWorker.ts',
  'applet-runtime': 'appletRuntime.ts',
  'board-boot': 'boardBoot.ts',
  'board-worker': 'boardWorker.ts',
};
const pyodideFiles = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip', 'pyodide-lock.json'];
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

export async function buildSandbox(out) {
  const { build } = await import('vite');
  const to = path.resolve(root, out, 'sandbox');
  fs.mkdirSync(to, { recursive: true });
  for (const [name, entry] of Object.entries(scripts))
    await build({
      configFile: false,
      root: from,
      publicDir: false,
      logLevel: 'warn',
      mode: 'production',
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        outDir: to,
        emptyOutDir: false,
        target: 'es2022',
        minify: true,
        reportCompressedSize: false,
        lib: { entry: path.join(from, entry), formats: ['iife'], name: 'sandbox', fileName: () => `${name}.js` },
      },
    });
  // the compiler waits at its top level for its own WebAssembly: only a module may
  await build({
    configFile: false,
    root: from,
    publicDir: false,
    logLevel: 'error',
    mode: 'production',
    build: {
      outDir: to,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      // one file: from a blob: nothing beside it can be imported
      rolldownOptions: { output: { codeSplitting: false } },
      lib: { entry: path.join(from, 'boardCompiler.ts'), formats: ['es'], fileName: () => 'board-compiler.mjs' },
    },
  });
  for (const page of ['py.html', 'applet.html', 'board.html'])
    fs.copyFileSync(path.join(from, page), path.join(to, page));
  const micropython = path.join(root, 'node_modules', '@micropython', 'micropython-webassembly-pyscript');
  fs.copyFileSync(path.join(micropython, 'micropython.mjs'), path.join(to, 'micropython.mjs'));
  fs.writeFileSync(path.join(to, 'micropython.wasm'), await readMicroPython(micropython));
  for (const file of fs.readdirSync(to)) if (!/\.(br|gz)$/.test(file)) await compressOnce(path.join(to, file));
  await layPyodide(out);
}

/** A large file that is as it was the last time is not compressed again. */
async function compressOnce(file) {
  const content = fs.readFileSync(file);
  if (content.length < 2 ** 20) return compress(file);
  const folder = path.join(root, 'node_modules', '.cache', 'llmos');
  const kept = path.join(folder, `${crypto.createHash('sha256').update(content).digest('hex').slice(0, 24)}`);
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(`${kept}.gz`)) {
    await compress(file, 9);
    for (const kind of ['.br', '.gz']) fs.copyFileSync(file + kind, kept + kind);
  } else for (const kind of ['.br', '.gz']) fs.copyFileSync(kept + kind, file + kind);
}

/** Compressing 10 MB takes seconds: it is done once and kept beside the package. */
async function layPyodide(out) {
  const source = path.join(root, 'node_modules', 'pyodide');
  const { version } = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'));
  const kept = path.join(root, 'node_modules', '.cache', 'llmos', `pyodide-${version}`);
  if (!fs.existsSync(path.join(kept, 'whole'))) {
    const making = `${kept}-${process.pid}`;
    fs.mkdirSync(making, { recursive: true });
    for (const file of pyodideFiles) {
      fs.copyFileSync(path.join(source, file), path.join(making, file));
      if (!file.endsWith('.zip')) await compress(path.join(making, file), 9);
    }
    fs.writeFileSync(path.join(making, 'whole'), '');
    fs.rmSync(kept, { recursive: true, force: true });
    fs.renameSync(making, kept);
  }
  const to = path.resolve(root, out, 'pyodide', version);
  fs.mkdirSync(to, { recursive: true });
  for (const file of fs.readdirSync(kept))
    if (file !== 'whole') fs.copyFileSync(path.join(kept, file), path.join(to, file));
}

async function compress(file, quality = 11) {
  const content = fs.readFileSync(file);
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: quality,
    [zlib.constants.BROTLI_PARAM_LGWIN]: 24,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const [br, gz] = await Promise.all([brotli(content, { params }), gzip(content, { level: Math.min(quality, 9) })]);
  fs.writeFileSync(`${file}.br`, br);
  fs.writeFileSync(`${file}.gz`, gz);
}
