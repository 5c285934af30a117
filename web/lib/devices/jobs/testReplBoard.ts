// The prompts of MicroPython without a MicroPython behind them, for tests of the conversation itself: also of firmware that is old, deaf,
// or gone in the middle. What a program does, the test says.
import type { BoardPort, Lost } from '../port.ts';

type Program = {
  out?: string;
  error?: string;
  /** Until that many Ctrl-C. */ runsUntil?: number;
  /** In the middle, instead of an answer. */ restarts?: 'soft' | 'hard';
};
type Options = {
  /** Firmware before 1.14 has no raw-paste; some say 'R\0'. */
  paste?: 'yes' | 'unknown' | 'refused';
  run?: (code: string) => Program;
  starts?: 'friendly' | 'raw' | 'paste' | 'raw-paste' | 'program';
  /** How many Ctrl-C the program of `starts` ignores. */
  deafTo?: number;
  /** Answers nothing at all, or always this. */
  answers?: 'nothing' | Uint8Array;
};
const banner = 'raw REPL; CTRL-B to exit\r\n>';

export function replBoard({ paste = 'yes', run = () => ({}), starts = 'friendly', deafTo = 0, answers }: Options = {}) {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  const lostListeners = new Set<(lost: Lost) => void>();
  const ran: string[] = [];
  let [state, line, presses, untilPresses] = [starts as string, '', 0, deafTo + 1];
  let afterProgram: 'friendly' | 'raw' = 'friendly';
  let [window, overrun, there] = [0, false, true];
  const say = (text: string) => {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    queueMicrotask(() => there && listeners.forEach((listener) => listener(bytes)));
  };
  const prompt = (to: 'friendly' | 'raw') => {
    [state, line] = [to, ''];
  };
  const finish = ({ out = '', error = '', runsUntil = 0, restarts }: Program) => {
    if (restarts) {
      say(
        `${out}\r\nMPY: soft reboot\r\n${restarts === 'soft' ? banner : 'MicroPython v1.24\r\nType "help()" for more information.\r\n>>> '}`,
      );
      return prompt(restarts === 'soft' ? 'raw' : 'friendly');
    }
    if (runsUntil > 0) {
      say(out);
      [state, afterProgram, presses, untilPresses] = ['program', 'raw', 0, runsUntil];
      return;
    }
    say(`${out}\x04${error}\x04>`);
    prompt('raw');
  };
  const take: Record<string, (c: number) => void> = {
    friendly(c) {
      if (c === 1) {
        say(banner);
        prompt('raw');
      } else if (c === 5) {
        say('\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ');
        prompt('friendly');
        state = 'paste';
      } else if (c === 3) say('\r\n>>> ');
      else if (c === 13) {
        if (line) ran.push(`typed: ${line}`);
        line = '';
        say('\r\n>>> ');
      } else if (c >= 32) line += String.fromCharCode(c);
      if (c === 3) line = '';
    },
    paste(c) {
      if (c !== 3) return;
      say('\r\nKeyboardInterrupt\r\n>>> ');
      prompt('friendly');
    },
    raw(c) {
      if (c === 1 && line === '\x05A' && paste === 'yes') {
        say('R\x01\x80\x00\x01');
        [state, line, window] = ['raw-paste', '', 256];
      } else if (c === 1 && line === '\x05A' && paste === 'refused') {
        say('R\x00>');
        line = '';
      } else if (c === 1) {
        say(banner);
        line = '';
      } else if (c === 2) {
        say('\r\nMicroPython v1.24\r\n>>> ');
        prompt('friendly');
      } else if (c === 3) line = '';
      else if (c === 4 && line === '') say(`OK\r\nMPY: soft reboot\r\n${banner}`);
      else if (c === 4) {
        ran.push(line);
        say('OK');
        finish(run(line));
      } else line += String.fromCharCode(c);
    },
    'raw-paste'(c) {
      if (c === 3) {
        say('\x04\x04Traceback\r\nKeyboardInterrupt: \r\n\x04>');
        return prompt('raw');
      }
      if (c === 4) {
        const code = line;
        ran.push(code);
        say('\x04');
        return finish(run(code));
      }
      line += String.fromCharCode(c);
      if (--window < 0) overrun = true;
      if (line.length % 128 === 0) {
        window += 128;
        say('\x01');
      }
    },
    program(c) {
      if (c !== 3 || ++presses < untilPresses) return;
      const trace = 'Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n';
      say(afterProgram === 'raw' ? `\x04${trace}\x04>` : `${trace}>>> `);
      prompt(afterProgram);
    },
  };
  const port: BoardPort = {
    kind: 'serial',
    label: 'Prompts',
    noInterrupt: null,
    open: async () => {},
    close: async () => {},
    setBaud: async () => {},
    setSignals: async () => {},
    reset: async () => {},
    write: async (bytes) => {
      if (!there) throw new Error('The board is not connected.');
      if (answers === 'nothing') return;
      if (answers) return void listeners.forEach((listener) => listener(answers.slice()));
      for (const byte of bytes) take[state]!(byte);
    },
    onBytes: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLost: (listener) => {
      lostListeners.add(listener);
      return () => lostListeners.delete(listener);
    },
  };
  return {
    port,
    ran,
    say,
    listeners,
    get state() {
      return state;
    },
    /** More came in raw-paste than was granted. */
    get overrun() {
      return overrun;
    },
    pull() {
      there = false;
      for (const listener of lostListeners) listener({ reason: 'unplugged', words: 'The board was unplugged.' });
    },
  };
}
