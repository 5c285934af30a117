import { expect, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import type { BrowserAnswer } from '#shared/live.ts';
import { openBrowserCalls, type BrowserCall, type Perform } from './browserCalls.ts';
import { ada, settle, testOutside } from './testRun.ts';

const call = (id: string): BrowserCall => ({
  type: 'browser-call', id, run: 'r1', call: 'c1', tool: 'python', args: { code: 'print(1)' }, volume: 'team/lab', paths: ['a.csv'],
}); // prettier-ignore
const answer: BrowserAnswer = { ok: true, text: '1\n', parts: [], files: [] };

function world(perform: Perform, refuse: (body: unknown) => Problem | null = () => null) {
  const outside = testOutside({
    'POST /browser-calls/:call': ({ body }) => {
      const problem = refuse(body);
      if (problem) throw problem;
      return {};
    },
  });
  const stop = openBrowserCalls({ ...outside, tools: { python: perform }, wait: async () => {} });
  return { ...outside, stop };
}

test('the tab says what it can do at once and whenever the socket is back, and takes it back when it goes', () => {
  const { said, hear, stop } = world(async () => answer);
  hear({ type: 'hello', tab: 't', person: ada });
  stop();
  expect(said).toEqual([
    { type: 'able', tools: ['python'] },
    { type: 'able', tools: ['python'] },
    { type: 'able', tools: [] },
  ]);
});

test('what the code says streams in few messages, before the whole answer', async () => {
  const { said, asked, hear } = world(async (_call, { output }) => {
    for (let i = 0; i < 100; i++) output(`${i} `);
    return answer;
  });
  hear(call('b1'));
  await settle();
  const streamed = said.filter((message) => message.type === 'browser-output');
  expect(streamed).toHaveLength(1);
  expect(streamed[0]).toMatchObject({ id: 'b1', text: expect.stringMatching(/^0 1 2 .* 99 $/) });
  expect(asked).toEqual([{ route: 'POST /browser-calls/:call', params: { call: 'b1' }, body: answer }]);
});

test('a call that is taken back is stopped and not answered', async () => {
  let stopped = false;
  const { asked, hear } = world(
    (_call, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          stopped = true;
          resolve(answer);
        }),
      ),
  );
  hear(call('b1'));
  hear({ type: 'browser-cancel', id: 'b1' });
  await settle();
  expect([stopped, asked]).toEqual([true, []]);
});

test('what breaks here is an answer that says so, and a tool that this tab lacks too', async () => {
  const { asked, hear } = world(async () => {
    throw new Error('Python did not start.');
  });
  hear(call('b1'));
  hear({ ...call('b2'), tool: 'device' });
  await settle();
  expect(Object.fromEntries(asked.map(({ params, body }) => [params['call'], body]))).toMatchObject({
    b1: { ok: false, text: 'Python did not start.' },
    b2: { ok: false, text: 'This tab cannot run device.' },
  });
});

test('without a network it tries again; what is too large goes without its pictures; what nobody waits for is left', async () => {
  let down = 1;
  const offline = world(
    async () => answer,
    () => (down-- > 0 ? new Problem('unavailable', 'down', { offline: true }) : null),
  );
  offline.hear(call('b1'));
  await settle();
  expect(offline.asked).toHaveLength(2);

  const plot = { kind: 'plot' as const, mime: 'image/png' as const, base64: 'AAAA' };
  const large = world(
    async () => ({ ...answer, parts: [plot] }),
    (body) => ((body as BrowserAnswer).parts.length > 0 ? new Problem('too-large', 'no') : null),
  );
  large.hear(call('b1'));
  await settle();
  expect(large.asked.map(({ body }) => (body as BrowserAnswer).text)).toEqual([
    '1\n',
    expect.stringContaining('too large'),
  ]);

  const gone = world(
    async () => answer,
    () => new Problem('not-found', 'gone'),
  );
  gone.hear(call('b1'));
  await settle();
  expect(gone.asked).toHaveLength(1);
});
