// A bench of boards, as browsers and the server speak of it on `/devices/<id>` (docs/PROTOCOL.md). A board is a file, `bench/<board>.md` of
// a volume, and its id is the file's: whoever may read the volume may watch, whoever may write it may drive. One browser holds the
// board (Web Serial, or a virtual one in a worker) and is its host; every other one is a viewer. Bytes are binary frames; all else is JSON.
import type { Face } from './live.ts';

/** `lost`: unplugged, its browser is still there. `offline`: no browser holds it. */
export type Connection = 'online' | 'lost' | 'offline';

/** Who may write to the board, and until when. `epoch` is the fence: bytes under another one are dropped (DE2). Times are ms of the server's clock. */
export type LeaseView = {
  epoch: number;
  holder: Driver;
  /** A second driver, by invitation of the holder. */
  with: Driver | null;
  /** `offered`: theirs, if they take it in time. `away`: their tab or the board is gone, for a moment. */
  state: 'offered' | 'granted' | 'away';
  since: number;
  expires: number;
  /** While others wait it is not renewed beyond this. */
  until: number;
};
/** A person, or a run that drives in a person's name. */
export type Driver = { key: string; person: Face; run: string | null };
export type Waiting = { driver: Driver; since: number; /** When their turn comes at the latest. */ by: number };

/** Long work that has the board for itself: nothing else is written meanwhile (DE5). `done`: 0 to 1, null where that is not known. */
export type JobView = {
  id: string;
  kind: Job['kind'];
  label: string;
  by: Driver;
  since: number;
  done: number | null;
  note: string;
};

/** All that everybody may know of a board. Sent whole on each change: it is small, and nobody can miss a part. */
export type DeviceState = {
  id: string;
  volume: string;
  path: string;
  label: string;
  kind: 'serial' | 'virtual' | null;
  chip: string | null;
  connection: Connection;
  /** Why it is not online, in words. */
  why: string | null;
  /** The browser that holds it. `agent`: "Chrome on macOS". */
  host: { person: Face; agent: string; port: string; since: number } | null;
  baud: number;
  lease: LeaseView | null;
  queue: Waiting[];
  /** Somebody pressed the emergency stop; nobody drives until it is cleared. */
  stop: { by: Face; at: number; /** The board's browser has done it. */ done: boolean } | null;
  job: JobView | null;
  watchers: Face[];
  recording: { id: string; by: Face; since: number; bytes: number } | null;
  /** The clock of `since`, `expires` and `until`, when this was sent. */
  now: number;
};

/** A line between the bytes: who began to drive, what was sent, a reset. `offset`: the first byte after it. */
export type Mark = {
  offset: number;
  at: number;
  /** `typed`: from here on `by` typed, told while two people drive. It stands beside the lines, not between them. */
  kind: 'lease' | 'job' | 'job-end' | 'stop' | 'connection' | 'reset' | 'baud' | 'skipped' | 'typed';
  text: string;
  by?: Face;
  /** Of a job whose bytes are a conversation of programs (raw REPL), which a console may fold. */
  job?: string;
};

/** Bytes of a file on their way to or from a board: uploaded to `POST /devices/:id/artifacts`, fetched by the other side, checked against the hash. */
export type Artifact = { id: string; name: string; bytes: number; sha256: string };

/** What the board's browser does for a driver. Raw REPL, flashing: next to the board, where the network cannot cut it in half. */
export type Job = { id: string } &
  /** `fresh`: after a soft reset, so that nothing of an earlier program is left. */
  (
    | { kind: 'exec'; code: string; /** 0: until it is cancelled. */ timeoutMs: number; name: string; fresh?: boolean }
    | { kind: 'list'; path: string }
    | { kind: 'get'; path: string }
    | { kind: 'put'; path: string; artifact: Artifact }
    | { kind: 'remove'; path: string }
    | { kind: 'mkdir'; path: string }
    | { kind: 'rename'; path: string; to: string }
    /** `chip`: flash no other one. `address` null: where this chip starts its firmware (0x1000 on an ESP32, 0 on an S3 or C3). */
    | { kind: 'flash'; chip: string | null; erase: boolean; images: { artifact: Artifact; address: number | null }[] }
    | { kind: 'json'; command: Record<string, unknown>; timeoutMs: number }
  );
export type BoardEntry = { name: string; folder: boolean; bytes: number };
export type JobResult = { id: string } & (
  | { ok: true; text: string; entries?: BoardEntry[]; artifact?: Artifact; json?: unknown }
  /** `partial`: what the board may hold now, in words. */
  | {
      ok: false;
      code: 'failed' | 'cancelled' | 'lost' | 'busy' | 'timeout' | 'mismatch';
      text: string;
      partial?: string;
    }
);

/** What anybody who may write may do to the world of a virtual board. */
export type WorldCommand =
  | { do: 'map'; map: string }
  | { do: 'reset' }
  | { do: 'pose'; x: number; y: number; rotation: number }
  | { do: 'obstacle'; index: number; x: number; y: number };

