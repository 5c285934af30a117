// What the other slices may ask of living documents. They never see a Y.Doc: text is read and edited in a worker, and every edit
// is an append to the log of the file's room, like anybody's typing (docs/decisions/0003, 0005).
import type { Face } from '#shared/live.ts';
import type { Actor } from '#shared/permissions.ts';
import type { Statement } from '../platform/database.ts';
import type { Visit } from '../platform/sockets.ts';

/** How a program changes a living text. Always minimal edits in one transaction; never "set text" (SY6). */
export type TextChange =
  /** Three-way merge by words into what is there now; where both wrote, the living text stays and the overlap is reported. */
  | { kind: 'merge'; base: string; theirs: string }
  /** Replace what now lies between two relative positions. */
  | { kind: 'replace'; from: Uint8Array; to: Uint8Array; text: string };

/** Words that clashed, anchored in the living text so that they can be found again while people type. */
export type AnchoredOverlap = { from: Uint8Array; to: Uint8Array; base: string; ours: string; theirs: string };

export type EditResult = {
  before: string;
  after: string;
  overlaps: AnchoredOverlap[];
  changed: boolean;
  /** Where the last change ends, a relative position as JSON: for the caret of whoever made it. Null: nothing changed. */
  caret: unknown;
};

/** One person's share of a window of typing: the whole text as it is with their lines, in the order of first edits (GI3). */
export type Layer = { person: string | null; text: string; coAuthors: string[] };
export type Window = {
  fileId: string;
  /** mark it as committed with this */ upto: number;
  before: string;
  after: string;
  layers: Layer[];
};

export type Rooms = {
  /** Lets a socket in at `/sync/<file id>`, or refuses it. Of the query it reads `epoch` and `ack`. */
  join(visit: Visit): Promise<void>;
  /** Makes the room of a new file durable with its first text. Once per file; a second call is refused (SY4). */
  seed(seed: { fileId: string; text: string; person: string | null }): Promise<void>;
  /** The text as it is now, including what was typed a moment ago. Null: no room yet, the last version is the text. */
  read(fileId: string): Promise<string | null>;
  /** `preview` changes nothing and says what would happen. */
  edit(edit: { fileId: string; person: string | null; change: TextChange; preview?: boolean }): Promise<EditResult>;
  /** Who typed what since the last version. Null when nothing was. Layers come in the order of first edits, people in `order` first. */
  window(fileId: string, order?: (string | null)[]): Promise<Window | null>;
  /** For the statement that writes the version tables: words are in a version exactly when the version is. */
  markCommitted(marks: { fileId: string; upto: number }[]): Statement;
  /** Files with words that are in no version, also after a restart, with who typed them. */
  pending(): Promise<{ fileId: string; people: string[] }[]>;
  epoch(fileId: string): Promise<number>;
  /**
   * Gives the file a new epoch with the text that is made of the one that is there when nobody can write any more, so that nothing
   * which anybody saw gets lost on the way. Clients of earlier epochs are told 4410 and merge as text (SY5). Make a version before:
   * who typed what since the last one is not known afterwards.
   */
  renew(renewal: { fileId: string; text: (now: string) => string }): Promise<void>;
  /** Ends all connections of a file that is gone for good. */
  close(fileId: string): void;
  /** The same, and forgets all that was ever typed in these files. */
  remove(fileIds: string[]): Promise<void>;
  /** Rights may have changed: asks again for every open connection (of this person) and ends or demotes those it must (SY10). */
  recheck(personId?: string): Promise<void>;
  here(fileId: string): Face[];
  /**
   * Shows a program that works in the file among the people there, with its caret, until 25 s pass without another word of it.
   * `agent`: which one it is, e.g. the id of a run. Nothing happens when nobody has the file open and it is not in memory.
   */
  showAgent(show: { fileId: string; agent: string; face: Face; caret: unknown }): void;
  /** Takes it out of all files. */
  hideAgent(agent: string): void;
};

export type RoomNews = {
  /** Words became durable. */
  edited: (edit: { fileId: string; person: string | null }) => void;
  /** The last person left the file. */
  left: (left: { fileId: string }) => void;
};

/** What sync asks of others. */
export type RoomAccess = {
  /** How others see a person; stamped on everything that they say (SY11). */
  faceOf: (personId: string) => Promise<Face>;
  /** Asked on arrival and again at each recheck: the session or token of the actor may have ended meanwhile. */
  mayJoin: (join: {
    actor: Actor;
    fileId: string;
  }) => Promise<{ write: boolean } | 'unauthenticated' | 'forbidden' | 'not-found'>;
  /** The text of the last version, for a file that has no room yet (SY4). Null: there is no such file. */
  firstText: (fileId: string) => Promise<string | null>;
};
