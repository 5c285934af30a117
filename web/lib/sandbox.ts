// Frames with an opaque origin for code of anybody. All of a tab share one process: an endless loop in one stops the others too, and
// taking only that one away does not end it. So each is asked for a sign of life, and when one falls silent all are taken away
// together; whoever owns one makes it anew.

type Silent = () => void;
type Watched = { frame: HTMLIFrameElement; ping: (id: number) => void; lost: Silent; askedAt: number | null };

export type Frame = {
  port: MessagePort;
  element: HTMLIFrameElement;
  /** The frame answered a ping. */
  alive: () => void;
  remove: () => void;
};

/** How often a frame is asked, and after how much silence all are taken away. */
const every = 1000;
const patience = 5000;
const helloTime = 15_000;

const watched = new Set<Watched>();
let timer: ReturnType<typeof setInterval> | undefined;
let lastLook = 0;
let pings = 0;

/**
 * Opens a frame in `into` and hands it a channel with `first` (its `init`). Rejects when it does not answer. `lost`: it was taken away
 * because a frame of this tab fell silent. `stray`: it said something else than hello outside of its channel, or went elsewhere.
 */
export async function openFrame({
  page,
  kind,
  title,
  into,
  shared = false,
  first = {},
  lost,
}: {
  page: '/sandbox/py.html' | '/sandbox/applet.html' | '/sandbox/board.html';
  kind: 'python' | 'applet' | 'board';
  title: string;
  into: HTMLElement;
  /** Shared memory, where the browser gives it to this page. */ shared?: boolean;
  first?: object | Promise<object>;
  lost: (why: 'silent' | 'left') => void;
}): Promise<Frame> {
  const element = document.createElement('iframe');
  element.setAttribute('sandbox', 'allow-scripts');
  if (shared) element.allow = 'cross-origin-isolated';
  element.referrerPolicy = 'no-referrer';
  element.title = title;
  let loads = 0;
  element.addEventListener('load', () => {
    // another one means that the frame went elsewhere
    if (++loads < 2) return;
    remove();
    lost('left');
  });
  const remove = () => {
    watched.delete(mine);
    channel.port1.close();
    element.remove();
    if (watched.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const channel = new MessageChannel();
  const mine: Watched = {
    frame: element,
    ping: (id) => channel.port1.postMessage({ t: 'ping', id }),
    lost: () => {
      remove();
      lost('silent');
    },
    askedAt: null,
  };
  await hello({ element, kind, into, page });
  if (element.contentDocument !== null) {
    remove();
    throw new Error('The frame is not apart from the page: it was not used.');
  }
  const prepared = await first;
  if (!element.isConnected) throw new Error('The frame was taken away while it started.');
  element.contentWindow!.postMessage({ ...prepared, t: 'init' }, '*', [channel.port2]);
  watched.add(mine);
  lastLook = performance.now();
  timer ??= setInterval(look, every);
  return { port: channel.port1, element, alive: () => (mine.askedAt = null), remove };
}

let place: HTMLElement | undefined;

/** For frames that nobody looks at. */
export function hiddenPlace(): HTMLElement {
  if (!place) {
    place = document.createElement('div');
    place.hidden = true;
    document.body.append(place);
  }
  return place;
}

function hello({
  element,
  kind,
  into,
  page,
}: {
  element: HTMLIFrameElement;
  kind: string;
  into: HTMLElement;
  page: string;
}): Promise<void> {
  return new Promise((done, fail) => {
    const end = (error?: Error) => {
      clearTimeout(late);
      window.removeEventListener('message', hear);
      if (!error) return done();
      element.remove();
      fail(error);
    };
    const hear = (event: MessageEvent) => {
      if (event.source !== element.contentWindow) return;
      if (event.data?.t === 'hello' && event.data.kind === kind && event.origin === 'null') end();
    };
    const late = setTimeout(() => end(new Error('The frame did not start.')), helloTime);
    window.addEventListener('message', hear);
    element.src = page;
    into.append(element);
  });
}

function look(): void {
  const now = performance.now();
  // this tab slept, or was busy itself: whoever did not answer meanwhile could not
  const slept = now - lastLook > every * 3;
  lastLook = now;
  for (const one of [...watched]) {
    if (slept) one.askedAt = null;
    if (one.askedAt !== null && now - one.askedAt > patience) return removeAll();
    if (one.askedAt === null) {
      one.askedAt = now;
      one.ping(++pings);
    }
  }
}

/** Takes every frame of this tab away; their owners are told. */
export function removeAll(): void {
  const all = [...watched];
  // all of them first: their process ends only when none is left
  for (const { frame } of all) frame.remove();
  for (const one of all) one.lost();
}

/** Counts messages: `flood` is more than `most` in a second, `much` more than `usual`. */
export function createMeter(
  { usual, most }: { usual: number; most: number },
  now: () => number = () => performance.now(),
) {
  let from = -Infinity;
  let seen = 0;
  return (): 'fine' | 'much' | 'flood' => {
    if (now() - from >= 1000) [from, seen] = [now(), 0];
    seen += 1;
    return seen > most ? 'flood' : seen > usual ? 'much' : 'fine';
  };
}
