// A pseudo terminal without a native module: python3 or socat opens it, whichever is here, and speaks to us over its own input and
// output. What one program puts into the terminal comes out here, and the other way round.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

export type Pty = {
  /** Such as /dev/pts/7. */
  path: string;
  write: (bytes: Uint8Array) => void;
  close: () => void;
};

type Opener = { program: string; args: string[]; found: RegExp };

/** Both ends stay open, so that one tool after another may come; raw, or the terminal would echo and change line ends. */
const python = `
import os, pty, select, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
sys.stderr.write('pty ' + os.ttyname(slave) + '\\n')
sys.stderr.flush()
while True:
    ready, _, _ = select.select([0, master], [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            break
        while data:
            data = data[os.write(master, data):]
    if master in ready:
        os.write(1, os.read(master, 65536))
`;
const openers: Opener[] = [
  { program: 'python3', args: ['-c', python], found: /^pty (\S+)/m },
  { program: 'socat', args: ['-d', '-d', 'pty,raw,echo=0', 'stdio'], found: /PTY is (\S+)/ },
];

/** Throws a sentence for people where there is no way to get one. */
export async function openPty({
  heard,
  ended,
  only = openers.map(({ program }) => program),
}: {
  heard: (bytes: Uint8Array) => void;
  /** The terminal is gone. */
  ended: () => void;
  only?: string[];
}): Promise<Pty> {
  if (process.platform === 'win32')
    throw new Error('Windows has no pseudo terminals. Run this in WSL, or use the virtual board of the bench page.');
  const opener = openers.find(
    ({ program }) => only.includes(program) && spawnSync(program, ['-V'], { stdio: 'ignore' }).status === 0,
  );
  if (!opener)
    throw new Error('A pseudo terminal needs python3 or socat, and neither is installed. Install one, then try again.');
  const child = spawn(opener.program, opener.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // its end is told by `exit`
  const path = await pathOf(child, opener);
  child.stdout.on('data', heard);
  child.once('exit', ended);
  return {
    path,
    write: (bytes) => void child.stdin.write(bytes),
    close() {
      child.off('exit', ended);
      child.kill();
    },
  };
}

function pathOf(child: ChildProcess, { program, found }: Opener): Promise<string> {
  return new Promise((done, fail) => {
    let words = '';
    child.stderr!.on('data', (chunk) => {
      words += chunk;
      const path = found.exec(words)?.[1];
      if (path) done(path);
    });
    child.once('error', fail);
    child.once('exit', () => fail(new Error(`${program} could not open a pseudo terminal: ${words.trim()}`)));
  });
}
