// The forms of a recording: JSON lines as they are on disk, the bare bytes that the board said, asciicast v2 for players of terminals.

/** `t`: ms since it began. `o`: from the board, `i`: to it, `m`: between the bytes. `d`: base64 of `n` bytes. `by`: who sent it. */
export type RecordingLine =
  | { t: number; type: 'o' | 'i'; n: number; d: string; by?: string }
  | { t: number; type: 'm'; text: string; d?: undefined };

/** Whole lines only: a server that was killed may have left the last one short. */
function* linesOf(text: string): Generator<RecordingLine> {
  for (let from = 0; ;) {
    const end = text.indexOf('\n', from);
    if (end < 0) return;
    try {
      yield JSON.parse(text.slice(from, end)) as RecordingLine;
    } catch {
      return;
    }
    from = end + 1;
  }
}

export function measureRecording(text: string): { outputBytes: number; inputBytes: number; ms: number } {
  const sum = { outputBytes: 0, inputBytes: 0, ms: 0 };
  for (const line of linesOf(text)) {
    if (line.type === 'o') sum.outputBytes += line.n;
    else if (line.type === 'i') sum.inputBytes += line.n;
    sum.ms = line.t;
  }
  return sum;
}

export function rawOf(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const line of linesOf(text)) if (line.type === 'o') parts.push(Buffer.from(line.d, 'base64'));
  return Buffer.concat(parts);
}

/** https://docs.asciinema.org/manual/asciicast/v2/: text, so that bytes that are no UTF-8 become U+FFFD; a character cut in two is mended. */
export function castOf({ text, title, startedAt }: { text: string; title: string; startedAt: Date }): string {
  const decoders = { o: new TextDecoder(), i: new TextDecoder() };
  const head = { version: 2, width: 100, height: 30, timestamp: Math.floor(startedAt.getTime() / 1000), title };
  const events = [JSON.stringify(head)];
  for (const line of linesOf(text)) {
    const at = line.t / 1000;
    if (line.type === 'm') events.push(JSON.stringify([at, 'm', line.text]));
    else {
      const said = decoders[line.type].decode(Buffer.from(line.d, 'base64'), { stream: true });
      if (said) events.push(JSON.stringify([at, line.type, said]));
    }
  }
  return `${events.join('\n')}\n`;
}
