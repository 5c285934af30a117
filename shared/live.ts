// Messages on /live, JSON both ways: what is going on in the volumes that this browser has open. It carries news, not truth:
// whoever missed some reads the API again after reconnecting.
import type { Commit, Conflict, FileEntry, Notification } from './api.ts';
import type { DeviceState } from './devices.ts';
import type { ResultPart, RunEvent } from './run.ts';

/** A person as others see them. `colour` is 1 to 8 (design tokens --person-n). */
export type Face = { id: string; login: string; name: string; colour: number };

/** One browser tab of a person in a volume; `fileId` is the file they look at, if any. */
export type Presence = { tab: string; person: Face; fileId: string | null; since: string };

export type FromBrowser =
  | { type: 'watch'; volume: string }
  | { type: 'unwatch'; volume: string }
  | { type: 'at'; volume: string; fileId: string | null }
  /** Its person writes the sentence of a version, or is done with it: no pause becomes a version meanwhile, for two minutes at most. */
  | { type: 'saving'; volume: string; open: boolean }
  /** The events of a run after `after` (0: from the start), and each that follows, until `unfollow`. */
  | { type: 'follow'; run: string; after: number }
  | { type: 'unfollow'; run: string }
  /** What this tab can do for runs of its person, now. */
  | { type: 'able'; tools: BrowserTool[] }
  | { type: 'browser-output'; id: string; text: string };

/** Tools that act in the browser of the person who started a run. */
export type BrowserTool = 'python' | 'applet' | 'device';
/** What a tab says of a call, sent to `POST /browser-calls/:call` because it may be large. Untrusted, like all that a browser sends. */
export type BrowserAnswer = {
  ok: boolean;
  text: string;
  parts: ResultPart[];
  /** Files that the code wrote, for the server to put into the volume as the person. Text, or base64 of bytes. */
  files: { path: string; text?: string; base64?: string }[];
};

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
  /** Only of runs that this tab follows. `through`: the last `seq` that exists now, so that a screen knows when it is up to date. */
  | { type: 'run'; run: string; events: RunEvent[]; through: number }
  /** A run of this volume began, changed its status or ended; read it again. */
  | { type: 'runs'; volume: string; run: string }
  /** What the volume remembers can be found: entries were read, or their meaning measured. */
  | { type: 'memory'; volume: string }
  /** How a board of this volume is now; told once a second at most. */
  | { type: 'board'; volume: string; state: DeviceState }
  /** It cannot be followed, or no longer: it does not exist for this person. */
  | { type: 'run-refused'; run: string; code: 'not-found' }
  /** This tab is asked to act for a run; `browser-cancel` takes it back. `paths`: files of the volume that the code may read. */
  | {
      type: 'browser-call';
      id: string;
      run: string;
      call: string;
      tool: BrowserTool;
      args: Record<string, unknown>;
      volume: string;
      paths: string[];
    }
  | { type: 'browser-cancel'; id: string }
  /** Your role here, or your teams, changed: read /me and /volumes again. */
  | { type: 'access' }
  | { type: 'refused'; volume: string; code: 'not-found' | 'forbidden' };
