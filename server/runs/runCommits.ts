// Versions that carry the trailer `Run: <id>` are noted as that run's, whoever made them: tools that write files, the trace at the end.
import type { Version, Versions } from '../volumes/versions/versions.ts';

type Made = { run: string; volumeId: string; versions: Version[] };

export function noteRunCommits(versions: Versions, note: (made: Made) => Promise<void>): Versions {
  /** Only the commits of `person` have the trailer; what others typed meanwhile stands beside them. */
  async function noted<T extends { versions: Version[] }>(
    making: Promise<T>,
    { volumeId, trailers, person }: { volumeId: string; trailers?: [string, string][]; person?: string | null },
  ): Promise<T> {
    const made = await making;
    const run = trailers?.find(([name]) => name === 'Run')?.[1];
    const own = made.versions.filter(({ author }) => person === undefined || author === person);
    if (run && own.length > 0) await note({ run, volumeId, versions: own });
    return made;
  }
  return {
    ...versions,
    commitTree: (commit) => noted(versions.commitTree(commit), { ...commit, person: commit.author }),
    checkpointNow: ({ of, ...checkpoint }) =>
      noted(versions.checkpointNow({ ...checkpoint, ...(of === undefined ? {} : { of }) }), {
        ...checkpoint,
        ...(of === undefined ? {} : { person: of }),
      }),
  };
}
