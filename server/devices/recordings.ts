// Recordings of what is said both ways: a file of JSON lines, each with its time, appended as it happens. A kill loses at most the last
// second, and the recording says so. The table knows which there are; the oldest give way.
import crypto from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Recording } from '#shared/api/devices.ts';
import { notFound } from '#shared/errors.ts';
import type { Face } from '#shared/live.ts';
import type { Clock } from '../platform/clock.ts';
import type { DeviceStore, RecordingRow } from './deviceStore.ts';
import { measureRecording, type RecordingLine } from './recordingText.ts';

export const recordingLimits = {
  /** Of one: what was said both ways, and how long. Then it ends as `full`. */
  bytes: 32 * 2 ** 20,
  ms: 8 * 60 * 60 * 1000,
  /** Of its file: many small pieces and marks have few bytes and long lines. */
  fileBytes: 64 * 2 ** 20,
  /** Of one board. */
  recordings: 50,
  boardBytes: 256 * 2 ** 20,
  /** What was said is on disk after this at the latest. */
  syncMs: 1000,
};

export type Recordings = ReturnType<typeof createRecordings>;
export type Recorder = Awaited<ReturnType<Recordings['start']>>;

export function createRecordings({
  directory,
  store,
  clock,
  failed,
}: {
  directory: string;
  store: DeviceStore;
  clock: Clock;
  failed: (error: unknown) => void;
}) {
  const fileOf = (id: string) => path.join(directory, `${id}.jsonl`);
  const going = new Map<string, { row: RecordingRow; flush: () => Promise<void> }>();

  async function remove(ids: string[]): Promise<void> {
    await store.removeRecordings(ids);
    for (const id of ids) await fs.rm(fileOf(id), { force: true });
  }
  async function find(place: { id: string; fileId: string }): Promise<RecordingRow> {
    const row = /^[0-9a-f-]{36}$/.test(place.id) ? await store.recording(place) : null;
    if (!row) throw notFound('such recording');
    return going.get(row.id)?.row ?? row;
  }
  async function makeRoom(fileId: string): Promise<void> {
    let [count, sum] = [1, 0];
    const old: string[] = [];
    for (const row of await store.recordings(fileId)) {
      sum += row.outputBytes + row.inputBytes;
      if (++count > recordingLimits.recordings || sum > recordingLimits.boardBytes) old.push(row.id);
    }
    await remove(old.filter((id) => !going.has(id)));
  }

  return {
    /** `ended`: it ended by itself. */
    async start({ fileId, by, ended }: { fileId: string; by: Face; ended: () => void }) {
      await makeRoom(fileId);
      await fs.mkdir(directory, { recursive: true, mode: 0o700 });
      const id = crypto.randomUUID();
      const startedAt = clock.now();
      const file = await fs.open(fileOf(id), 'ax', 0o600);
      const row: RecordingRow = {
        id,
        fileId,
        personId: by.id,
        startedAt: new Date(startedAt),
        endedAt: null,
        ended: null,
        outputBytes: 0,
        inputBytes: 0,
        ms: 0,
      };
      let lines: string[] = [];
      let writing: Promise<void> = Promise.resolve();
      let timer: NodeJS.Timeout | null = null;
      let done = false;
      let written = 0;
      const flush = (): Promise<void> => {
        if (timer) clearTimeout(timer);
        timer = null;
        const text = lines.join('');
        lines = [];
        if (text) writing = writing.then(() => file.appendFile(text)).then(() => file.datasync());
        return writing;
      };
      const add = (line: RecordingLine) => {
        if (done) return;
        row.ms = line.t;
        const text = `${JSON.stringify(line)}\n`;
        lines.push(text);
        written += text.length;
        if (line.d !== undefined) row[line.type === 'o' ? 'outputBytes' : 'inputBytes'] += line.n;
        timer ??= setTimeout(() => void flush().catch(failed), recordingLimits.syncMs).unref();
        const said = row.outputBytes + row.inputBytes;
        const { bytes, fileBytes, ms } = recordingLimits;
        if (said > bytes || written > fileBytes || line.t > ms) end('full').then(ended, failed);
      };
      async function end(how: 'stopped' | 'full'): Promise<void> {
        if (done) return;
        done = true;
        row.ms = clock.now() - startedAt;
        Object.assign(row, { endedAt: new Date(clock.now()), ended: how });
        try {
          await flush();
          await file.close();
        } finally {
          going.delete(id);
          const { endedAt, ended: why, outputBytes, inputBytes, ms } = row;
          await store.endRecording({ id, endedAt, ended: why, outputBytes, inputBytes, ms });
        }
      }
      const t = () => clock.now() - startedAt;
      add({ t: 0, type: 'm', text: 'recording' });
      await flush();
      await store.addRecording({ ...row });
      going.set(id, { row, flush });
      return {
        id,
        by,
        row,
        output: (bytes: Buffer) => add({ t: t(), type: 'o', n: bytes.length, d: bytes.toString('base64') }),
        input: (bytes: Uint8Array, who: string) =>
          add({ t: t(), type: 'i', n: bytes.length, d: Buffer.from(bytes).toString('base64'), by: who }),
        mark: (text: string) => add({ t: t(), type: 'm', text }),
        stop: () => end('stopped'),
      };
    },

    /** Newest first. */
    list: async (fileId: string): Promise<RecordingRow[]> =>
      (await store.recordings(fileId)).map((row) => going.get(row.id)?.row ?? row),
    find,
    /** The lines as they are on disk, also of one that goes on. */
    async read(place: { id: string; fileId: string }): Promise<{ row: RecordingRow; text: string }> {
      const row = await find(place);
      await going.get(row.id)?.flush();
      const text = await fs.readFile(fileOf(row.id), 'utf8').catch(() => null);
      if (text === null) throw notFound('such recording');
      return { row, text };
    },
    async remove(place: { id: string; fileId: string }): Promise<boolean> {
      const row = await find(place);
      if (going.has(row.id)) return false;
      await remove([row.id]);
      return true;
    },

    /** Those that a killed server did not end: what is on disk of them counts, up to the last whole line. */
    async recover(): Promise<void> {
      for (const { id, startedAt } of await store.openRecordings()) {
        if (going.has(id)) continue;
        const text = await fs.readFile(fileOf(id), 'utf8').catch(() => '');
        const whole = text.slice(0, text.lastIndexOf('\n') + 1);
        if (whole.length < text.length) await fs.truncate(fileOf(id), Buffer.byteLength(whole)).catch(failed);
        const { outputBytes, inputBytes, ms } = measureRecording(whole);
        const endedAt = new Date(startedAt.getTime() + ms);
        await store.endRecording({ id, endedAt, ended: 'interrupted', outputBytes, inputBytes, ms });
      }
    },
    /** Files that no row names. */
    async tidy(): Promise<void> {
      const known = await store.recordingIds();
      for (const name of await fs.readdir(directory).catch(() => [])) {
        if (known.has(name.replace(/\.jsonl$/, '')) || going.has(name.replace(/\.jsonl$/, ''))) continue;
        const { mtimeMs } = await fs.stat(path.join(directory, name)).catch(() => ({ mtimeMs: Infinity }));
        if (Date.now() - mtimeMs > 60_000) await fs.rm(path.join(directory, name), { force: true });
      }
    },
  };
}

export const describeRecording = (row: RecordingRow, by: Face | null): Recording => ({
  id: row.id,
  device: row.fileId,
  by,
  startedAt: row.startedAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
  ended: row.ended,
  outputBytes: row.outputBytes,
  inputBytes: row.inputBytes,
  ms: row.ms,
});
