// For tests only, run as a process of its own: the victim of the kill test. Commits without end into the repository that it is given
// and says each acknowledged oid on stdout.
import { openRepository } from './repository.ts';

const repository = await openRepository({ directory: process.argv[2]!, native: null });
const say = (line: string) => void process.stdout.write(`${line}\n`);
say('open');
for (let n = Date.now(); ; n++) {
  const stack = ['Ann', 'Bob'].map((name, k) => ({
    changes: [{ path: `a${n % 7}/b${n % 5}/f${n % 40}.md`, content: `${n} ${k}\n`.repeat(50) }],
    author: { name, email: `${name}@users.llmos.invalid`, at: 1_700_000_000_000 },
    message: `Edit ${n}`,
  }));
  const written = await repository.write({ stack });
  say(written.at(-1)!.oid);
}
