// How many runs wait for a person, for the rail: of all volumes that I may see.
import { isProblem } from '#shared/errors.ts';
import type { ToBrowser } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';

export class WaitingRuns {
  count = $state(0);
  readonly #api: Api;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** News of many runs at once is read once. */
  hear(message: ToBrowser): void {
    const concerns =
      message.type === 'runs' ||
      message.type === 'hello' ||
      (message.type === 'notification' && message.notification.kind.startsWith('run.'));
    if (!concerns || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.read();
    }, 300);
  }

  async read(): Promise<void> {
    try {
      const { runs } = await this.#api('GET /runs', { query: { status: 'waiting', limit: 100 } });
      this.count = runs.reduce((sum, run) => sum + run.waiting, 0);
    } catch (error) {
      if (!isProblem(error)) throw error; // the number stays as it was; the next news reads again
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
