// What the board does with each byte that comes while no program runs: the friendly prompt, the raw REPL of tools, and its raw-paste
// mode with flow control (docs.micropython.org, "The MicroPython Interactive Interpreter Mode"). MicroPython's own REPL runs the code;
// what is gathered before that is gathered here, so that a window can be granted and a half-sent program is never run.
import type { MicroPython } from './micropython.ts';
import type { Serial } from './serial.ts';

export type Terminal = {
  mode: () => 'friendly' | 'raw';
  /** After a start of MicroPython. */
  start: (mode: 'friendly' | 'raw') => void;
  /** Whether a soft reset was asked for. */
  input: (byte: number) => boolean;
};

const key = { a: 1, b: 2, c: 3, d: 4, e: 5, lineFeed: 10, enter: 13 } as const;
const windowBytes = 128;
const rawBanner = 'raw REPL; CTRL-B to exit\r\n>';
/** Of one program sent over the raw REPL; what is more is dropped, and the program is not run. */
const mostProgram = 4 * 2 ** 20;

export function createTerminal({
  python,
  serial,
  run,
}: {
  python: MicroPython;
  serial: Serial;
  /** While it runs, Ctrl-C and timers reach the program. */
  run: <T>(work: () => T) => T;
}): Terminal {
  let mode: 'friendly' | 'raw' = 'friendly';
  let program: number[] = [];
  let paste: { program: number[]; left: number } | null = null;
  let last = 0;

  const execute = (bytes: number[], { hideOk }: { hideOk: boolean }): boolean =>
    run(() => {
      if (bytes.length > mostProgram) {
        serial.text(`${hideOk ? '' : 'OK'}\x04MemoryError: the program is too long\r\n\x04>`);
        return false;
      }
      if (hideOk) {
        serial.flush();
        serial.swallow(2);
      }
      for (const byte of bytes) python.feed(byte);
      return python.feed(key.d) !== 0;
    });

  const pasted = (byte: number): boolean => {
    const { program: text } = paste!;
    if (byte === key.c) {
      paste = null;
      serial.text('\x04\x04Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04>');
      return false;
    }
    if (byte === key.d) {
      paste = null;
      serial.bytes(key.d);
      return execute(text, { hideOk: true });
    }
    text.push(byte);
    paste!.left -= 1;
    if (paste!.left === 0) {
      paste!.left = windowBytes;
      serial.bytes(1);
      serial.flush();
    }
    return false;
  };

  /** Ctrl-A: the banner again, or after `Ctrl-E A` raw-paste. */
  const again = () => {
    const [first, second] = program;
    const asked = program.length === 2 && first === key.e;
    program = [];
    if (!asked) serial.text(rawBanner);
    else if (second === 0x41) {
      paste = { program: [], left: windowBytes };
      serial.bytes(0x52, 1, windowBytes, 0, 1);
    } else serial.bytes(0x52, 0);
    if (asked && second !== 0x41) serial.text('>');
  };

  const raw = (byte: number): boolean => {
    if (byte === key.d) {
      const text = program;
      program = [];
      if (text.length > 0) return execute(text, { hideOk: false });
      serial.text('OK\r\n');
      return true;
    }
    if (byte === key.a) again();
    else if (byte === key.c) program = [];
    else if (byte === key.b) {
      mode = 'friendly';
      program = [];
      run(() => python.feed(key.b));
    } else program.push(byte);
    return false;
  };

  const friendly = (byte: number): boolean => {
    // programs that speak JSON end a line with a line feed alone
    const sent = byte === key.lineFeed && last !== key.enter ? key.enter : byte;
    last = byte;
    if (byte === key.lineFeed && sent === byte) return false;
    const heard = sent === key.a ? serial.listen() : null;
    const ended = run(() => python.feed(sent)) !== 0;
    if (heard?.().endsWith(rawBanner)) {
      mode = 'raw';
      program = [];
    }
    return ended;
  };

  return {
    mode: () => mode,
    start(asked) {
      mode = asked;
      if (asked === 'friendly') python.startRepl();
      else {
        serial.silently(() => {
          python.startRepl();
          python.feed(key.a);
        });
        serial.text(rawBanner);
      }
    },
    input: (byte) => (paste ? pasted(byte) : mode === 'raw' ? raw(byte) : friendly(byte)),
  };
}
