// `npm test`: everything from a fresh clone: install, build, find a browser, then all checks, the unit tests and the stories in a real
// browser. Ends with the line `N passed, N failed`. `--long` runs the long test programme instead of its quick part.
import fs from 'node:fs';
import path from 'node:path';
import { findBrowser } from './browser.mjs';
import { check } from './check.mjs';
import { build, environment, findNode, install, root, run } from './prepare.mjs';

// How much of it. Each suite reads its own word; scripts/longProgramme.test.ts sees that none is forgotten.
const longProgramme = {
  KILLS: '500', // of servers, databases, committers
  GC_MS: '60000', // writing while git packs
  FUZZ_SEEDS: '20000', // rooms: everything at once
  FUZZ_FRAMES: '200000', // rooms: mutated frames
  FUZZ_REQUESTS: '20000', // the API: requests that make no sense
  FUZZ_WINDOWS: '20000', // who typed which line
  FUZZ_COMMITS: '2000', // windows of typing as commits, against git blame
  FUZZ_EDITS: '20000', // texts and minimal edits
  FUZZ_MERGES: '5000', // merges into what is typed
  FUZZ_PATHS: '100000',
  FUZZ_HEADERS: '20000', // headers of definitions
};
const long = process.argv.includes('--long');
const started = Date.now();
const results = path.join(root, 'e2e', 'results');
let passed = 0;
let failed = 0;

install();
build();
const browser = await findBrowser();
const env = {
  ...environment(),
  CI: process.env.CI ?? 'true',
  FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
  ...(long ? longProgramme : {}),
  ...(browser ? { CHROMIUM_PATH: browser } : {}),
};
fs.rmSync(results, { recursive: true, force: true });
fs.mkdirSync(results, { recursive: true });

heading('Checks');
if ((await check()).length === 0) passed++;
else failed++;

heading('Unit tests');
const unitReport = path.join(results, 'unit.json');
const unitCode = await node('vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${unitReport}`,
  ...(long ? ['--testTimeout=86400000'] : []),
]);
tally(
  unitCode,
  read(unitReport, ({ numPassedTests, numFailedTests }) => ({ passed: numPassedTests, failed: numFailedTests })),
);

heading('Stories in the browser');
const storyReport = path.join(results, 'report.json');
// The stories need a browser and the built app; without a browser they count as failed, not as absent.
const storyCode = browser ? await node('@playwright/test/cli.js', ['test']) : 1;
tally(
  storyCode,
  read(storyReport, ({ stats }) => ({ passed: stats.expected + stats.flaky, failed: stats.unexpected })),
);

console.log(`\nTook ${Math.round((Date.now() - started) / 1000)} s.`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function heading(words) {
  console.log(`\n== ${words}`);
}

/** A run that ended badly without a failed test (it did not start, or something threw outside a test) is one failure. */
function tally(code, numbers) {
  passed += numbers.passed;
  failed += numbers.failed > 0 || code === 0 ? numbers.failed : 1;
}

function read(file, pick) {
  try {
    return pick(JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function node(script, args) {
  return run(findNode(), [path.join(root, 'node_modules', script), ...args], { env });
}
