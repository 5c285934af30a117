// One applet in its frame: its text is compiled, handed in, and watched; what it asks goes through its capabilities, what goes wrong is
// kept for people and for who repairs it.
import { sandboxLimits, type AppletErrorKind, type FromApplet, type ToApplet } from '#shared/sandbox.ts';
import { createMeter, openFrame, type Frame } from '#lib/sandbox.ts';
import { perform, type Outside } from './capabilities.ts';
import { compileApplet } from './compile.ts';
import type { Grants } from './grants.ts';
import { versionHash } from './grants.ts';
import { readAppletMessage } from './messages.ts';
import { readSource, wantWords, type AppletSource, type Wants } from './source.ts';

export type AppletError = {
  kind: AppletErrorKind | 'file' | 'compile' | 'ended';
  message: string;
  line: number | null;
  stack: string;
  /** It was on the screen before. */ painted: boolean;
};

const mostErrors = 30;

export class Applet {
  state = $state<'off' | 'starting' | 'compiling' | 'running' | 'painted' | 'failed' | 'ended'>('off');
  errors = $state.raw<AppletError[]>([]);
  log = $state.raw<{ level: string; text: string }[]>([]);
  source = $state.raw<AppletSource | null>(null);
  /** What the person is asked to allow, with a way to answer. */
  asking = $state.raw<{ what: string[]; answer: (yes: boolean) => void } | null>(null);
  submitted = $state.raw<{ value: unknown } | null>(null);
  height = $state(0);
  /** Milliseconds: of a new frame, of compiling, from the text to the paint. */
  times = $state.raw<{ frame: number; compile: number; paint: number }>({ frame: 0, compile: 0, paint: 0 });
  #frame: Frame | null = null;
  #opening: Promise<Frame> | null = null;
  #turn = 0;
  #from = 0;
  #grants: Grants;
  /** What the frame was given last, and what it may: another text is in the editor before it runs. */
  #running: { hash: string; wants: Wants } | null = null;
  #consent: { hash: string; answer: Promise<boolean> } | null = null;
  #closed = false;
  readonly #into: HTMLElement;
  readonly #outside: Outside;
  readonly #place: { volume: string; path: string };
  dark: boolean;

  constructor({
    into,
    volume,
    path,
    dark,
    grants,
    outside,
  }: {
    into: HTMLElement;
    volume: string;
    path: string;
    dark: boolean;
    grants: Grants;
    outside: Outside;
  }) {
    this.#into = into;
    this.#place = { volume, path };
    this.dark = dark;
    this.#grants = grants;
    this.#outside = outside;
  }

