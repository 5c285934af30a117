// The boards of all volumes that this person may read. Read again when something changed, and every few seconds while it is looked at:
// leases run out by themselves.
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
  /** What the socket of an open board says is newer than the list. */
  put(state: DeviceState): void {
    if (this.find(state.id)) this.all = this.all.map((one) => (one.id === state.id ? { ...one, state } : one));
  }
}
