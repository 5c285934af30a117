// One command to the program that runs on the board, as a line of JSON, and the line that answers it. Between them may stand anything: an
// echo, log lines, telemetry that nobody asked for.
import { JobFailure } from './jobFailure.ts';
import { latin1, type Wire } from './wire.ts';

const mostLine = 64 * 1024;
type Command = Record<string, unknown>;

export async function askJson({ wire, command, timeoutMs }: { wire: Wire; command: Command; timeoutMs: number }) {
  const sent = JSON.stringify(command);
  if (sent.length > mostLine) throw new JobFailure('failed', 'The command is too long for one line.');
  wire.forget();
  // Carriage return for input(), newline for everybody else.
  await wire.write(new TextEncoder().encode(`${sent}\r\n`));
  const until = performance.now() + timeoutMs;
  let begun = '';
  for (;;) {
    const left = until - performance.now();
    const piece = left > 0 ? await wire.read(Math.min(left, 300)) : new Uint8Array(0);
    if (piece.length === 0 && />>> $/.test(begun))
      throw new JobFailure(
        'failed',
        'The board is at its prompt: nothing on it answers commands. Start its program first.',
      );
    if (piece.length === 0 && left <= 0)
      throw new JobFailure('timeout', `No line of JSON answered within ${timeoutMs} ms.`);
    const lines = (begun + latin1(piece)).split(/\r?\n/);
    begun = lines.pop()!.slice(-mostLine);
    for (const line of lines) {
      const json = answerOf({ line, sent, command });
      if (json) return { text: JSON.stringify(json), json };
    }
  }
}

/** With an `id` in the command: what carries the same. Without: the next object that is neither the echo nor telemetry of its own accord. */
export function answerOf({ line, sent, command }: { line: string; sent: string; command: Command }): Command | null {
  const begin = line.indexOf('{');
  if (begin < 0 || line.length > mostLine) return null;
  let json: unknown;
  try {
    // Latin-1 so far: what is more than ASCII is UTF-8
    json = JSON.parse(new TextDecoder().decode(Uint8Array.from(line.slice(begin), (letter) => letter.charCodeAt(0))));
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json) || JSON.stringify(json) === sent) return null;
  const answer = json as Command;
  if (command['id'] !== undefined) return answer['id'] === command['id'] ? answer : null;
  const askedFor = /^get_|telemetry|pose/.test(String(command['action'] ?? command['cmd'] ?? ''));
  return answer['status'] === 'telemetry' && !askedFor ? null : answer;
}
