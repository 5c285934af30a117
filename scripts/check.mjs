// `npm run check`: every fault that can be found without running the product. Each check prints only what is wrong.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { environment, install, root } from './prepare.mjs';

const folders = ['shared', 'server', 'web', 'e2e', 'bench', 'scripts'].filter((name) =>
  fs.existsSync(path.join(root, name)),
);

const checks = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  {
    name: 'types of the web app',
    command: [
      'svelte-check',
      '--tsconfig',
      'web/tsconfig.json',
      '--output',
      'human',
      '--threshold',
      'warning',
      '--fail-on-warnings',
    ],
  },
  { name: 'lint', command: ['eslint', '.'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '**/*.{ts,js,mjs,svelte}'] },
  { name: 'import rules', command: ['depcruise', '--config', '.dependency-cruiser.js', ...folders] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
];

/** Runs all checks, two at a time; resolves with the names of those that failed. */
export async function check() {
  const waiting = [...checks];
  const failed = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const started = Date.now();
      const { code, output } = await run(next.command);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${next.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (code !== 0) {
        failed.push(next.name);
        console.log(output.trim());
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return failed;
}

function run([program, ...args]) {
  return new Promise((done) => {
    const child = spawn(path.join(root, 'node_modules/.bin', program), args, {
      cwd: root,
      env: { ...environment(), FORCE_COLOR: '0' },
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => done({ code: 1, output: error.message }));
    child.once('exit', (code) => done({ code: code ?? 1, output }));
  });
}

if (process.argv[1] && path.resolve(process.argv[1]) === path.join(root, 'scripts', 'check.mjs')) {
  install();
  const failed = await check();
  if (failed.length > 0) {
    console.log(`Wrong: ${failed.join(', ')}.`);
    process.exit(1);
  }
}
