// Runs in the frame of an applet, one classic script: takes away what no policy governs, then waits for the page to hand in compiled
// code. Whatever goes wrong in an applet, at any time, is told to the page.
import './withoutWays.ts';
import * as React from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as ReactDOM from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import type { AppletErrorKind, FromApplet, ToApplet } from '#shared/sandbox.ts';

let port: MessagePort | undefined;
let turn = 0;
let painted = false;
let root: Root | undefined;
let reported = 0;
let asked = 0;
const waiting = new Map<number, { done: (value: unknown) => void; fail: (error: Error) => void }>();
const tell = (message: FromApplet) => port?.postMessage(message);

function words(value: unknown, most = 2000): string {
  try {
    return String(value).slice(0, most);
  } catch {
    return 'something that cannot be written';
  }
}

const lineOf = (stack: string): number | null => Number(/applet-\d+\.tsx:(\d+)/.exec(stack)?.[1] ?? 0) || null;

function fail(kind: AppletErrorKind, error: unknown, line: number | null = null): void {
  if (reported++ >= 20) return;
  const { message, stack } = (error ?? {}) as Partial<Error>;
  const trace = words(stack ?? '', 4000);
  tell({
    t: 'error',
    turn,
    kind,
    message: words(message ?? error),
    stack: trace,
    line: line ?? lineOf(trace),
    painted,
  });
}

addEventListener(
  'error',
  (event) => {
    const target = event.target as HTMLElement & { src?: string; href?: string };
    if (event.target === window)
      fail('uncaught', event.error ?? event.message, /applet-\d+\.tsx/.test(event.filename) ? event.lineno : null);
    else fail('load', `${target.tagName.toLowerCase()} could not be loaded: applets reach nothing outside.`);
  },
  true,
);
addEventListener('unhandledrejection', (event) => fail('rejection', event.reason));
addEventListener('securitypolicyviolation', (event) =>
  fail(
    'blocked',
    `${event.effectiveDirective} does not allow ${words(event.blockedURI, 200)}`,
    event.lineNumber || null,
  ),
);
const { console: own } = self;
for (const level of ['log', 'warn', 'error'] as const) {
  const real = own[level].bind(own);
  let left = 200;
  own[level] = (...all: unknown[]) => {
    real(...all);
    if (left-- > 0) tell({ t: 'log', level, text: all.map((one) => words(one, 500)).join(' ') });
  };
}

/** Asks the page for something that the applet declared; rejects with the page's sentence. */
const call = (method: string, value?: unknown): Promise<unknown> =>
  new Promise((done, fail) => {
    waiting.set(++asked, { done, fail });
    tell({ t: 'call', id: asked, method: words(method, 50), value });
  });
const submit = (value: unknown) => tell({ t: 'submit', value });
const llmos = {
  readFile: (path: string) => call('readFile', { path }),
  listFiles: () => call('listFiles', {}),
  runPython: (code: string, files: string[] = []) => call('runPython', { code, files }),
  askDevice: (device: string, command: unknown) => call('askDevice', { device, command }),
  submit,
};
const modules: Record<string, unknown> = {
  react: React,
  'react/jsx-runtime': jsxRuntime,
  'react-dom': ReactDOM,
  'react-dom/client': { createRoot },
  llmos,
};

class Boundary extends React.Component<{ children: React.ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override componentDidCatch(error: unknown) {
    fail('render', error);
  }
  override render() {
    return 'error' in this.state ? React.createElement('div', { role: 'alert' }) : this.props.children;
  }
}

/** So long a frame of the browser is waited for: in a tab that nobody looks at, none comes. */
const frameMs = 1000;

/** Painted is said after React's commit and a frame of the browser, not when render() returns. */
function Committed({ mine, from, children }: { mine: number; from: number; children: React.ReactNode }) {
  React.useLayoutEffect(() => {
    const told = () => {
      cancelAnimationFrame(frame);
      clearTimeout(late);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        if (mine !== turn) return;
        painted = true;
        tell({
          t: 'painted',
          turn,
          ms: Math.round(performance.now() - from),
          height: document.documentElement.scrollHeight,
        });
      };
      port2.postMessage(0);
    };
    const frame = requestAnimationFrame(told);
    const late = setTimeout(told, frameMs);
  }, [mine, from]);
  return children;
}

const style = document.createElement('style');
document.head.append(style);

function look(dark: boolean): void {
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
}

function run(message: Extract<ToApplet, { t: 'run' }>): void {
  const from = performance.now();
  turn = message.turn;
  painted = false;
  reported = 0;
  waiting.clear();
  look(message.dark);
  style.textContent = message.css;
  const name = `__applet${turn}`;
  // on one line with the code, so that lines keep their numbers
  const text = `self.${name}=function(require,module,exports){${message.code}\n};\n//# sourceURL=applet-${turn}.tsx`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const script = document.createElement('script');
  script.src = address;
  script.onload = () => {
    URL.revokeObjectURL(address);
    script.remove();
    const body = (self as any)[name];
    delete (self as any)[name];
    if (!body) return; // a fault in its form: the listener for errors told
    try {
      show(body, from);
    } catch (error) {
      fail('module', error);
    }
  };
  document.head.append(script);
}

function show(body: (require: (id: string) => unknown, module: object, exports: object) => void, from: number): void {
  const module: { exports: { default?: React.ComponentType<{ onSubmit: (value: unknown) => void }> } } = {
    exports: {},
  };
  const require = (id: string) => {
    if (Object.hasOwn(modules, id)) return modules[id];
    throw new Error(
      `There is no module "${words(id, 100)}" for applets; there are ${Object.keys(modules).join(', ')}.`,
    );
  };
  body(require, module, module.exports);
  const Applet = module.exports.default;
  const isComponent = typeof Applet === 'function' || (typeof Applet === 'object' && Applet !== null);
  if (!isComponent) throw new Error('The applet has no default export that is a component.');
  root?.unmount();
  root = createRoot(document.getElementById('root')!, {
    onUncaughtError: (error) => fail('render', error),
    onCaughtError: () => {},
  });
  const applet = React.createElement(Applet, { onSubmit: submit });
  root.render(
    React.createElement(Committed, {
      mine: turn,
      from,
      children: React.createElement(Boundary, { key: turn, children: applet }),
    }),
  );
}

let height = 0;
new ResizeObserver(() => {
  const now = document.documentElement.scrollHeight;
  if (painted && Math.abs(now - height) > 1) tell({ t: 'size', height: (height = now) });
}).observe(document.documentElement);

addEventListener('message', function begin(event: MessageEvent) {
  if (event.source !== parent || event.data?.t !== 'init' || port) return;
  removeEventListener('message', begin);
  port = event.ports[0]!;
  port.onmessage = ({ data }: MessageEvent<ToApplet>) => {
    if (data.t === 'run') run(data);
    else if (data.t === 'look') look(data.dark);
    else if (data.t === 'ping') tell({ t: 'pong', id: data.id });
    else {
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error !== undefined) call?.fail(new Error(data.error));
      else call?.done(data.value);
    }
  };
  tell({ t: 'ready' });
});

if (parent !== self) parent.postMessage({ t: 'hello', kind: 'applet' }, '*');
