// Who may come into the room of a file, for server/documents.ts: decided by the policy table, asked on arrival and again when rights change.
import { decide } from '#shared/permissions.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { RoomAccess } from './sync/types.ts';
import type { Volumes } from './volumes/volumes.ts';

export function whoMayJoin({
  accounts,
  findFile,
}: {
  accounts: Pick<Accounts, 'isStillValid'>;
  findFile: Volumes['findFile'];
}): RoomAccess['mayJoin'] {
  return async ({ actor, fileId }) => {
    if (!(await accounts.isStillValid(actor))) return 'unauthenticated';
    const file = await findFile(fileId, actor);
    if (!file || file.kind !== 'text') return 'not-found';
    const { name, kind, role } = file.volume;
    const resource = { kind: 'volume', name, volumeKind: kind, role } as const;
    const verdict = decide({ actor, verb: 'volume.read', resource });
    if (verdict !== 'allow') return verdict;
    return { write: decide({ actor, verb: 'volume.write', resource }) === 'allow' };
  };
}
