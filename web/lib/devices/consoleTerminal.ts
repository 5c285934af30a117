// xterm.js over the scrollback of a board: harmless bytes in, keys out, marks as lines, conversations of programs folded. Fetched when a
// console is first shown. What comes faster than a terminal can draw is cut on the screen only; the scrollback has it all.
import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type IMarker } from '@xterm/xterm';
import type { Mark } from '#shared/devices.ts';
import type { Face } from '#shared/live.ts';
import { bytes as bytesWords } from '#lib/ui/words.ts';
import { createConsoleInk } from './consoleInk.ts';
import { createConsoleFilter, ruled } from './consoleText.ts';
import type { Entry, Scrollback } from './scrollback.ts';

/** What waits to be drawn, at most. */
const mostWaiting = 512 * 1024;
const drawEvery = 24;
const lines = 10_000;
/** Of lines with a time beside them. */
const mostTimes = 4000;
const mostTypists = 1000;

/** What stands beside a row: a time, or who typed from here on; and whose lines these are, where two people drive. */
export type GutterLine = { row: number; text: string | null; by: Face | null; begins: boolean };
export type ConsoleTerminal = ReturnType<typeof openTerminal>;

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
export const secondsClock = (at: number): string => clock.format(at);

export function openTerminal({
  into,
  scrollback,
  folded,
  label,
  keys,
  gutter,
}: {
  into: HTMLElement;
  scrollback: Scrollback;
  /** Conversations of programs are one line. */ folded: boolean;
  label: string;
  keys: (bytes: Uint8Array) => void;
  gutter: (lines: GutterLine[]) => void;
}) {
  const terminal = new Terminal({
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    fontSize: 12,
    lineHeight: 1.14,
    scrollback: lines,
    convertEol: true,
    disableStdin: true,
    cursorStyle: 'bar',
    cursorInactiveStyle: 'none',
    macOptionIsMeta: true,
    minimumContrastRatio: 4.5,
    theme: readTheme(),
    logLevel: 'off',
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  const filter = createConsoleFilter();
  const ink = createConsoleInk();
  /** `ours`: a line of ours, which says its time itself. */
  const times: { marker: IMarker; at: number | 'ours' }[] = [];
  /** Null: from here on there is one driver, or none. */
  const typists: { marker: IMarker; by: Face | null }[] = [];
  let waiting: { data: Uint8Array | string; at: number | 'ours' | null; by?: Face | null }[] = [];
  let waitingBytes = 0;
  let cut = 0;
  let drawing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = -Infinity;
  let atLineStart = true;
  /** A job whose conversation is not shown. */
  let fold: { job: string; bytes: number } | null = null;
  let closed = false;
  let lateMarks: Mark[] = [];

  function entry(one: Entry): void {
    if (one.kind === 'mark') return mark(one.mark);
    if (fold) {
      fold.bytes += one.bytes.length;
      return;
    }
    push(ink.pass(filter.pass(one.bytes)), one.at);
    if (filter.atText) for (const late of lateMarks.splice(0)) mark(late);
  }
  function mark(one: Mark): void {
    if (one.kind === 'typed') {
      if (!fold && one.by) pushTypist(one.by);
      return;
    }
    if (fold && one.kind === 'job-end' && (one.job ?? fold.job) === fold.job) {
      const hidden = fold.bytes;
      fold = null;
      return line(hidden > 0 ? `${one.text} (${bytesWords(hidden)} of conversation folded)` : one.text, one);
    }
    if (one.kind === 'skipped') fold = null; // its end may be among what is missing
    if (!filter.atText) {
      // in the middle of a sequence: after it, or at once if it never ends
      if (lateMarks.push(one) < 20) return;
      filter.reset();
      for (const late of lateMarks.splice(0)) mark(late);
      return;
    }
    line(one.text, one);
    if (one.kind === 'lease' || one.kind === 'stop') pushTypist(null);
    if (!folded || one.kind !== 'job' || !one.job) return;
    fold = { job: one.job, bytes: 0 };
    ink.reset();
  }
  function line(text: string, { at }: Mark): void {
    const plain = text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').slice(0, 300);
    const words = ruled(`${plain}, ${secondsClock(at)}`, terminal.cols);
    push(`${atLineStart ? '' : '\r\n'}\x1b[0;90m${words}\x1b[0m\r\n${ink.again()}`, 'ours');
    atLineStart = true;
  }
  function push(data: Uint8Array | string, at: number | 'ours' | null): void {
    if (data.length === 0) return;
    if (typeof data !== 'string') atLineStart = data.at(-1) === 0x0a || data.at(-1) === 0x0d;
    waiting.push({ data, at });
    waitingBytes += data.length;
    while (waitingBytes > mostWaiting && waiting.length > 1) {
      const oldest = waiting.shift()!;
      waitingBytes -= oldest.data.length;
      cut += oldest.data.length;
    }
    drawSoon();
  }
  /** Not text: where it stands is known when what came before is drawn. */
  function pushTypist(by: Face | null): void {
    waiting.push({ data: '', at: null, by });
    drawSoon();
  }
  /** At once after a pause, so that a key is seen without delay; a flood is drawn at its beat. */
  function drawSoon(): void {
    const wait = drawnAt + drawEvery - performance.now();
    if (timer === undefined && wait <= 0) draw();
    else timer ??= setTimeout(draw, Math.max(0, wait));
  }
  function draw(): void {
    timer = undefined;
    if (closed || drawing || waiting.length === 0) return;
    drawing = true;
    drawnAt = performance.now();
    const now = waiting;
    waiting = [];
    waitingBytes = 0;
    if (cut > 0) {
      terminal.write(`\x1b[0m\r\n\x1b[90m-------- ${bytesWords(cut)} came too fast to be drawn --------\x1b[0m\r\n`);
      cut = 0;
    }
    for (const [i, { data, at, by }] of now.entries()) {
      if (at !== null) terminal.write('', () => time(at));
      if (by !== undefined) terminal.write('', () => typist(by));
      if (i < now.length - 1) terminal.write(data);
      else
        terminal.write(data, () => {
          drawing = false;
          if (waiting.length > 0) drawSoon();
        });
    }
  }
  /** From this line on, or from the next where this one was begun earlier. */
  function time(at: number | 'ours'): void {
    const buffer = terminal.buffer.active;
    const here = buffer.baseY + buffer.cursorY;
    const last = times.at(-1);
    if (last && (secondOf(last.at) === secondOf(at) || last.marker.line > here)) return;
    const marker = terminal.registerMarker(last?.marker.line === here || buffer.cursorX > 0 ? 1 : 0);
    times.push({ marker, at });
    if (times.length > mostTimes) times.shift()!.marker.dispose();
  }
  /** The line under the cursor is theirs, unless somebody else began it. */
  function typist(by: Face | null): void {
    const last = typists.at(-1);
    if (last?.by?.id === by?.id) return;
    if (!last && !by) return;
    const { baseY, cursorY } = terminal.buffer.active;
    const isBegun = last?.by && by && last.marker.line === baseY + cursorY;
    typists.push({ marker: terminal.registerMarker(isBegun ? 1 : 0), by });
    if (typists.length > mostTypists) typists.shift()!.marker.dispose();
  }
  function showGutter(): void {
    while (times[0]?.marker.isDisposed) times.shift();
    while (typists[1]?.marker.isDisposed) typists.shift(); // the one before the first that is left holds on
    const { viewportY, baseY, cursorY } = terminal.buffer.active;
    const shown: GutterLine[] = [];
    let i = 0;
    let t = -1;
    for (let row = 0; row < terminal.rows; row++) {
      const y = viewportY + row;
      if (y > baseY + cursorY) break;
      while (times[i + 1] && times[i + 1]!.marker.line <= y) i += 1;
      while (typists[t + 1] && typists[t + 1]!.marker.line <= y) t += 1;
      const by = typists[t]?.by ?? null;
      const begins = by !== null && (typists[t]!.marker.line === y || row === 0);
      const known = times[i];
      const at = terminal.buffer.active.getLine(y);
      const isBare =
        !known ||
        known.at === 'ours' ||
        known.marker.line > y ||
        !at ||
        at.isWrapped ||
        at.translateToString(true) === '';
      if (!isBare || by) shown.push({ row, text: isBare ? null : secondsClock(known.at as number), by, begins });
    }
    gutter(shown);
  }

  terminal.open(into);
  terminal.textarea?.setAttribute('aria-label', label);
  /** Measured when it may be another one: a look at the page while it is drawn has the whole page laid out. */
  let cellHeight = 18;
  const resize = () => {
    if (into.clientWidth > 40 && into.clientHeight > 40) fit.fit();
    cellHeight = into.querySelector<HTMLElement>('.xterm-rows > div')?.offsetHeight ?? cellHeight;
  };
  resize();
  const watched = new ResizeObserver(resize);
  watched.observe(into);
  const repaint = () => (terminal.options.theme = readTheme());
  window.addEventListener('themechange', repaint);
  terminal.onRender(showGutter);
  terminal.onData((text) => keys(new TextEncoder().encode(text)));
  terminal.onBinary((text) => keys(Uint8Array.from(text, (sign) => sign.charCodeAt(0))));
  terminal.attachCustomKeyEventHandler((event) => {
    // these belong to the page: stop, go round, copy what is marked
    if (event.key === 'F6' || (event.key === 'Escape' && event.shiftKey)) return false;
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && /^[kp]$/i.test(event.key) && event.metaKey) return false;
    if (control && /^c$/i.test(event.key) && terminal.hasSelection()) {
      if (event.type === 'keydown') void navigator.clipboard?.writeText(terminal.getSelection()).catch(() => {});
      return false;
    }
    return !(control && /^v$/i.test(event.key)); // the browser pastes
  });
  const stopReading = scrollback.read({
    entry,
    restart: () => {
      waiting = [];
      waitingBytes = 0;
      fold = null;
      lateMarks = [];
      filter.reset();
      ink.reset();
      atLineStart = true;
      for (const { marker } of [...times.splice(0), ...typists.splice(0)]) marker.dispose();
      terminal.reset();
    },
  });

  return {
    terminal,
    focus: () => terminal.focus(),
    setTyping: (may: boolean) => (terminal.options.disableStdin = !may),
    setScreenReader: (on: boolean) => (terminal.options.screenReaderMode = on),
    cellHeight: () => cellHeight,
    close: () => {
      closed = true;
      clearTimeout(timer);
      stopReading();
      watched.disconnect();
      window.removeEventListener('themechange', repaint);
      terminal.dispose();
    },
  };
}

const secondOf = (at: number | 'ours') => (at === 'ours' ? at : Math.floor(at / 1000));

/** xterm.js takes no variables. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--color-${name}`).trim();
  return {
    background: of('surface'),
    foreground: of('ink'),
    cursor: of('accent'),
    selectionBackground: of('accent-line'),
    black: of('ink'),
    brightBlack: of('ink-3'),
    red: of('danger'),
    brightRed: of('danger'),
    green: of('ok'),
    brightGreen: of('ok'),
    yellow: of('warn'),
    brightYellow: of('warn'),
    blue: of('accent'),
    brightBlue: of('accent'),
    magenta: of('syntax-number'),
    brightMagenta: of('syntax-number'),
    cyan: of('syntax-key'),
    brightCyan: of('syntax-key'),
    white: of('ink-2'),
    brightWhite: of('ink'),
  };
}
