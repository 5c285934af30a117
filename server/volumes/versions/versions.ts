// What the versions of a volume are to everyone else: how one is made, and how they are read. Git holds them; the tables beside it
// answer fast (GI7). All writing goes through one queue per volume (GI6), and a version exists for others once the tables have it.
import type { BlameRun, Commit, DiffFile } from '#shared/api.ts';
import type { Face } from '#shared/live.ts';

export type CommitKind =
  | 'pause'
  | 'save'
  | 'create'
  | 'rename'
  | 'delete'
  | 'upload'
  | 'import'
  | 'external'
  | 'restore'
  | 'revert'
  | 'upgrade'
  | 'sample';

/** What one commit does to the tree beside the words that were typed. The rows of `files` follow in the same act. */
export type TreeChange =
  /**
   * A new file (its row is made with this id), a deleted one that is put back, or other bytes of a binary file. Words of a living
   * text change only in its room: `put` on a text file that is there is refused.
   */
  | { kind: 'put'; fileId: string; path: string; fileKind: 'text' | 'binary'; content: string | Uint8Array }
  /** To a new path; the versions, the room and the cursors stay with the file. */
  | { kind: 'move'; fileId: string; path: string }
  | { kind: 'delete'; fileId: string };

export type CommitTree = {
  volumeId: string;
  /**
   * Runs alone in the volume's queue: what it reads of the tables stays true until the commit is made. Throw `Problem` to refuse.
   * Words typed in files that are moved or deleted are committed before, credited to who typed them.
   */
  plan: () => Promise<TreeChange[]> | TreeChange[];
  /** Null: a program without a person. */
  author: string | null;
  kind: CommitKind;
  /** Made from what changed when there is none. */
  message?: string;
  /** Commits of one act share it; a new one when there is none. */
  group?: string;
  /** For a revert: the commit it undoes. */
  undoes?: string;
  /** Files whose words of the author go into the same commit (a restore that edits and creates); what others typed stands beside it. */
  include?: string[];
  /** Further trailers of the message, e.g. `['Run', id]`. */
  trailers?: [string, string][];
};

export type CheckpointNow = {
  volumeId: string;
  /** Only these files; all with words that are in no version when there are none. */
  fileIds?: string[];
  message?: string;
  kind?: CommitKind;
  /** Kind, message, `undoes` and trailers go to this person's commit only; what others typed meanwhile is an ordinary pause. */
  of?: string;
  group?: string;
  undoes?: string;
  trailers?: [string, string][];
};

/** A version as the tables have it. */
export type Version = {
  oid: string;
  parent: string | null;
  position: number;
  author: string | null;
  authorName: string;
  authorEmail: string;
  coAuthors: string[];
  message: string;
  kind: CommitKind;
  group: string;
  undoes: string | null;
  at: Date;
  added: number;
  removed: number;
  files: VersionFile[];
};
export type VersionFile = {
  fileId: string;
  path: string;
  pathBefore: string | null;
  blob: string | null;
  blobBefore: string | null;
  added: number;
  removed: number;
  binary: boolean;
};
export type Head = { oid: string; position: number };

export type Versions = {
  /** Empty when nothing changed (GI2). `held`: files whose words look like a secret and were left out, alone. */
  commitTree(commit: CommitTree): Promise<{ versions: Version[]; held: string[]; head: Head | null }>;
  checkpointNow(checkpoint: CheckpointNow): Promise<{ versions: Version[]; held: string[]; head: Head | null }>;
  head(volumeId: string): Promise<Head | null>;
  /** Null: no such version in this volume, or nothing at that path in it. */
  blobAt(place: { volumeId: string; at: string; path: string }): Promise<Uint8Array | null>;
  textAt(place: { volumeId: string; at: string; path: string }): Promise<string | null>;
  /** Of the file's last version: for a room that is opened for the first time (SY4), and for bytes. Null before the first version. */
  bytesOf(fileId: string): Promise<Uint8Array | null>;
  textOf(fileId: string): Promise<string | null>;
  /** Where the file was at that version and which blob it had. */
  fileAt(place: { fileId: string; at: string }): Promise<{ path: string; blob: string | null } | null>;
  readBlob(blob: { volumeId: string; oid: string }): Promise<Uint8Array | null>;
  /** Every file of a version. */
  list(version: { volumeId: string; at: string }): Promise<{ path: string; oid: string; mode: string; size: number }[]>;
  /** `oid`: whole, or at least seven letters of it. */
  version(place: { volumeId: string; oid: string }): Promise<Version | null>;
  /** By position, both inclusive, oldest first. */
  between(range: { volumeId: string; from: number; to: number; fileId?: string }): Promise<Version[]>;

  /** `viewer`: whose own commits are marked so, and are not unreviewed. */
  log(query: {
    volumeId: string;
    path?: string;
    fileId?: string;
    cursor?: string;
    limit: number;
    unreviewed?: boolean;
    viewer?: string | null;
  }): Promise<{ commits: Commit[]; total: number; cursor: string | null }>;
  /** Those of them that the volume has, newest first. */
  commits(query: { volumeId: string; oids: string[]; viewer?: string | null }): Promise<Commit[]>;
  /** As the API shows them. */
  describe(volumeId: string, versions: Version[], viewer?: string | null): Promise<Commit[]>;
  /** `from`: a commit or `none`, `to`: a commit or `live`. Whole texts only when one `path` is asked for. */
  diff(query: { volumeId: string; from: string; to: string; path?: string }): Promise<DiffFile[]>;
  blame(query: { volumeId: string; path: string; at?: string }): Promise<{ oid: string | null; runs: BlameRun[] }>;

  /** Fills the tables from git; what they knew of a commit (kind, group, file ids) is kept. */
  rebuildIndex(volumeId: string): Promise<void>;
  /** Takes the versions of a volume away for good, when nothing is being written to it any more: its repository, then with `rows` the tables. */
  removeAll(removal: { volumeId: string; rows: () => Promise<void> }): Promise<void>;
  /** What RoomNews says, for the schedule. */
  edited(edit: { fileId: string; person: string | null }): void;
  left(left: { fileId: string }): void;
  /** Somebody writes the sentence of a version: no pause becomes one meanwhile, for two minutes at most. Call what it answers when they are done. */
  putOff(volumeId: string): () => void;
  /** Makes a last version of everything that waits, then lets go. */
  close(): Promise<void>;
};

export type VersionNews = {
  /** The tables have them. */
  committed(news: { volumeId: string; versions: Version[]; fileIds: string[] }): void;
  /** Words are typed that no version holds; `due`: milliseconds since 1970, when one is made at the latest. */
  pending(news: { volumeId: string; fileId: string; people: string[]; due: number; held: boolean }): void;
  /** A file was held back from now on. */
  held(news: { volumeId: string; fileId: string; path: string; people: string[] }): void;
};

/** Who people are: by id, and by login (git's history knows only that). */
export type People = {
  faces(personIds: string[]): Promise<Map<string, Face>>;
  byLogins(logins: string[]): Promise<Map<string, Face>>;
};
