// What concerns me, newest first, as the bell shows it.
import type { Notification } from '#shared/api.ts';
import { isProblem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';

/** How many the bell shows; the server keeps more. */
const most = 100;

export class NotificationList {
  all = $state.raw<Notification[]>([]);
  unread = $state(0);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async read(): Promise<void> {
    try {
      const { notifications, unread } = await this.#api('GET /me/notifications');
      this.all = notifications;
      this.unread = unread;
    } catch (error) {
      if (!isProblem(error)) throw error; // the bell stays as it was; the next reconnect reads again
    }
  }

  add(notification: Notification): void {
    this.all = [notification, ...this.all.filter((one) => one.id !== notification.id)].slice(0, most);
    if (!notification.read) this.unread += 1;
  }

  async markRead(ids?: string[]): Promise<void> {
    const which = new Set(ids ?? this.all.map((one) => one.id));
    this.unread = ids ? Math.max(0, this.unread - this.all.filter((one) => which.has(one.id) && !one.read).length) : 0;
    this.all = this.all.map((one) => (which.has(one.id) ? { ...one, read: true } : one));
    await this.#api('POST /me/notifications/read', { body: ids ? { ids } : {} });
  }
}
