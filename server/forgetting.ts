// What goes with a team that goes for good, in every slice that keeps rows about its volume or in its name. Each step may be repeated:
// who calls this keeps the team until all of it is done. A table that is forgotten here is found by forgetting.test.ts.
import { createMeaningStore } from './library/meaningStore.ts';
import { createServerStore } from './mcp/serverStore.ts';
import { createMemoryStore } from './memory/memoryStore.ts';
import { createProviderStore } from './models/providerStore.ts';
import type { Database } from './platform/database.ts';
import { openReviewStore } from './reviews/reviewStore.ts';
import { createConversationStore } from './runs/conversationStore.ts';
import { createRunStore } from './runs/runStore.ts';

/** Everything about a volume but its files and versions, which the volumes take away themselves. */
export async function forgetVolume({
  database,
  volumeId,
  fileIds,
  removeRooms,
  removeBoards,
}: {
  database: Database;
  volumeId: string;
  fileIds: string[];
  removeRooms: (fileIds: string[]) => Promise<void>;
  removeBoards: (fileIds: string[]) => Promise<void>;
}): Promise<void> {
  await removeRooms(fileIds);
  await removeBoards(fileIds);
  await openReviewStore({ database }).removeOf(volumeId);
  await createRunStore(database).forget(volumeId);
  await createConversationStore(database).forget(volumeId);
  await createMemoryStore(database).remove(fileIds);
  await createMeaningStore(database).forget(volumeId);
}

/** What is kept in the name of a team: keys of models, servers of tools. */
export async function forgetTeam({ database, teamId }: { database: Database; teamId: string }): Promise<void> {
  const owner = `team:${teamId}`;
  await createProviderStore(database).forget(owner);
  await createServerStore(database).replace({ owner, rows: [] });
}
