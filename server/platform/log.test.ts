import { expect, test } from 'vitest';
import { createLog } from './log.ts';

test('an event is one JSON line with a name, a time and its fields', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  log.child({ volume: 'team/lab' }).info({ commits: 2 }, 'checkpoint.made');
  log.debug('nobody.listened');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    msg: 'checkpoint.made',
    volume: 'team/lab',
    commits: 2,
    time: expect.stringMatching(/Z$/),
  });
});

test('what must not be written is not written', () => {
  const lines: string[] = [];
  createLog({ level: 'info', write: (line) => lines.push(line) }).info(
    { request: { cookie: 'session=abc', authorization: 'Bearer abc' } },
    'request.answered',
  );
  expect(lines[0]).not.toContain('abc');
});