  /** Shows this text in place of what ran before. */
  async run(text: string): Promise<void> {
    if (this.#closed) return;
    const turn = ++this.#turn;
    this.#from = performance.now();
    this.errors = [];
    this.log = [];
    this.submitted = null;
    const source = readSource({ ...this.#place, text });
    this.source = source;
    if (source.code === null) return this.#fail({ kind: 'file', ...source.trouble! });
    this.state = this.#frame ? 'compiling' : 'starting';
    try {
      const [compiled, hash, open] = await Promise.all([
        compileApplet(source.code),
        versionHash({ ...this.#place, text }),
        this.#open(),
      ]);
      if (turn !== this.#turn || this.#closed) return;
      this.times = { ...this.times, compile: Math.round(performance.now() - this.#from) };
      if (!compiled.ok) return this.#fail({ kind: 'compile', message: compiled.message, line: compiled.line });
      this.asking?.answer(false);
      this.#consent = null;
      const frame = (await this.#apart({ hash, wants: source.wants })) ?? open;
      if (turn !== this.#turn || this.#closed) return;
      this.#running = { hash, wants: source.wants };
      this.state = 'running';
      const base = source.isOld ? '\n@layer base{body{background:#111827;color:#e5e7eb;padding:0}}' : '';
      const dark = source.isOld || this.dark;
      frame.port.postMessage({
        t: 'run',
        turn,
        code: compiled.code,
        css: compiled.css + base,
        dark,
      } satisfies ToApplet);
    } catch (error) {
      if (turn === this.#turn) this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  /** What a version may is not for code that another one left in its frame. */
  async #apart({ hash, wants }: { hash: string; wants: Wants }): Promise<Frame | null> {
    const mayAsk = wants.python || wants.reads.length > 0 || wants.devices.length > 0;
    if (!mayAsk || this.#running === null || this.#running.hash === hash) return null;
    this.#frame?.remove();
    this.#frame = null;
    this.#running = null;
    return this.#open();
  }

  look(dark: boolean): void {
    this.dark = dark;
    if (!this.source?.isOld) this.#frame?.port.postMessage({ t: 'look', dark } satisfies ToApplet);
  }

  close(): void {
    this.#closed = true;
    this.asking?.answer(false);
    this.#frame?.remove();
    this.#frame = null;
  }

  #open(): Promise<Frame> {
    if (this.#frame) return Promise.resolve(this.#frame);
    const from = performance.now();
    this.#opening ??= openFrame({
      page: '/sandbox/applet.html',
      kind: 'applet',
      title: `Applet ${this.#place.path}`,
      into: this.#into,
      lost: (why) =>
        this.#end(
          why === 'left'
            ? 'The applet tried to leave its frame and was ended.'
            : 'An applet of this tab stopped answering, so all of them were ended. Whoever runs an endless loop stops the others too.',
        ),
    })
      .then((frame) => {
        if (this.#closed) frame.remove();
        this.#frame = frame;
        this.times = { ...this.times, frame: Math.round(performance.now() - from) };
        const meter = createMeter({ usual: sandboxLimits.appletPerSecond, most: sandboxLimits.appletFlood });
        frame.port.onmessage = ({ data }) => {
          const much = meter();
          if (much === 'flood') return this.#end('The applet sent too many messages and was ended.');
          if (much === 'much' && data?.t !== 'pong') return;
          const message = readAppletMessage(data);
          if (message && frame === this.#frame) this.#hear(message, frame);
        };
        return frame;
      })
      .finally(() => (this.#opening = null));
    return this.#opening;
  }

  #hear(message: FromApplet, frame: Frame): void {
    switch (message.t) {
      case 'pong':
        return frame.alive();
      case 'painted':
        if (message.turn !== this.#turn) return;
        this.height = message.height;
        this.times = { ...this.times, paint: Math.round(performance.now() - this.#from) };
        performance.mark('applet-painted', { detail: this.times });
        if (this.state === 'running') this.state = 'painted';
        return;
      case 'size':
        this.height = message.height;
        return;
      case 'error':
        if (message.turn !== this.#turn) return;
        return this.#fail(message);
      case 'log':
        this.log = [...this.log, { level: message.level, text: message.text }].slice(-100);
        return;
      case 'submit':
        this.submitted = { value: message.value };
        return;
      case 'call':
        return void this.#answer(message, frame);
      case 'ready':
        return;
    }
  }

  async #answer({ id, method, value }: Extract<FromApplet, { t: 'call' }>, frame: Frame): Promise<void> {
    const running = this.#running;
    let answer: ToApplet;
    try {
      if (!running) throw new Error('Nothing runs here.');
      const { wants } = running;
      const allowed = () => this.#allowed(running);
      answer = { t: 'answer', id, value: await perform({ method, value, wants, allowed, outside: this.#outside }) };
    } catch (error) {
      answer = { t: 'answer', id, error: error instanceof Error ? error.message : String(error) };
    }
    if (frame === this.#frame) frame.port.postMessage(answer);
  }

  /** Asks the person, once for this version of the file. */
  #allowed({ hash, wants }: { hash: string; wants: Wants }): Promise<boolean> {
    if (this.#grants.has(hash)) return Promise.resolve(true);
    if (this.#consent?.hash === hash) return this.#consent.answer;
    const answer = new Promise<boolean>((done) => {
      this.asking = {
        what: wantWords(wants),
        answer: (yes) => {
          this.asking = null;
          if (yes) this.#grants.allow(hash);
          done(yes);
        },
      };
    });
    this.#consent = { hash, answer };
    return answer;
  }

  #fail(error: Partial<AppletError> & Pick<AppletError, 'kind' | 'message'>): void {
    const whole: AppletError = { line: null, stack: '', painted: false, ...error };
    if (this.errors.length < mostErrors)
      this.errors = [
        ...this.errors,
        { kind: whole.kind, message: whole.message, line: whole.line, stack: whole.stack, painted: whole.painted },
      ];
    // what happens after it was painted (a click, a timer) leaves it on the screen
    if (!whole.painted || whole.kind === 'render') this.state = 'failed';
  }

  #end(message: string): void {
    this.#frame?.remove();
    this.#frame = null;
    this.#running = null;
    this.asking?.answer(false);
    if (this.#closed) return;
    this.#fail({ kind: 'ended', message });
    this.state = 'ended';
  }
}

export const errorWords: Record<AppletError['kind'], string> = {
  file: 'The file cannot be read',
  compile: 'It does not compile',
  module: 'It failed as it started',
  render: 'It failed as it was drawn',
  uncaught: 'It failed',
  rejection: 'A promise was rejected',
  load: 'Something did not load',
  blocked: 'It reached outside and was stopped',
  ended: 'It was ended',
};