/** From a viewer. What needs the lease names its `epoch`. */
export type FromViewer =
  | { type: 'ask' }
  | { type: 'leave-queue' }
  | { type: 'accept' | 'renew' | 'release'; epoch: number }
  /** Takes the lease at once: the board's own person, owners of the team, and any person from an agent (DE4). */
  | { type: 'take' }
  | { type: 'invite'; epoch: number; personId: string }
  | { type: 'uninvite'; epoch: number }
  /** Needs nothing (DE3). */
  | { type: 'stop' }
  | { type: 'clear-stop' }
  | { type: 'job'; epoch: number; job: Job }
  | { type: 'cancel-job'; id: string }
  | { type: 'signals'; epoch: number; dtr?: boolean; rts?: boolean }
  | { type: 'reset'; epoch: number; how: 'soft' | 'hard' }
  | { type: 'baud'; epoch: number; baud: number }
  | { type: 'world'; command: WorldCommand }
  | { type: 'record'; on: boolean };
export type ToViewer =
  /**
   * The first message. `you`: the key of the driver that you would be. Bytes follow from `from`: later than asked where the scrollback no
   * longer holds more. Offsets below `begin` are of an earlier scrollback, which a restart of the server ended; none is used twice.
   */
  | { type: 'hello'; you: string; from: number; begin: number; end: number; marks: Mark[] }
  | { type: 'state'; state: DeviceState }
  | { type: 'mark'; mark: Mark }
  | { type: 'job-result'; result: JobResult }
  /** What was asked was not done. `of`: the type of the message, or 'bytes'. */
  | { type: 'refused'; of: string; code: RefusalCode; text: string };
export type RefusalCode =
  | 'no-lease'
  | 'stale'
  | 'stopped'
  | 'offline'
  | 'busy'
  | 'queue-full'
  | 'forbidden'
  | 'not-allowed'
  | 'invalid'
  | 'too-fast';

export type FromHost =
  | { type: 'hosting'; kind: 'serial' | 'virtual'; port: string; agent: string; baud: number }
  | { type: 'connection'; connection: 'online' | 'lost'; why: string }
  | { type: 'job-progress'; id: string; done: number | null; note: string }
  | { type: 'job-result'; result: JobResult }
  | { type: 'stopped'; text: string }
  | { type: 'baud'; baud: number }
  /** The port did not do what a driver asked of it, and why. */
  | { type: 'port-failed'; of: 'signals' | 'reset' | 'baud'; text: string }
  /** No longer shared from here. */
  | { type: 'leave' };
export type ToHost =
  | { type: 'hello'; id: string }
  | { type: 'state'; state: DeviceState }
  /** Emergency stop: Ctrl-C twice, the JSON `stop`, then a reset by RTS; answered by `stopped`. */
  | { type: 'stop'; by: Face }
  /** Nobody drives any more: bring the board to rest (Ctrl-C, motors off). */
  | { type: 'safe'; why: string }
  | { type: 'job'; job: Job; by: Driver }
  | { type: 'cancel-job'; id: string }
  | { type: 'signals'; dtr?: boolean; rts?: boolean }
  | { type: 'reset'; how: 'soft' | 'hard' }
  | { type: 'baud'; baud: number }
  | { type: 'world'; command: WorldCommand }
  | { type: 'refused'; code: RefusalCode; text: string };

/**
 * Frames of bytes. `output`: from the board; `input`: to it, with the epoch of the lease; `world`: the newest state of a robot's world, kept
 * by nobody; `program`: what a driver types for the program of an `exec` job, whose `since` is the offset. It never reaches another one,
 * nor the prompt behind it.
 */
export const frameTypes = { output: 1, input: 2, world: 3, program: 4 } as const;
export type Frame = { type: number; epoch: number; offset: number; bytes: Uint8Array };

export const frameHeadBytes = 13;
/** The most that one frame carries, either way. */
export const frameMostBytes = 64 * 1024;

/** `[type u8][epoch u32][offset f64][bytes]`, big-endian. */
export function encodeFrame({ type, epoch, offset, bytes }: Frame): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(frameHeadBytes + bytes.length);
  const head = new DataView(frame.buffer);
  head.setUint8(0, type);
  head.setUint32(1, epoch);
  head.setFloat64(5, offset);
  frame.set(bytes, frameHeadBytes);
  return frame;
}

/** null: not a frame. The bytes are a view of `data`. */
export function decodeFrame(data: Uint8Array): Frame | null {
  if (data.length < frameHeadBytes || data.length > frameHeadBytes + frameMostBytes) return null;
  const head = new DataView(data.buffer, data.byteOffset, frameHeadBytes);
  const offset = head.getFloat64(5);
  if (!Number.isSafeInteger(offset) || offset < 0) return null;
  return { type: head.getUint8(0), epoch: head.getUint32(1), offset, bytes: data.subarray(frameHeadBytes) };
}
