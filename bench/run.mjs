// `npm run bench`: the sync benchmark against its limits and its peers, as tables. Options go on to bench/sync/bench.mjs.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, 'sync');
const options = process.argv.slice(2);
const run = (command, args, cwd = folder) => {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
// The peers are packages of the benchmark alone.
if (!fs.existsSync(path.join(folder, 'node_modules'))) run('npm', ['ci', '--no-audit', '--no-fund']);
const choice =
  options.length > 0 ? options : ['--adapters', 'raw-ws,raw-net-batch,hocuspocus,llmos', '--workloads', 'w1,w2,w4,w5'];
run(process.execPath, ['bench.mjs', '--out', 'results/run.json', ...choice]);
if (options.length === 0)
  run(process.execPath, [
    'everyone.mjs',
    '--adapters',
    'raw-ws,raw-net-batch,hocuspocus,llmos',
    '--out',
    'results/run.json',
  ]);
console.log(fs.readFileSync(path.join(folder, 'results', 'run.md'), 'utf8'));
