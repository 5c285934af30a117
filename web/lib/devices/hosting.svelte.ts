// The boards that this tab holds and shares. It lives as long as the page, wherever in the workspace one goes; after a reload the boards
// come back by themselves: ports that the person once chose, virtual ones anew. One tab of a browser holds a board, others wait for it.
import { createContext } from 'svelte';
import type { DeviceState } from '#shared/devices.ts';
import { readKept, writeKept, type Storage } from '#lib/workspace/layout.svelte.ts';
import { deviceAddress } from './deviceSocket.ts';
import type { LinkState, Outside } from '#lib/workspace/lastingSocket.ts';
import type { Host, PerformJob, WorldOfBoard } from './host.ts';
import type { BoardPort, Lost } from './port.ts';
import type { SerialPortInfo, WebSerial, WebSerialPort } from './webSerial.ts';

export type Kept = { id: string; kind: 'serial' | 'virtual'; label: string; baud: number; usb: SerialPortInfo };
export type VirtualBoard = { port: BoardPort; world: WorldOfBoard };
export type HostingOutside = {
  origin: string;
  agent: string;
  storage: Storage;
  socket: Outside;
  serial: () => WebSerial | null;
  /** Only one tab may hold a board. Null where the browser cannot tell. */
  locks: LockManager | null;
  loadHost: () => Promise<typeof import('./host.ts').openHost>;
  openSerial: (port: WebSerialPort) => Promise<BoardPort>;
  openVirtual: (deviceId: string) => Promise<VirtualBoard>;
  perform: (deviceId: string) => PerformJob;
};

/** A virtual board that dies is started again, so often. */
const mostRestarts = 3;

export class HostedBoard {
  readonly kept: Kept;
  /** `waiting`: another tab holds it, or it is not plugged in. */
  phase = $state<'starting' | 'online' | 'lost' | 'waiting' | 'refused'>('starting');
  words = $state('');
  link = $state<LinkState>('connecting');
  state = $state.raw<DeviceState | null>(null);
  world: WorldOfBoard | null = null;
  host: Host | null = null;
  release = () => {};
  restarts = 0;
  gone = false;

  constructor(kept: Kept) {
    this.kept = kept;
  }
}

export class Hosting {
  all = $state.raw<readonly HostedBoard[]>([]);
  readonly #outside: HostingOutside;
  readonly #key: string;
  #stopSerial = () => {};

  constructor(login: string, outside: HostingOutside) {
    this.#outside = outside;
    this.#key = `llmos.boards.${login}`;
  }

  find(id: string): HostedBoard | null {
    return this.all.find((one) => one.kept.id === id) ?? null;
  }
  /** Somebody would lose a board if this page closed. */
  get holds(): boolean {
    return this.all.some((one) => one.phase === 'online');
  }

  /** Shares a port that the person just chose. */
  shareSerial(board: { id: string; label: string; baud: number; port: WebSerialPort }): Promise<HostedBoard> {
    const { port, ...rest } = board;
    return this.#start({ ...rest, kind: 'serial', usb: port.getInfo() }, port);
  }
  shareVirtual(board: { id: string; label: string }): Promise<HostedBoard> {
    return this.#start({ ...board, kind: 'virtual', baud: 115_200, usb: {} });
  }

  /** After a reload: what was shared from here before. */
  async resume(): Promise<void> {
    const kept = readKept<Kept[]>(this.#outside.storage, this.#key) ?? [];
    for (const one of kept) if (!this.find(one.id)) void this.#start(one).catch(() => {}); // its card says why
  }
  /** No longer shared from here. */
  async leave(id: string): Promise<void> {
    const board = this.find(id);
    if (!board) return;
    this.#forget(board);
    await board.host?.leave();
    board.release();
  }
  /** Signing out: everything is let go, and not remembered by a page that is nobody's. */
  async stop(): Promise<void> {
    this.#stopSerial();
    await Promise.all(this.all.map((one) => one.host?.leave()));
    this.all = [];
  }

  async #start(kept: Kept, chosen?: WebSerialPort): Promise<HostedBoard> {
    await this.leave(kept.id);
    const board = new HostedBoard(kept);
    this.all = [...this.all, board];
    this.#keep();
    if (kept.kind === 'serial') this.#watchSerial();
    try {
      await this.#lock(board);
      if (board.gone) return board;
      await this.#open(board, chosen);
    } catch (error) {
      board.phase = 'lost';
      board.words = error instanceof Error ? error.message : String(error);
      if (chosen) this.#forget(board); // never shared: nothing to come back to
      throw error;
    }
    return board;
  }

