// What `npm start` and `npm test` do before anything else. Plain JavaScript for the system's own Node (20 or newer): it runs before
// anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const modules = path.join(root, 'node_modules');

/** Runs `npm ci` when a package of the lock file is missing in node_modules, or is there in another version. */
export function install() {
  if (isInstalled()) return;
  if (fs.lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    return console.warn('node_modules is a link, and older than package-lock.json: install where it points to.');
  console.log('Installing (once, about a minute) ...');
  // `--include` also where NODE_ENV is production: the web app is built here.
  const { status, error } = spawnSync(
    'npm',
    ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-audit', '--no-fund'],
    { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' },
  );
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}. Its words are above.`);
}

export function isInstalled(directory = root) {
  const read = (file) => JSON.parse(fs.readFileSync(path.join(directory, file), 'utf8')).packages;
  try {
    const wanted = read('package-lock.json');
    const present = read('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([name, entry]) =>
        name === '' || (present[name] ? present[name].version === entry.version : entry.optional || entry.peer),
    );
  } catch {
    return false;
  }
}

/** The Node that runs the server: the one that npm installed for this platform, or this one if it is new enough. */
export function findNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const own = path.join(
    modules,
    `node-${platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (fs.existsSync(own)) return own;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 7)) return process.execPath;
  fail(
    `On ${process.platform} (${process.arch}) LLMos needs Node 24.7 or newer; this is ${process.versions.node}. Install it from https://nodejs.org, then run this again.`,
  );
}

/** Environment for everything that runs on our Node: its folder and node_modules/.bin come first on PATH. */
export function environment() {
  return {
    ...process.env,
    PATH: [path.dirname(findNode()), path.join(modules, '.bin'), process.env.PATH].join(path.delimiter),
  };
}

/** Builds the web app when one of its sources is newer than the last build. */
export function build() {
  if (!needsBuild()) return;
  console.log('Building the web app ...');
  const { status, stdout, stderr } = spawnSync(findNode(), [path.join(modules, 'vite', 'bin', 'vite.js'), 'build'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...environment(), NODE_ENV: 'production' },
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) fail(`The web app could not be built.\n${stdout}\n${stderr}`);
}

const sources = [
  'web',
  'shared',
  'svelte.config.js',
  'vite.config.ts',
  'scripts/buildSandbox.mjs',
  'package-lock.json',
];
const generated = new Set(['node_modules', '.svelte-kit', 'build']);

export function needsBuild(directory = root) {
  const built = fs.statSync(path.join(directory, 'build', 'index.html'), { throwIfNoEntry: false });
  return !built || sources.some((source) => newest(path.join(directory, source)) > built.mtimeMs);
}

function newest(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  let latest = 0;
  for (const name of fs.readdirSync(file))
    if (!generated.has(name)) latest = Math.max(latest, newest(path.join(file, name)));
  return latest;
}

/**
 * Runs a script of server/ to its end. Small young generations keep the server at half of the memory; stripped and compiled sources are
 * kept, so that only the first start compiles.
 */
export function runServer(script, { args = [], flags = [] } = {}) {
  const env = {
    ...environment(),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(modules, '.cache', 'llmos'),
  };
  return run(findNode(), ['--max-semi-space-size=4', ...flags, script, ...args], { env });
}

/** Runs a program to its end with our streams; resolves with its exit code. Whoever ends us, or npm above us, ends it too. */
export function run(file, args, { env = environment() } = {}) {
  // the channel says nothing: the server stops when it breaks, which is when we were killed without warning
  const child = spawn(file, args, { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env });
  const pass = (signal) => child.kill(signal);
  process.on('SIGTERM', pass);
  process.on('SIGHUP', pass);
  // Ctrl C in a terminal reaches the child by itself
  process.on('SIGINT', (signal) => process.stdin.isTTY || pass(signal));
  // npm gives its signals to a shell, which dies of them without a word to us
  const above = process.env.npm_lifecycle_event ? ancestors() : '';
  const watch = setInterval(() => {
    if (!above || ancestors() === above) return;
    clearInterval(watch); // once: a second signal, half a second later, means "do not wait"
    pass('SIGTERM');
  }, 250);
  return new Promise((done) => {
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      done(code ?? (signal ? 1 : 0));
    });
  });
}

/** The shell above us and, where /proc tells, npm above it. */
function ancestors() {
  try {
    return `${process.ppid} ${/^\d+ \(.*\) \S (\d+)/s.exec(fs.readFileSync(`/proc/${process.ppid}/stat`, 'utf8'))[1]}`;
  } catch {
    return String(process.ppid);
  }
}

export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
