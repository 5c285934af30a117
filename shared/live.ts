// Messages on /live, JSON both ways: what is going on in the volumes that this browser has open. It carries news, not truth:
// whoever missed some reads the API again after reconnecting.
import type { Commit, Conflict, FileEntry, Notification } from './api.ts';

/** A person as others see them. `colour` is 1 to 8 (design tokens --person-n). */
export type Face = { id: string; login: string; name: string; colour: number };

/** One browser tab of a person in a volume; `fileId` is the file they look at, if any. */
export type Presence = { tab: string; person: Face; fileId: string | null; since: string };

export type FromBrowser =
  | { type: 'watch'; volume: string }
  | { type: 'unwatch'; volume: string }
  | { type: 'at'; volume: string; fileId: string | null };

export type ToBrowser =
  | { type: 'hello'; tab: string; person: Face }
  | { type: 'presence'; volume: string; here: Presence[] }
  /** The tree changed: entries that are new or different, and ids that are gone. */
  | {
      type: 'tree';
      volume: string;
      changed: FileEntry[];
      gone: { id: string; path: string; by: Face | null; at: string }[];
      folders: string[];
    }
  /** A file has words that no version holds yet. `due` says when the next version is made at the latest. */
  | { type: 'pending'; volume: string; fileId: string; authors: Face[]; due: string; held: 'secret' | null }
  | { type: 'committed'; volume: string; commits: Commit[]; fileIds: string[] }
  | { type: 'conflicts'; volume: string; fileId: string; open: Conflict[] }
  | { type: 'reviewed'; volume: string; oids: string[] }
  | { type: 'notification'; notification: Notification }
  /** Your role here, or your teams, changed: read /me and /volumes again. */
  | { type: 'access' }
  | { type: 'refused'; volume: string; code: 'not-found' | 'forbidden' };
