// What the bench page holds when it holds a board: bytes in, bytes out, signals. A Web Serial port and a virtual board in this tab
// both are one, and nothing above this line may ask which (`kind` is for words and pictures only).

export type LostReason =
  /** Pulled out, or its browser took it away. */
  | 'unplugged'
  /** We closed it ourselves. */
  | 'closed'
  /** The frame or the worker of a virtual board died; `open` starts it again. */
  | 'crashed';

export type Lost = {
  reason: LostReason;
  /** For people: one sentence. */ words: string;
};

export type BoardSignals = { dtr?: boolean; rts?: boolean };

export type BoardPort = {
  readonly kind: 'serial' | 'virtual';
  /** For people: 'Virtual board', or what the USB ids say. */
  readonly label: string;
  /** What USB says it is, where that is known: the native USB of Espressif (0x303a, 0x1001) enters its loader by another sequence of signals. */
  readonly usb?: { vendor: number; product: number };
  /** Null: Ctrl-C stops a program that loops. Else the sentence that says why it does not here, and what does. */
  readonly noInterrupt: string | null;

  /** Resolves when bytes flow. Opening what is open is an error. */
  open(options: { baud: number }): Promise<void>;
  /**
   * Resolves when the board (or the driver of the port) took all of them, in the order of the calls: a caller that waits has flow
   * control. Rejects when the board was lost meanwhile.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** What the board says, in order, in pieces of any size. A piece belongs to the listener. Returns the way to stop listening. */
  onBytes(listener: (bytes: Uint8Array) => void): () => void;
  /** At most once for each `open`. A change of the baud rate or a reset is not a loss. */
  onLost(listener: (lost: Lost) => void): () => void;
  /** Keeps the port: nobody sees it as unplugged. A virtual board takes any rate and is as fast at all of them. */
  setBaud(baud: number): Promise<void>;
  /** As on the usual adapter: RTS alone holds the chip in reset, letting it go starts it. What is not named stays as it is. */
  setSignals(signals: BoardSignals): Promise<void>;
  /**
   * `soft`: Ctrl-C twice, leave the raw REPL, Ctrl-D: the interpreter starts anew if it listens. `hard`: the EN pin, which always works.
   * Resolves when the reset was asked for, not when the board is ready: that shows in what it says.
   */
  reset(kind: 'soft' | 'hard'): Promise<void>;
  /** Safe to call at any time. */
  close(): Promise<void>;
};
