// The browser's own Web Serial on a real character device: a pseudo terminal with a virtual board behind it, seen as /dev/ttyS0 by one
// Chromium alone, in a mount namespace of its own. A policy of that browser allows the port, as no chooser can be clicked here.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');
const policies = '/etc/chromium';

/** Null: it can be tried here. */
export function whyNotNative(executable: string): string | null {
  if (process.platform !== 'linux') return 'only Linux has mount namespaces';
  if (process.getuid?.() !== 0) return 'binding a terminal over /dev/ttyS0 takes root';
  if (!fs.existsSync('/dev/ttyS0')) return 'there is no /dev/ttyS0';
  if (!fs.existsSync(policies) || !/\/chromium$/.test(executable))
    return 'this is not the Chromium of Debian, whose policies are known';
  if (spawnSync('unshare', ['-m', 'true']).status !== 0) return 'unshare is not allowed here';
  return null;
}

/** A virtual board at a pseudo terminal, by the product's own command. */
export async function startBridge(): Promise<{ path: string; close: () => void }> {
  const child = spawn(process.execPath, ['server/admin.ts', 'board', '--pty'], {
    cwd: root,
    env: { ...process.env, DATA_DIR: os.tmpdir() },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (words += chunk));
  const late = Date.now() + 20_000;
  for (;;) {
    const found = /\/dev\/pts\/\d+/.exec(words);
    if (found) return { path: found[0], close: () => child.kill('SIGTERM') };
    if (child.exitCode !== null || Date.now() > late) throw new Error(`no pseudo terminal: ${words}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A program that is this Chromium with that terminal as its only serial port. */
export function chromiumWith({
  executable,
  terminal,
  origin,
}: {
  executable: string;
  terminal: string;
  origin: string;
}): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-native-'));
  const script = path.join(folder, 'chromium');
  const policy = JSON.stringify({ SerialAllowAllPortsForUrls: [origin] });
  const inside = [
    'mount --make-rprivate /',
    `mount --bind ${terminal} /dev/ttyS0`,
    `mount -t tmpfs tmpfs ${policies}`,
    `mkdir -p ${policies}/policies/managed`,
    `printf '%s' '${policy}' > ${policies}/policies/managed/serial.json`,
    `exec ${executable} "$@"`,
  ];
  fs.writeFileSync(
    script,
    `#!/bin/sh\nexec unshare -m sh -c '${inside.join(' && ').replaceAll("'", `'\\''`)}' chromium "$@"\n`,
    { mode: 0o755 },
  );
  return script;
}
