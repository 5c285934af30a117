// Boards as an applet may ask them: one line of JSON, one answer, as the person who looks at it and under that person's turn. A board that
// nobody drives is taken for as long as the applet is shown; one that somebody drives is not waited for.
import type { Device } from '#shared/api/devices.ts';
import { isProblem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import { browserOutside, type Outside } from '#lib/workspace/lastingSocket.ts';
import { driverName } from './boardWords.ts';
import { DeviceView } from './deviceView.svelte.ts';

/** Milliseconds: for the board's page to be there, for a free board to be ours, and for its answer. */
const times = { open: 8000, turn: 3000, answer: 5000 };

export function appletBoards({
  api,
  volume,
  origin = location.origin,
  outside = browserOutside,
}: {
  api: Api;
  volume: string;
  origin?: string;
  outside?: Outside;
}) {
  /** Board id -> its view, and what was asked last: one question at a time. */
  const opened = new Map<string, { view: DeviceView; last: Promise<unknown>; taken: boolean }>();

  async function find(name: string): Promise<Device> {
    const { devices } = await api('GET /devices', { query: { volume } });
    const stem = (path: string) => path.replace(/^.*\/|\.md$/g, '');
    const found = devices.find(({ path }) => stem(path) === name) ?? devices.find(({ file }) => file.label === name);
    if (!found) throw new Error(`There is no board “${name}” in ${volume}.`);
    return found;
  }
  function open(id: string) {
    const before = opened.get(id);
    if (before) return before;
    const view = new DeviceView({ id, origin, outside });
    const one = { view, last: Promise.resolve() as Promise<unknown>, taken: false };
    opened.set(id, one);
    view.open();
    return one;
  }
  async function takeTurn(one: { view: DeviceView; taken: boolean }, name: string): Promise<void> {
    const { view } = one;
    await until(() => view.refusal !== null || (view.link === 'open' && view.state !== null), times.open);
    const { state, refusal } = view;
    if (!state || view.link !== 'open') throw new Error(refusal?.reason || `${name} cannot be reached just now.`);
    if (state.connection !== 'online') throw new Error(`${name} is not connected${state.why ? `: ${state.why}` : ''}.`);
    if (state.stop) throw new Error(`${state.stop.by.name} stopped ${name}.`);
    if (view.mine) return;
    if (state.lease || state.queue.length > 0)
      throw new Error(`${state.lease ? driverName(state.lease.holder) : 'Somebody'} drives ${name}. Ask for a turn on the bench.`); // prettier-ignore
    view.say({ type: 'ask' });
    await until(() => view.mine, times.turn);
    if (!view.mine) throw new Error(`${name} was not free. Ask for a turn on the bench.`);
    one.taken = true;
  }
  async function question(one: { view: DeviceView; taken: boolean }, name: string, command: Record<string, unknown>) {
    await takeTurn(one, name);
    const result = await one.view.perform({ kind: 'json', command, timeoutMs: times.answer });
    if (!result.ok) throw new Error(result.text);
    return result.json ?? null;
  }

  return {
    /** Rejects with a sentence for who wrote the applet, or who looks at it. */
    async ask({ device: name, command }: { device: string; command: unknown }): Promise<unknown> {
      if (typeof command !== 'object' || command === null || Array.isArray(command))
        throw new Error('A command is an object, e.g. { action: "get_info" }.');
      const device = await find(name).catch((error: unknown) => {
        throw isProblem(error) ? new Error(error.message) : error;
      });
      const one = open(device.id);
      const mine = one.last.then(() => question(one, device.file.label, command as Record<string, unknown>));
      one.last = mine.catch(() => undefined);
      return mine;
    },
    /** The applet is gone: what was taken for it is given back, and the board comes to rest. */
    close(): void {
      for (const { view, taken } of opened.values()) {
        if (taken && view.mine) view.drive({ type: 'release' });
        view.close();
      }
      opened.clear();
    },
  };
}

async function until(holds: () => boolean, ms: number): Promise<void> {
  for (const end = Date.now() + ms; !holds() && Date.now() < end;) await new Promise((done) => setTimeout(done, 25));
}
