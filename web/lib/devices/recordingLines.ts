// A recording as the server keeps it: a line of JSON for each moment (docs/PROTOCOL.md).

export type RecordedEvent = { ms: number } & ({ kind: 'output'; bytes: Uint8Array } | { kind: 'mark'; text: string });

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));

export function readRecording(text: string): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (const line of text.split('\n')) {
    const event = readLine(line);
    if (event) events.push(event);
  }
  return events;
}

/** `t`: ms since it began. `o`: from the board, `i`: to it, `m`: between the bytes. */
type Line = { t: number; type: 'o' | 'i' | 'm'; d?: string; text?: string; by?: string };

function readLine(line: string): RecordedEvent | null {
  try {
    const { t: ms, type, d = '', text = '', by } = JSON.parse(line) as Line;
    if (type === 'o') return { ms, kind: 'output', bytes: bytesOf(d) };
    if (type === 'm') return { ms, kind: 'mark', text };
    // whole lines that were sent; single keys are seen by their echo
    const sent = new TextDecoder().decode(bytesOf(d)).trimEnd();
    return sent.length > 3 ? { ms, kind: 'mark', text: `${by ?? 'somebody'} sent ${sent}` } : null;
  } catch {
    return null; // the last line of one that was broken off
  }
}
