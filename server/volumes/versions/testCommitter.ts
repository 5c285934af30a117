// For tests only, run as a process of its own: the victim of the kill test. Two people type in three files of a volume, versions are
// made without end; says every line that is durable and every version that is acknowledged on stdout.
import { ada, ben, openTestVersions } from './testVersions.ts';

const [databaseUrl, directory, volumeId, ...fileIds] = process.argv.slice(2) as [string, string, string, ...string[]];
const { versions, type } = await openTestVersions({ databaseUrl, directory, fsync: true });
const say = (line: string) => void process.stdout.write(`${line}\n`);
say('open');
for (let n = Date.now(); ; n++) {
  for (const [i, person] of [ada, ben, ada].entries()) {
    const line = `${person.login} ${n} ${i}`;
    await type(fileIds[(n + i) % fileIds.length]!, person, (now) => `${now}${line}\n`);
    say(`typed ${line}`);
  }
  if (n % 3 === 0) {
    const path = `moved/${n}.md`;
    await versions.commitTree({
      volumeId,
      author: ben.id,
      kind: 'rename',
      plan: () => [{ kind: 'move', fileId: fileIds[0]!, path }],
    });
    say(`moved ${path}`);
  }
  const { head } = await versions.checkpointNow({ volumeId });
  say(`version ${head!.oid}`);
}
