import { expect, test } from 'vitest';
import { readRecording } from './recordingLines.ts';

test('what was said, sent and marked is read back; a last line that was cut off is left out', () => {
  const lines = [
    { t: 0, type: 'm', text: 'lease: Mei' },
    { t: 5, type: 'i', n: 14, d: btoa('{"action": 1}\r\n'), by: 'Mei' },
    { t: 6, type: 'i', n: 1, d: btoa('x'), by: 'Mei' },
    { t: 7, type: 'o', n: 2, d: btoa('\xff\x00') },
  ].map((line) => JSON.stringify(line));
  expect(readRecording(`${lines.join('\n')}\n{"t":9,"typ`)).toEqual([
    { ms: 0, kind: 'mark', text: 'lease: Mei' },
    { ms: 5, kind: 'mark', text: 'Mei sent {"action": 1}' },
    { ms: 7, kind: 'output', bytes: Uint8Array.of(255, 0) },
  ]);
});