  #lock(board: HostedBoard): Promise<void> {
    const { locks } = this.#outside;
    if (!locks) return Promise.resolve();
    board.phase = 'waiting';
    board.words = 'Another tab of this browser holds it.';
    const name = `llmos.board.${board.kept.id}`;
    return new Promise((held, fail) => {
      const given = new AbortController();
      board.release = () => given.abort();
      locks
        .request(name, { signal: given.signal }, () => {
          held();
          return new Promise<void>((free) => (board.release = free));
        })
        .catch((error: unknown) => (given.signal.aborted ? held() : fail(error)));
    });
  }

  async #open(board: HostedBoard, chosen?: WebSerialPort): Promise<void> {
    const { kept } = board;
    board.phase = 'starting';
    board.words = '';
    const handle = kept.kind === 'serial' ? (chosen ?? (await this.#findPort(kept.usb))) : null;
    if (kept.kind === 'serial' && !handle) {
      board.phase = 'waiting';
      board.words = 'Not plugged in. It is shared again when it is.';
      return;
    }
    const virtual = handle ? null : await this.#outside.openVirtual(kept.id);
    const port = virtual?.port ?? (await this.#outside.openSerial(handle!));
    // a board may greet while it is opened; who hosts it hears that too
    const early: Uint8Array[] = [];
    const stopListening = port.onBytes((bytes) => early.push(bytes));
    await port.open({ baud: kept.baud });
    if (board.gone) return port.close();
    board.world = virtual?.world ?? null;
    board.phase = 'online';
    if (board.host && !virtual) {
      stopListening();
      return board.host.attach(port, early);
    }
    const openHost = await this.#outside.loadHost();
    stopListening();
    board.host = openHost({
      early,
      address: deviceAddress(this.#outside.origin, kept.id, { host: true }),
      port,
      baud: kept.baud,
      world: virtual?.world,
      agent: this.#outside.agent,
      perform: this.#outside.perform(kept.id),
      outside: this.#outside.socket,
      news: {
        state: (state) => (board.state = state),
        link: (link) => (board.link = link),
        lost: (lost) => this.#lost(board, port, lost),
        baud: (baud) => this.#changed(board, baud),
        refused: (reason) => {
          board.phase = 'refused';
          board.words = reason;
          void board.host?.leave();
          this.#forget(board);
          board.release();
        },
      },
    });
  }

  #lost(board: HostedBoard, port: BoardPort, lost: Lost): void {
    board.phase = 'lost';
    board.words = lost.words;
    if (board.kept.kind !== 'virtual' || board.restarts++ >= mostRestarts) return;
    void port.open({ baud: board.kept.baud }).then(
      () => {
        board.host?.attach(port);
        board.phase = 'online';
      },
      (error: unknown) => (board.words = error instanceof Error ? error.message : String(error)),
    );
  }
  #watchSerial(): void {
    const serial = this.#outside.serial();
    if (!serial) return;
    this.#stopSerial();
    const back = () => {
      for (const board of this.all)
        if (board.kept.kind === 'serial' && (board.phase === 'lost' || board.phase === 'waiting') && !board.gone)
          void this.#open(board).catch((error: unknown) => {
            board.phase = 'lost';
            board.words = error instanceof Error ? error.message : String(error);
          });
    };
    serial.addEventListener('connect', back);
    this.#stopSerial = () => serial.removeEventListener('connect', back);
  }
  async #findPort(usb: SerialPortInfo): Promise<WebSerialPort | null> {
    const ports = (await this.#outside.serial()?.getPorts()) ?? [];
    return (
      ports.find((port) => {
        const { usbVendorId, usbProductId } = port.getInfo();
        // what is open already is another board of the same make
        return usbVendorId === usb.usbVendorId && usbProductId === usb.usbProductId && !port.readable;
      }) ?? null
    );
  }

  #changed(board: HostedBoard, baud: number): void {
    board.kept.baud = baud;
    this.#keep();
  }
  #forget(board: HostedBoard): void {
    board.gone = true;
    this.all = this.all.filter((one) => one !== board);
    this.#keep();
  }
  #keep(): void {
    writeKept(
      this.#outside.storage,
      this.#key,
      this.all.map(({ kept }) => kept),
    );
  }
}

export const [getHosting, setHosting] = createContext<() => Hosting>();
