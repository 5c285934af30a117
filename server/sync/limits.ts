// Every limit of /sync in one place, with what happens at it. Sizes in bytes, times in milliseconds.

export const defaultLimits = {
  /** A frame; larger ones: 4413. */
  frame: 1 << 20,
  /** The one SyncStep2 with which a connection brings what it did while it was away. */
  firstSync: 8 << 20,
  firstSyncStructs: 100_000,
  /** Frames above `frame` that may be arriving at once in the whole server: 1013. */
  firstSyncsAtOnce: 8,
  fragments: 256,
  update: 512 << 10,
  updateStructs: 5000,
  /** What a document may take, its history included: 4413 for more text, deletions stay possible. */
  document: 8 << 20,
  stateVector: 20_000,
  awareness: 4 << 10,
  /** Messages and bytes a second, with a burst of two and four seconds: 4529. */
  messagesPerSecond: 200,
  bytesPerSecond: 2 << 20,
  syncsPerSecond: 4,
  /** Received and not yet durable, of one connection; above it the server stops reading. */
  unflushed: 1 << 20,
  /** Written and not yet taken by a reader; above it the server stops sending and catches up later (SY12). */
  buffered: 4 << 20,
  /** Updates that arrived before what they build on: held so long and so many, then 4509. */
  gapBytes: 256 << 10,
  gapUpdates: 256,
  gapTime: 10_000,
  socketsPerPerson: 64,
  socketsPerRoom: 256,
  /** Client ids that are new to a file, of one person in one hour: 4529. */
  newClientsPerHour: 64,
  /** The most time between two flushes of the log. */
  flushInterval: 8,
  /** A room without connections stays so long in memory. */
  idleRoom: 10_000,
  /** A silent connection is asked with a ping, and cut when it stays silent. */
  ping: 20_000,
  silence: 60_000,
  /** Everybody's rights and sign-in are looked at again so often, besides when something changed. */
  recheck: 60_000,
  /** The log of a room is folded into its blob above so many rows or bytes that are in a version. */
  compactRows: 500,
  compactBytes: 256 << 10,
  /** How long a start waits for the server before it to let go of the log, and a stop for the database to take what is left. */
  lockPatience: 10_000,
  stopPatience: 3000,
  /** Blobs kept in memory for the next who opens the file. */
  blobCache: 16 << 20,
};

export type Limits = typeof defaultLimits;
