import { expect, test } from 'vitest';
import { createLineReader, readSample } from './plotLines.ts';

const values = (line: string) =>
  readSample(line)
    ?.map(({ name, value }) => `${name}=${value}`)
    .join(' ') ?? null;

test('numbers, names with numbers, Teleplot and JSON are samples', () => {
  expect(values('3.5')).toBe('value=3.5');
  expect(values('1, -2;3e2')).toBe('value 1=1 value 2=-2 value 3=300');
  expect(values('left:76 right:124')).toBe('left=76 right=124');
  expect(values('Temp: 21.5, Hum: 40')).toBe('Temp=21.5 Hum=40');
  expect(values('a=1\tb=.5')).toBe('a=1 b=0.5');
  expect(values('>left:76')).toBe('left=76');
  expect(values('>left:1627551892437:1.5§m/s|g')).toBe('left=1.5');
  expect(values('{"status": "telemetry", "vbat": 3.7, "pose": {"x": 0.4, "y": 1}}')).toBe(
    'vbat=3.7 pose.x=0.4 pose.y=1',
  );
});

test('words are none', () => {
  for (const line of [
    '',
    '>>> ',
    'rst:0x15 (USB_UART_CHIP_RESET)',
    '  File "main.py", line 41',
    'load:0x3fce3808,len:0x370',
    'entry 0x403c988c',
    'NaN',
    '{"a": "b"}',
    '{broken',
    'x'.repeat(5000),
  ])
    expect(values(line)).toBeNull();
});

test('lines come whole, however they are cut; one that is too long is none', () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  const say = (text: string) => reader.read(new TextEncoder().encode(text));
  say('1\r');
  say('\n2\n3');
  say('4\n');
  say('9'.repeat(3000));
  say('9\n5\n');
  expect(lines.filter((line) => line !== '')).toEqual(['1', '2', '34', '5']);
  reader.restart();
  say('6\n7\n');
  expect(lines.at(-1)).toBe('7');
  expect(lines).not.toContain('6');
});
