// The boards of all volumes that this person may read: read as a whole now and then, and kept true by the news of each board.
import type { Device } from '#shared/api/devices.ts';
import type { DeviceState } from '#shared/devices.ts';
import { isProblem, type Problem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';

export class BoardList {
  all = $state.raw<readonly Device[]>([]);
  state = $state.raw<'loading' | 'ready' | Problem>('loading');
  /** The server's clock minus ours, when the list was read. */
  skew = $state(0);
  readonly #api: Api;
  #turn = 0;

  constructor(api: Api) {
    this.#api = api;
  }
  find(id: string | null): Device | null {
    return this.all.find((one) => one.id === id) ?? null;
  }
  get inUse(): number {
    return this.all.filter(({ state }) => state.lease && state.connection !== 'offline').length;
  }

  async read(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const { devices } = await this.#api('GET /devices');
      if (turn !== this.#turn) return;
      this.all = devices;
      if (devices[0]) this.skew = devices[0].state.now - Date.now();
      this.state = 'ready';
    } catch (error) {
      if (!isProblem(error)) throw error;
      if (turn === this.#turn && this.state !== 'ready') this.state = error;
    }
  }
  /** What a board says of itself is newer than the list, unless it was said before. */
  put(state: DeviceState): void {
    const known = this.find(state.id);
    if (known && known.state.now <= state.now)
      this.all = this.all.map((one) => (one.id === state.id ? { ...one, state } : one));
  }
}
