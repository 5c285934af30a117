// What /api/v1 says about boards. A board is a file `bench/<board>.md` and has its id; what it says and who drives it travels on the
// socket `/devices/<id>` (shared/devices.ts). Here: which there are, the emergency stop, bytes on their way, recordings, the audit.
import { z } from 'zod';
import type { Artifact, DeviceState } from '../devices.ts';
import { cursor, Face, nothing, path, time } from './words.ts';

const MiB = 2 ** 20;
/** The most that one artifact holds. */
export const artifactMostBytes = 16 * MiB;

const volumeName = z.string().max(100);
const usbId = z.object({ vendor: z.int().min(0).max(0xffff), product: z.int().min(0).max(0xffff).nullable() });
const state = z.custom<DeviceState>((value) => typeof value === 'object' && value !== null && 'connection' in value);
const artifact = z.custom<Artifact>((value) => typeof value === 'object' && value !== null && 'sha256' in value);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/i, 'The SHA-256 of the bytes, in hex.');

export const Device = z.object({
  /** Of its file. */
  id: z.string(),
  volume: z.string(),
  path: z.string(),
  /** What the file says of it; warnings of its header are shown in the editor. */
  file: z.object({
    label: z.string(),
    chip: z.string().nullable(),
    kind: z.enum(['serial', 'virtual']).nullable(),
    baud: z.int(),
    owner: z.string().nullable(),
    usb: z.array(usbId),
    tools: z.array(z.string()).nullable(),
    plot: z
      .object({
        series: z.array(z.string()),
        seconds: z.number().nullable(),
        least: z.number().nullable(),
        most: z.number().nullable(),
      })
      .nullable(),
  }),
  state,
  /** What I may do: `own`: beside all else, take the lease from anybody and clear anybody's stop. */
  may: z.enum(['watch', 'drive', 'own']),
});
export const Recording = z.object({
  id: z.string(),
  device: z.string(),
  by: Face.nullable(),
  startedAt: time,
  /** Null: it goes on. */
  endedAt: time.nullable(),
  /** How it ended: `stopped`, `full`, or `interrupted`, when the server was killed; then its last second may be missing. */
  ended: z.enum(['stopped', 'full', 'interrupted']).nullable(),
  /** What the board said, and what was sent to it. */
  outputBytes: z.int(),
  inputBytes: z.int(),
  ms: z.int(),
});
export const DeviceEvent = z.object({
  id: z.string(),
  at: time,
  /** `lease`, `input`, `job`, `job-end`, `stop`, `connection`, `reset`, `baud`, `world`, `recording` */
  kind: z.string(),
  by: Face.nullable(),
  run: z.string().nullable(),
  text: z.string(),
  /** Of `input`: how much one driver sent within a second. */
  bytes: z.int().nullable(),
});
export type Device = z.output<typeof Device>;
export type Recording = z.output<typeof Recording>;
export type DeviceEvent = z.output<typeof DeviceEvent>;

// prettier-ignore
export const deviceRoutes = {
  'GET /devices': { may: 'self.read', summary: 'The boards of a volume, or of all volumes that I may read', query: z.object({ volume: volumeName.optional() }), answer: z.object({ devices: z.array(Device) }) },
  'POST /devices': { may: 'self.write', summary: 'A new board: makes its file in `bench/` of the volume', body: z.object({ volume: volumeName, name: z.string().trim().min(1, 'Write a name.').max(80), label: z.string().trim().min(1).max(80).optional(), kind: z.enum(['serial', 'virtual']), chip: z.string().trim().min(1).max(40).optional(), usb: z.array(usbId).max(20).optional() }), answer: Device },
  'GET /devices/:id': { may: 'device.watch', summary: 'A board', answer: Device },
  'POST /devices/:id/stop': { may: 'device.stop', summary: 'Emergency stop. Anybody who may watch may stop', answer: nothing },
  'POST /devices/:id/artifacts': { may: 'device.drive', summary: 'Bytes on their way to a board or from it, kept for a day; with `sha256` they are checked', query: z.object({ name: z.string().min(1).max(255).default('bytes'), sha256: sha256.optional() }), body: z.any(), answer: artifact, limit: artifactMostBytes },
  'POST /devices/:id/artifacts/from-file': { may: 'device.drive', summary: 'The same, of a file in the volume of the board', body: z.object({ from: path }), answer: artifact },
  'GET /devices/:id/artifacts/:artifact': { may: 'device.watch', summary: 'The bytes; the header `x-sha256` is their hash', answer: z.any() },
  'GET /devices/:id/recordings': { may: 'device.watch', summary: 'Recordings, newest first', answer: z.object({ recordings: z.array(Recording) }) },
  'POST /devices/:id/recordings': { may: 'device.drive', summary: 'Start to record what is said both ways', answer: Recording },
  'POST /devices/:id/recordings/stop': { may: 'device.drive', summary: 'Stop recording', answer: Recording },
  'GET /devices/:id/recordings/:recording': { may: 'device.watch', summary: 'A recording: JSON lines with times, the bare bytes that the board said, or asciicast v2', query: z.object({ format: z.enum(['jsonl', 'raw', 'cast']).default('jsonl') }), answer: z.any() },
  'DELETE /devices/:id/recordings/:recording': { may: 'device.drive', summary: 'Delete a recording', answer: nothing },
  'GET /devices/:id/audit': { may: 'device.watch', summary: 'Who sent what, newest first', query: z.object({ cursor, limit: z.coerce.number().int().min(1).max(500).default(100) }), answer: z.object({ events: z.array(DeviceEvent), cursor: z.string().nullable() }) },
} as const;
