import { expect, test } from 'vitest';
import { performJob } from './performJob.ts';
import { answerOf } from './jsonLine.ts';
import { replBoard } from './testReplBoard.ts';

const pick = (line: string, command: Record<string, unknown>) =>
  answerOf({ line, sent: JSON.stringify(command), command });

test('the answer is the object with the same id; without an id, what is neither echo nor unasked telemetry', () => {
  const drive = { action: 'drive', l: 100, r: 100 };
  expect(pick(JSON.stringify(drive), drive)).toBeNull();
  expect(pick('{"status":"telemetry","vbat":3.7}', drive)).toBeNull();
  expect(pick('I (312) motors: on', drive)).toBeNull();
  expect(pick('[1,2]', drive)).toBeNull();
  expect(pick('{"status":"ok","msg":"motors set"}', drive)).toEqual({ status: 'ok', msg: 'motors set' });
  expect(pick('>>> {"status":"error","msg":"no"}', drive)).toEqual({ status: 'error', msg: 'no' });
  expect(pick('{"status":"telemetry","pose":{}}', { action: 'get_pose' })).toEqual({ status: 'telemetry', pose: {} });
  expect(pick('{"status":"ok"}', { id: 7, action: 'drive' })).toBeNull();
  expect(pick('{"id":7,"status":"ok"}', { id: 7, action: 'drive' })).toEqual({ id: 7, status: 'ok' });
});

function ask(board: ReturnType<typeof replBoard>, said: string[], timeoutMs = 2000) {
  const port = {
    ...board.port,
    write: async () => {
      for (const text of said) board.listeners.forEach((listener) => listener(new TextEncoder().encode(text)));
    },
  };
  return performJob({
    port,
    job: { id: 'j1', kind: 'json', command: { action: 'stop' }, timeoutMs },
    fetchArtifact: () => Promise.reject(new Error()),
    storeArtifact: () => Promise.reject(new Error()),
    progress: () => {},
    signal: new AbortController().signal,
  });
}

test('lines may come in any pieces, with logs and half lines before them', async () => {
  const answered = await ask(replBoard(), [
    'noise\r\n{"status":"tele',
    'metry"}\r\n{"status":"o',
    'k","msg":"größer"}\r',
    '\n',
  ]);
  expect(answered).toMatchObject({ ok: true, json: { status: 'ok', msg: 'größer' } });
});

test('a board at its prompt is told apart from one that is slow', async () => {
  expect(await ask(replBoard(), ['{"action": "stop"}\r\n{\'action\': \'stop\'}\r\n>>> '])).toMatchObject({
    ok: false,
    code: 'failed',
    text: expect.stringContaining('prompt'),
  });
  expect(await ask(replBoard(), ['working\r\n'], 300)).toMatchObject({ ok: false, code: 'timeout' });
});
