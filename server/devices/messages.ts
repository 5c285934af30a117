// What viewers and hosts may say on /devices, checked. Nothing that is not named here is kept, and nothing that is too long.
import { z } from 'zod';
import { mostBaud } from '#shared/boardFile.ts';
import type { FromHost, FromViewer } from '#shared/devices.ts';
import { isNestedTooDeep } from '../platform/jsonDepth.ts';

const epoch = z.int().min(0).max(0xffffffff);
const id = z.string().regex(/^[\w-]{1,64}$/);
const path = z.string().min(1).max(512).refine((text) => !text.includes('\0')); // prettier-ignore
const sentence = z.string().max(2000);
const baud = z.int().min(300).max(mostBaud);
const how = z.enum(['soft', 'hard']);
const number = z.number().min(-1e6).max(1e6);
const artifact = z.object({ id, name: z.string().max(255), bytes: z.int().min(0), sha256: z.string().max(64) });
const object = z.record(z.string().max(200), z.unknown());

const job = z.discriminatedUnion('kind', [
  z.object({
    id,
    kind: z.literal('exec'),
    code: z.string().max(200_000),
    timeoutMs: z.int().min(0).max(3_600_000),
    name: z.string().max(200),
    fresh: z.boolean().optional(),
  }),
  z.object({ id, kind: z.literal('list'), path: z.string().max(512) }),
  z.object({ id, kind: z.literal('get'), path }),
  z.object({ id, kind: z.literal('put'), path, artifact }),
  z.object({ id, kind: z.literal('remove'), path }),
  z.object({ id, kind: z.literal('mkdir'), path }),
  z.object({ id, kind: z.literal('rename'), path, to: path }),
  z.object({
    id,
    kind: z.literal('flash'),
    chip: z.string().max(40).nullable(),
    erase: z.boolean(),
    images: z
      .array(z.object({ artifact, address: z.int().min(0).max(0xffffffff).nullable() }))
      .min(1)
      .max(16),
  }),
  z.object({ id, kind: z.literal('json'), command: object, timeoutMs: z.int().min(0).max(600_000) }),
]);

const world = z.discriminatedUnion('do', [
  z.object({ do: z.literal('map'), map: z.string().min(1).max(100) }),
  z.object({ do: z.literal('reset') }),
  z.object({ do: z.literal('pose'), x: number, y: number, rotation: number }),
  z.object({ do: z.literal('obstacle'), index: z.int().min(0).max(1000), x: number, y: number }),
]);

const fromViewer = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ask', 'leave-queue', 'take', 'stop', 'clear-stop']) }),
  z.object({ type: z.enum(['accept', 'renew', 'release', 'uninvite']), epoch }),
  z.object({ type: z.literal('invite'), epoch, personId: z.string().max(64) }),
  z.object({ type: z.literal('job'), epoch, job }),
  z.object({ type: z.literal('cancel-job'), id }),
  z.object({ type: z.literal('signals'), epoch, dtr: z.boolean().optional(), rts: z.boolean().optional() }),
  z.object({ type: z.literal('reset'), epoch, how }),
  z.object({ type: z.literal('baud'), epoch, baud }),
  z.object({ type: z.literal('world'), command: world }),
  z.object({ type: z.literal('record'), on: z.boolean() }),
]);

const result = z.union([
  z.object({
    id,
    ok: z.literal(true),
    text: z.string(),
    entries: z
      .array(z.object({ name: z.string().max(512), folder: z.boolean(), bytes: z.number().min(0) }))
      .max(2000)
      .optional(),
    artifact: artifact.optional(),
    json: z.unknown().optional(),
  }),
  z.object({
    id,
    ok: z.literal(false),
    code: z.enum(['failed', 'cancelled', 'lost', 'busy', 'timeout', 'mismatch']),
    text: z.string(),
    partial: sentence.optional(),
  }),
]);
const fromHost = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hosting'),
    kind: z.enum(['serial', 'virtual']),
    port: z.string().max(200),
    agent: z.string().max(200),
    baud,
  }),
  z.object({ type: z.literal('connection'), connection: z.enum(['online', 'lost']), why: sentence }),
  z.object({
    type: z.literal('job-progress'),
    id,
    done: z.number().min(0).max(1).nullable(),
    note: z.string().max(300),
  }),
  z.object({ type: z.literal('job-result'), result }),
  z.object({ type: z.literal('stopped'), text: sentence }),
  z.object({ type: z.literal('baud'), baud }),
  z.object({ type: z.literal('port-failed'), of: z.enum(['signals', 'reset', 'baud']), text: sentence }),
  z.object({ type: z.literal('leave') }),
]);

function read<T>(schema: z.ZodType<T>, text: string): T | null {
  if (isNestedTooDeep(text)) return null;
  try {
    const found = schema.safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}

/** Null: not JSON, or nothing that we know. */
export const readFromViewer = (text: string): FromViewer | null => read(fromViewer, text) as FromViewer | null;
export const readFromHost = (text: string): FromHost | null => read(fromHost, text) as FromHost | null;
