import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Device } from '#shared/api/devices.ts';
import { systemClock } from '../platform/clock.ts';
import { startVolumes, type TestVolumes } from '../volumes/testVolumes.ts';
import { openDevices, type Devices } from './devices.ts';
import { filesOf } from './testFiles.ts';

const faceOf = (id: string) => ({ id, login: id, name: id, colour: 1 });
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'llmos-devices-'));
let lab: TestVolumes;
let devices: Devices;

beforeAll(async () => {
  lab = await startVolumes({
    postgresUrl: inject('postgresUrl'),
    async more(parts) {
      devices = await openDevices({
        database: parts.database,
        directory,
        files: filesOf(parts),
        people: {
          face: async (id) => faceOf(id),
          faces: async (ids) => new Map(ids.map((id) => [id, faceOf(id)])),
          isStillValid: async () => true,
          isTokenGood: async () => true,
        },
        news: () => undefined,
        clock: systemClock,
        failed: (error) => {
          throw error;
        },
      });
      return devices.handlers;
    },
  });
});
afterAll(async () => {
  await devices.close();
  await lab.stop();
  fs.rmSync(directory, { recursive: true });
});

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;
async function board(name: string): Promise<Device> {
  return json(await lab.call('ada', 'POST /devices', { volume: 'team/lab', name, kind: 'virtual' }));
}

test('a board is a file: made, listed, renamed, and it keeps its id', async () => {
  const made = await board('Line follower');
  expect(made).toMatchObject({
    path: 'bench/line-follower.md',
    file: { label: 'Line follower', kind: 'virtual', baud: 115200, owner: 'ada' },
    state: { connection: 'offline', lease: null, queue: [], stop: null },
    may: 'own',
  });
  const text = await (await lab.call('ben', 'GET /volumes/team%2Flab/files/bench/line-follower.md')).text();
  expect(text).toContain('label: "Line follower"');

  await lab.type('ben', made.id, 'Line follower', 'Line follower two');
  await lab.call('ben', 'PATCH /volumes/team%2Flab/files/bench/line-follower.md', { rename_to: 'bench/lf.md' });
  const seen = await json<Device>(await lab.call('vic', `GET /devices/${made.id}`));
  expect(seen).toMatchObject({ id: made.id, path: 'bench/lf.md', file: { label: 'Line follower two' }, may: 'watch' });
  const { devices: all } = await json<{ devices: Device[] }>(await lab.call('ben', 'GET /devices'));
  expect(all.map(({ id, may }) => [id, may])).toEqual([[made.id, 'drive']]);

  await lab.call('ben', 'PATCH /volumes/team%2Flab/files/bench/lf.md', { rename_to: 'notes/lf.md' });
  expect((await lab.call('ada', `GET /devices/${made.id}`)).status).toBe(404);
});

test('[AC2] a board of somebody else is not there; who only reads does not make one', async () => {
  const made = await board('Secret');
  for (const path of ['', '/audit', '/recordings', `/artifacts/${made.id}`])
    expect((await lab.call('mallory', `GET /devices/${made.id}${path}`)).status).toBe(404);
  expect((await lab.call('mallory', 'GET /devices?volume=team%2Flab')).status).toBe(404);
  expect((await json<{ devices: Device[] }>(await lab.call('mallory', 'GET /devices'))).devices).toEqual([]);
  expect((await lab.call('mallory', `POST /devices/${made.id}/stop`)).status).toBe(404);
  const asVic = await lab.call('vic', 'POST /devices', { volume: 'team/lab', name: 'x', kind: 'serial' });
  expect(asVic.status).toBe(403);
  expect((await lab.call('ada', `GET /devices/${crypto.randomUUID()}`)).status).toBe(404);
  expect((await lab.call('ada', 'GET /devices/nonsense')).status).toBe(404);
});

test('artifacts: bytes by hash, of a file of the volume, of this board only', async () => {
  const [one, other] = [await board('One'), await board('Other')];
  const bytes = crypto.randomBytes(100_000);
  const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
  const kept = await lab.call('ben', `POST /devices/${one.id}/artifacts?name=fw.bin&sha256=${sha256}`, bytes);
  const artifact = await json<{ id: string }>(kept);
  expect(artifact).toMatchObject({ name: 'fw.bin', bytes: 100_000, sha256 });
  const back = await lab.call('vic', `GET /devices/${one.id}/artifacts/${artifact.id}`);
  expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  expect(back.headers.get('x-sha256')).toBe(sha256);
  expect((await lab.call('ada', `GET /devices/${other.id}/artifacts/${artifact.id}`)).status).toBe(404);

  const wrong = await lab.call('ben', `POST /devices/${one.id}/artifacts?sha256=${'0'.repeat(64)}`, bytes);
  expect(wrong.status).toBe(422);
  expect((await lab.call('vic', `POST /devices/${one.id}/artifacts`, bytes)).status).toBe(403);

  await lab.call('ada', 'PUT /volumes/team%2Flab/files/main.py', 'print("hi")\n');
  const from = await lab.call('ben', `POST /devices/${one.id}/artifacts/from-file`, { from: 'main.py' });
  expect(await json(from)).toMatchObject({ name: 'main.py', bytes: 12 });
  const missing = await lab.call('ben', `POST /devices/${one.id}/artifacts/from-file`, { from: 'none.py' });
  expect(missing.status).toBe(404);
});

test('[AC2] a recording is of one board: it is read and deleted there and nowhere else', async () => {
  const [one, other] = [await board('Recorded'), await board('Elsewhere')];
  const { id } = await json<{ id: string }>(await lab.call('ben', `POST /devices/${one.id}/recordings`));
  expect((await lab.call('ben', `POST /devices/${one.id}/recordings/stop`)).status).toBe(200);
  expect((await lab.call('vic', `GET /devices/${one.id}/recordings/${id}`)).status).toBe(200);
  for (const call of ['GET', 'DELETE'])
    expect([call, (await lab.call('ada', `${call} /devices/${other.id}/recordings/${id}`)).status]).toEqual([
      call,
      404,
    ]);
  expect((await lab.call('vic', `DELETE /devices/${one.id}/recordings/${id}`)).status).toBe(403);
  expect((await lab.call('ben', `DELETE /devices/${one.id}/recordings/${id}`)).status).toBe(200);
  expect((await lab.call('ben', `GET /devices/${one.id}/recordings/${id}`)).status).toBe(404);
});

test('artifacts of a board are bounded: the oldest give way', async () => {
  const { id } = await board('Full');
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const kept = await lab.call('ben', `POST /devices/${id}/artifacts`, Buffer.alloc(15 * 2 ** 20, i));
    ids.push((await json<{ id: string }>(kept)).id);
  }
  const statuses = await Promise.all(
    ids.map(async (one) => (await lab.call('ben', `GET /devices/${id}/artifacts/${one}`)).status),
  );
  expect(statuses).toEqual([404, 200, 200, 200, 200]);
  expect((await lab.call('ben', `POST /devices/${id}/artifacts`, Buffer.alloc(17 * 2 ** 20))).status).toBe(413);
});
